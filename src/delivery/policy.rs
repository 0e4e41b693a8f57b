//! What an operator may say of replies and of recipient groups, read from the configuration.

use crate::config::Config;
use crate::delivery::groups::Groups;
use crate::delivery::replies::Classes;

/// What refusals mean, and which domains are sent to at one pace. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What refusals mean.
    pub classes: Classes,
    /// Which domains belong together.
    pub groups: Groups,
}

impl Default for Policy {
    /// As shipped.
    fn default() -> Self {
        Self { classes: Classes::shipped(), groups: Groups::shipped() }
    }
}

impl Policy {
    /// As the configuration extends it.
    ///
    /// # Errors
    /// When the file of reply classes cannot be read, or holds mistakes.
    pub fn load(config: &Config) -> anyhow::Result<Self> {
        let file = config.delivery.reply_classes.as_deref();
        Ok(Self { classes: Classes::load(file)?, groups: Groups::of(&config.recipient_groups) })
    }
}
