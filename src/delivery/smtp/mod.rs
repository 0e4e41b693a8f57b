//! Our side of an SMTP conversation (RFC 5321) with a relay, one message to one recipient at a time.
//!
//! lettre lends its address, command, authentication and `Response` types, not its connections: those keep no timers,
//! tell no stage, and go on being used after a reply was missed (reliability.md §0).

mod connection;
mod opening;
pub mod reply;
mod session;
mod stage;
mod tls;

pub use opening::{Envelope, Server};
pub use reply::{Enhanced, Reply};
pub use session::Session;
pub use stage::{Cause, Failure, Stage, Timers};
pub use tls::TlsClient;
