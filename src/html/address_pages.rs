//! What the pages about a reader's address show: its change, and asking for a lost link.

use crate::html::pages::{Page, ReceiptView};
use serde::Serialize;

/// `/adresse/{token}`. Its button posts to its own address.
#[derive(Debug, Clone, Serialize)]
pub struct AddressView {
    /// How the change stands.
    pub state: AddressState,
    /// Where letters went before, masked.
    pub old: String,
    /// Where they are to go, masked.
    pub new: String,
    /// The letters that moved, where that is known.
    pub titles: Vec<String>,
    /// What was recorded just now.
    pub receipt: Option<ReceiptView>,
}

/// How a change of address stands, seen from the mailbox whose link it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressState {
    /// The new mailbox may confirm.
    Confirm,
    /// The new mailbox has confirmed.
    Confirmed,
    /// The new mailbox has letters already, or wants none.
    Taken,
    /// The old mailbox may take it back.
    Undo,
    /// The old mailbox has taken it back.
    Undone,
}

/// `/preferences`: the form that asks for a lost link. It posts `address`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LostLinkView {
    /// What was typed, when the form comes back.
    pub address: String,
    /// Whether the form comes back because that is no address.
    pub mistake: bool,
    /// Whether it was taken; the same for known and unknown addresses.
    pub sent: bool,
}

/// Invented ones, for trying templates and for tests.
pub(super) fn samples() -> Vec<(String, Page)> {
    let receipt = || ReceiptView {
        moment: "lundi 23 novembre 2026 à 7\u{a0}h\u{a0}0\u{a0}min\u{a0}12\u{a0}s (UTC)".into(),
        reference: "T-7F3K-2QX9".into(),
    };
    let address = |state, receipt| AddressView {
        state,
        old: "a…@exemple.tg".into(),
        new: "m…@exemple.fr".into(),
        titles: vec!["La Matinale".into(), "Le Soir".into()],
        receipt,
    };
    let mut samples: Vec<(String, Page)> = [
        ("address-confirm", address(AddressState::Confirm, None)),
        ("address-confirmed", address(AddressState::Confirmed, Some(receipt()))),
        ("address-taken", address(AddressState::Taken, None)),
        ("address-undo", address(AddressState::Undo, None)),
        ("address-undone", address(AddressState::Undone, Some(receipt()))),
    ]
    .map(|(name, view)| (name.to_owned(), Page::Address(Box::new(view))))
    .into();
    let lost = LostLinkView::default();
    let mistaken = LostLinkView { address: "afi@exemple".into(), mistake: true, sent: false };
    let sent = LostLinkView { sent: true, ..lost.clone() };
    samples.extend(
        [("lost-link", lost), ("lost-link-mistake", mistaken), ("lost-link-sent", sent)]
            .map(|(name, view)| (name.to_owned(), Page::LostLink(view))),
    );
    samples
}
