//! One reader's story: what happened to an edition or an article on its way to him, or which rule left him out (P8).
//!
//! `facts` are what the store holds, `edition` and `article` tell them in French and are pure. Never « reçu »: what a
//! relay took is « remis au relais », for nobody here knows more.

pub mod article;
pub mod edition;
mod facts;
mod near;
pub(super) mod sql;
mod words;

pub use facts::{
    Address, ArticleFacts, DeliveryFacts, EditionFacts, PastSuppression, SlotFacts, SubscriptionFacts,
    address, article_facts, edition_facts, latest_slots,
};
pub use near::{is_near, near};
pub use words::{moment, sentence, suppression};
