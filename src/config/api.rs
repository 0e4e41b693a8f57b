//! `[api]`: who may hand in articles by `POST /api/articles`.

use super::read::section;
use super::secret::Secret;

section! {
    /// `[api]`. Without a token the API answers 401 to everybody.
    pub struct Api {
        /// Bearer tokens, each for one site.
        pub tokens: Vec<Secret>,
    }
}
