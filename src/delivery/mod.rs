//! Deliveries: the queue, the SMTP conversation and what becomes of each message.
//!
//! A row is claimed ([`Pump`]), its message built from its variant, put in doubt in the same statement that looks
//! whether anybody has said no, sent, and settled by the relay's reply. `marks` writes all states, many to a commit.

pub mod alert_calls;
mod balance;
pub mod bounces;
mod bounds;
pub mod bulletin;
pub mod confirmation;
mod consequences;
mod conversation;
pub mod explain;
mod failpoint;
mod fan_out;
pub mod groups;
mod kept;
mod lane;
mod lock;
mod look_around;
mod maildir;
mod marks;
mod message;
mod notice;
pub mod operate;
mod policy;
mod pump;
mod queue;
mod relay;
pub mod replies;
pub mod report;
mod resend;
mod retention;
pub mod retry;
pub mod return_path;
mod row;
mod signing;
pub mod smtp;
mod sql;
mod store;
mod trial;
mod unfinished;
mod verdict;
pub mod watch;
mod worker;

pub use balance::{Balance, Depth, balance, balances, depths};
pub use consequences::{BreakerCause, RestCause};
pub use fan_out::fan_out;
pub use lock::PumpLock;
pub use maildir::Maildir;
pub use policy::Policy;
pub use pump::{Pump, Settings, Waker};
pub use relay::{Relay, Way};
pub use resend::{ResendError, resend};
pub use retention::{Folded, Folding};
pub use row::{DeliveryId, Kind, State};
pub use signing::Signing;
pub use store::{NewDelivery, enqueue, is_at_work};
pub use trial::{Departure, departure, enqueue_probe, enqueue_test, what_left};
pub use unfinished::{Unfinished, unfinished};

use crate::db::Sql;

/// The statements of this module, for the test that prepares every one.
pub fn statements() -> Vec<Sql> {
    [sql::ALL.to_vec(), bounces::statements()].concat()
}
