//! `[[dkim]]`: the keys our mail is signed with.

use toml::Spanned;

use super::read::section;
use super::secret::Secret;

section! {
    /// `[[dkim]]`: a key; several of one domain sign each message together.
    pub struct Dkim {
        /// The domain that signs: the one of `newsletter.from`, or one above it.
        pub domain: Spanned<String>,
        /// The name of its record, which stands at SELECTOR._domainkey.DOMAIN.
        pub selector: Spanned<String>,
        /// The private key in PEM.
        pub key: Secret,
        /// Signs no new messages, only those that it has signed before and that are sent again.
        pub retired: bool = false,
    }
}
