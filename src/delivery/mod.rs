//! Deliveries: the queue, the SMTP conversation and what becomes of each message.
//!
//! A row is claimed ([`Pump`]), its message built from its variant, put in doubt in the same statement that looks
//! whether anybody has said no, sent, and settled by the relay's reply. `marks` writes all states, many to a commit.

mod automatic;
pub mod bounces;
pub mod confirmation;
pub mod explain;
mod failpoint;
mod fan_out;
pub mod groups;
mod mail_token;
mod marks;
mod message;
pub mod operate;
pub mod own_data;
mod policy;
mod pump;
pub mod reader_mail;
pub mod rectify;
mod relay;
pub mod replies;
mod retention;
pub mod retry;
pub mod return_path;
mod row;
mod signing;
pub mod smtp;
mod sql;
mod store;
pub mod telling;
mod unconfirmed;
mod welcome;

pub use fan_out::{fan_out, keep_before_change};
pub use mail_token::MailToken;
pub use operate::{
    Departure, ResendError, Unfinished, departure, enqueue_probe, enqueue_test, resend, unfinished, what_left,
};
pub use policy::Policy;
pub use pump::{BreakerCause, Pump, PumpLock, RestCause, Settings, Waker};
pub use relay::{Maildir, Relay, Way};
pub use retention::{Folded, Folding};
pub use row::{DeliveryId, Kind, State};
pub use signing::Signing;
pub use store::{NewDelivery, enqueue, is_at_work};
pub use telling::{Balance, Depth, balance, balances, depths};
pub use unconfirmed::drop_unconfirmed;
pub use welcome::welcome;

use crate::db::Sql;

/// The statements of this module, for the test that prepares every one.
pub fn statements() -> Vec<Sql> {
    [
        sql::ALL.to_vec(),
        explain::sql::ALL.to_vec(),
        operate::sql::ALL.to_vec(),
        pump::sql::ALL.to_vec(),
        telling::sql::ALL.to_vec(),
        bounces::statements(),
        own_data::statements(),
        telling::editors::ALL.to_vec(),
        unconfirmed::statements(),
        rectify::statements(),
        welcome::statements(),
    ]
    .concat()
}
