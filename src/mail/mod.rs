//! Message bytes: encoded once per variant, personal parts spliced in.
//!
//! [`compose()`] turns a [`Draft`] into an [`Encoded`] message: headers and quoted-printable bodies with named gaps.
//! [`Encoded::splice`] fills the gaps with what is one reader's own. A message is a pure function of the two, so a
//! resend has the same bytes.

mod address;
mod compose;
pub mod dkim;
mod encoded;
mod header;
mod quoted_printable;

pub use address::{Address, AddressError, Mailbox, NameError, one_line};
pub use compose::{
    ComposeError, Draft, ListHeaders, UnsubscribeToError, compose, encoded_len, unsubscribe_to,
};
pub use encoded::{
    DecodeError, Encoded, FIRST_NAME_MARK, GREETING_BEGIN, GREETING_END, LINK_MARK, PREFERENCES_MARK,
    Personal, PersonalError, TOKEN_MARK, TOKEN_MAX, greeted, without_mark,
};
