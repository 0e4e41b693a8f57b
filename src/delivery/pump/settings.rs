//! How a pump goes about it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::MINUTE;
use crate::config::OnDoubt;
use crate::delivery::policy::Policy;
use crate::newsletters::declaration::Declaration;

/// How the pump goes about it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Rows claimed at a time.
    pub batch: usize,
    /// How long a claimed row is ours (ms): longer than any conversation about it.
    pub lease: i64,
    /// How long a row in doubt is left before it is sent again (ms).
    pub doubt_delay: i64,
    /// Newsletters, by slug, whose rows in doubt wait for the operator.
    pub hold_on_doubt: BTreeSet<String>,
    /// How long the end of the program waits for messages on the wire.
    pub drain: Duration,
    /// How long results wait for a database server that is away, before the pump fails.
    pub patience: Duration,
    /// What jitter depends on.
    pub seed: u64,
    /// What refusals mean, and which domains are sent to at one pace.
    pub policy: Policy,
    /// A message that takes longer than this to be taken is slow, unless all do: its group gets one place at a time.
    pub slow_after: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch: 400,
            lease: 20 * MINUTE,
            doubt_delay: 5 * MINUTE,
            hold_on_doubt: BTreeSet::new(),
            drain: Duration::from_secs(60),
            patience: Duration::from_secs(600),
            seed: 0,
            policy: Policy::default(),
            slow_after: Duration::from_secs(5),
        }
    }
}

impl Settings {
    /// The usual settings, with what the newsletters want done with rows in doubt; `seed` differs from node to node.
    pub fn of(newsletters: &[Declaration], seed: u64) -> Self {
        let holding = newsletters.iter().filter(|newsletter| newsletter.on_doubt == OnDoubt::Hold);
        let hold_on_doubt = holding.map(|newsletter| newsletter.slug.to_string()).collect();
        Self { hold_on_doubt, seed, ..Self::default() }
    }

    pub(super) fn holds_doubt(&self, newsletter: Option<&str>) -> bool {
        newsletter.is_some_and(|slug| self.hold_on_doubt.contains(slug))
    }
}
