//! Waiting for what another process does: as long as it gets on, and never by the clock on the wall.

use std::time::Duration;

/// How long something may take without getting on: the sum of the naps between two looks, which a machine that is halted
/// or busy meanwhile does not use up.
const WITHOUT_PROGRESS: Duration = Duration::from_secs(90);

/// What is left of it.
pub struct Patience {
    nap: Duration,
    waited: Duration,
    seen: i64,
}

impl Patience {
    /// With so long a nap between two looks.
    pub fn with_naps_of(nap: Duration) -> Self {
        Self { nap, waited: Duration::ZERO, seen: i64::MIN }
    }

    /// Takes a nap. `count` is how far it has got: whenever that moves, the waiting begins anew. `tell` says what stands in
    /// its way.
    pub async fn nap(&mut self, count: i64, tell: impl AsyncFnOnce() -> String) {
        if count != self.seen {
            (self.seen, self.waited) = (count, Duration::ZERO);
        }
        if self.waited >= WITHOUT_PROGRESS {
            panic!("{}", tell().await);
        }
        tokio::time::sleep(self.nap).await;
        self.waited += self.nap;
    }
}
