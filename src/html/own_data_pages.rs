//! What the pages of a reader's own data show: asking for the mail, the page behind its link, what is kept, what was done.

use serde::Serialize;

use crate::html::pages::{Page, ReceiptView};

/// A page about a reader's own data. Each has its template, `pages/own_data….html`.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum OwnDataPage {
    /// `/p/…/donnees`: two buttons. It posts `choice`, `export` or `erase`.
    Ask {
        /// The address, masked.
        masked: String,
        /// The page of preferences.
        preferences_url: String,
    },
    /// The mail is under way.
    Mailed {
        /// Where to, masked.
        masked: String,
        /// It erases.
        erases: bool,
        /// It left before: no other one was sent.
        before: bool,
    },
    /// Behind the mailed link: one button. It posts `choice`, `export`, `erase` or `keep`.
    Link {
        /// The address, masked.
        masked: String,
        /// `export`, `erase` or `keep`.
        choice: &'static str,
        /// What the button says, as it is kept; for `keep`.
        wording: String,
    },
    /// Everything that is kept, to read. Another button posts `choice=file`.
    Shown(Box<OwnDataView>),
    /// Nothing is kept any more.
    Erased {
        /// What was recorded.
        receipt: ReceiptView,
    },
    /// He goes on.
    Kept {
        /// The titles of the letters.
        titles: Vec<String>,
        /// What was recorded.
        receipt: ReceiptView,
    },
}

impl OwnDataPage {
    /// Name of the page's template.
    #[must_use]
    pub fn template(&self) -> &'static str {
        match self {
            Self::Ask { .. } => "pages/own_data.html",
            Self::Mailed { .. } => "pages/own_data_mailed.html",
            Self::Link { .. } => "pages/own_data_link.html",
            Self::Shown(_) => "pages/own_data_shown.html",
            Self::Erased { .. } => "pages/own_data_erased.html",
            Self::Kept { .. } => "pages/own_data_kept.html",
        }
    }
}

/// What is kept of a reader, in words.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OwnDataView {
    /// The address.
    pub address: String,
    /// The first name; empty without one.
    pub name: String,
    /// Since when.
    pub since: String,
    /// The inscriptions.
    pub letters: Vec<OwnLetterView>,
    /// What was said, the latest first.
    pub consents: Vec<OwnConsentView>,
    /// The messages, the latest first, as many as fit on a page.
    pub messages: Vec<OwnMessageView>,
    /// How many there are in all.
    pub message_count: i64,
    /// How many consents there are in all.
    pub consent_count: i64,
    /// Why nothing is sent; empty when all is well.
    pub suppressed: String,
}

/// An inscription in words.
#[derive(Debug, Clone, Serialize)]
pub struct OwnLetterView {
    /// The letter.
    pub title: String,
    /// « inscrit depuis le … ».
    pub state: String,
    /// « Toutes les rubriques », or their names.
    pub rubrics: String,
    /// Whether it comes without images.
    pub light: bool,
}

/// A proof of consent in words.
#[derive(Debug, Clone, Serialize)]
pub struct OwnConsentView {
    /// When.
    pub moment: String,
    /// The words that stood before the reader.
    pub wording: String,
    /// What may be quoted.
    pub reference: String,
    /// From which network address; empty when none is kept.
    pub network_address: String,
}

/// A message in words.
#[derive(Debug, Clone, Serialize)]
pub struct OwnMessageView {
    /// When.
    pub moment: String,
    /// Its subject.
    pub subject: String,
    /// « envoyé », « refusé » …
    pub state: &'static str,
}

/// Invented pages, each with a name of its own.
#[must_use]
pub fn samples(receipt: &ReceiptView) -> Vec<(String, Page)> {
    let masked = "a…@exemple.tg".to_owned();
    let link = |choice: &'static str, wording: &str| OwnDataPage::Link {
        masked: masked.clone(),
        choice,
        wording: wording.to_owned(),
    };
    let mailed = |erases, before| OwnDataPage::Mailed { masked: masked.clone(), erases, before };
    let titles = vec!["La Matinale".to_owned(), "Le Soir".to_owned()];
    [
        ("own-data", OwnDataPage::Ask { masked: masked.clone(), preferences_url: "/p/jeton".to_owned() }),
        ("own-data-mailed", mailed(false, false)),
        ("own-data-mailed-before", mailed(false, true)),
        ("own-data-mailed-erase", mailed(true, false)),
        ("own-data-link-export", link("export", "")),
        ("own-data-link-erase", link("erase", "")),
        ("own-data-link-keep", link("keep", "Je souhaite continuer à recevoir « La Matinale ».")),
        ("own-data-shown", OwnDataPage::Shown(Box::new(sample(40)))),
        ("own-data-shown-little", OwnDataPage::Shown(Box::new(sample(0)))),
        ("own-data-erased", OwnDataPage::Erased { receipt: receipt.clone() }),
        ("own-data-kept", OwnDataPage::Kept { titles, receipt: receipt.clone() }),
    ]
    .map(|(name, page)| (name.to_owned(), Page::OwnData(page)))
    .into()
}

fn sample(many: usize) -> OwnDataView {
    let moment = "samedi 1er août 2026 à 7\u{a0}h (UTC)".to_owned();
    let letter = OwnLetterView {
        title: "La Matinale".to_owned(),
        state: "Reçue depuis le 3 mars 2024".to_owned(),
        rubrics: "Politique, Économie".to_owned(),
        light: true,
    };
    let consent = OwnConsentView {
        moment: moment.clone(),
        wording: "Je confirme mon inscription à « La Matinale ».".to_owned(),
        reference: "C-7F3K-2QX9".to_owned(),
        network_address: "203.0.113.0/24".to_owned(),
    };
    let message = OwnMessageView {
        moment,
        subject: "Au port de Lomé, la file des camions raccourcit enfin".to_owned(),
        state: "envoyé",
    };
    OwnDataView {
        address: "afi@exemple.tg".to_owned(),
        name: if many > 0 { "Afi".to_owned() } else { String::new() },
        since: "le 3 mars 2024".to_owned(),
        letters: vec![letter; many.min(2)],
        consents: vec![consent; many.min(25)],
        messages: vec![message; many],
        message_count: if many > 0 { 312 } else { 0 },
        consent_count: if many > 0 { 31 } else { 0 },
        suppressed: if many > 0 {
            String::new()
        } else {
            "suspendus : l’adresse a refusé nos messages".to_owned()
        },
    }
}
