//! DKIM signatures (RFC 6376) by RSA (RFC 8301: SHA-256, 2048 bits) and Ed25519 (RFC 8463), and their verification.
//!
//! Header fields are signed `relaxed`, because relays fold and respace them; the body `simple`, because ours is ASCII with CRLF
//! line ends that no relay has reason to touch, and because its hash is then one SHA-256 over the final bytes (perf.md §5: the
//! relaxed canonicalisers of two libraries cost ten times as much as our whole message).

mod canonical;
mod key;
mod record;
mod sign;
mod verify;

pub use key::{Algorithm, KeyError, SigningKey};
pub use record::{PublicKey, RecordError};
pub use sign::{Name, NameError, SignError, Signer, sign};
pub use verify::{Verdict, VerifyError, signatures};
