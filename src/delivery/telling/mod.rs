//! What people are told of deliveries: balances, alerts by mail and other ways, a report to the editors after each edition.

pub mod alert_calls;
mod balance;
pub mod bulletin;
pub mod editors;
mod notice;
pub mod report;
pub(super) mod sql;
pub mod watch;

pub use balance::{Balance, Depth, balance, balances, depths};
