//! `[publisher]`: the legal notice, « l'ours », of every page and mail.

use url::Url;

use super::read::{Reader, Value, choice, section};

section! {
    /// `[publisher]`: who publishes. Which keys must be given depends on `law`.
    pub struct Publisher {
        /// The publication's name, as readers know it.
        pub name: String = String::new(),
        /// The laws the publication answers to.
        pub law: Vec<Law> = vec![Law::Togo],
        /// Legal form of the publishing company, such as SARL-U.
        pub legal_form: String = String::new(),
        /// Postal address, on one line.
        pub address: String = String::new(),
        /// Telephone number.
        pub phone: String = String::new(),
        /// Number in the register of companies (RCCM, RCS).
        pub registration: String = String::new(),
        /// Director of the publication.
        pub director: String = String::new(),
        /// Number of the receipt given by the HAAC, which Togo's press code wants shown.
        pub haac_receipt: String = String::new(),
        /// Address of the newsroom for readers.
        pub email: String = String::new(),
        /// Address for questions about personal data.
        pub privacy_contact: String = String::new(),
        /// The page with the privacy policy.
        pub privacy_url: Option<Url>,
        /// Number of the declaration to the IPDCP (Togo, loi 2019-014).
        pub ipdcp_declaration: String = String::new(),
        /// The hosting company: name, address, telephone (France, LCEN).
        pub host: String = String::new(),
    } then check
}

choice! {
    /// A country whose law says what a publication must print.
    pub enum Law {
        /// Loi 2017-007 art. 67 and the press code, loi 2020-001.
        Togo = "TG",
        /// LCEN, loi 2004-575.
        France = "FR",
    } expected "\"TG\" or \"FR\""
}

impl Law {
    /// The keys that may not be empty under this law, and their meaning.
    pub const fn required(self) -> &'static [&'static str] {
        match self {
            Law::Togo => &["legal_form", "address", "phone", "director", "haac_receipt", "privacy_contact"],
            Law::France => &["legal_form", "address", "phone", "director", "privacy_contact", "host"],
        }
    }
}

impl Publisher {
    fn given(&self, key: &str) -> bool {
        let value = match key {
            "name" => &self.name,
            "email" => &self.email,
            "legal_form" => &self.legal_form,
            "address" => &self.address,
            "phone" => &self.phone,
            "director" => &self.director,
            "haac_receipt" => &self.haac_receipt,
            "privacy_contact" => &self.privacy_contact,
            _ => &self.host,
        };
        !value.is_empty()
    }
}

fn check(publisher: &Publisher, value: &Value<'_>, reader: &mut Reader) {
    let mut missing = |key: &'static str, reason: String| {
        if !publisher.given(key) {
            let state = if value.get(key).is_some() { "is empty" } else { "is missing" };
            reader.mistakes.push(value.at_key(key), format!("`publisher.{key}` {state}: {reason}"));
        }
    };
    for key in ["name", "email"] {
        missing(key, "every page and mail shows it".to_owned());
    }
    let mut seen: Vec<&str> = Vec::new();
    for law in &publisher.law {
        for key in law.required().iter().filter(|key| !seen.contains(key)) {
            missing(key, format!("law = [\"{}\"] requires it in the legal notice", law.word()));
        }
        seen.extend(law.required());
    }
}
