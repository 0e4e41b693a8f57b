//! Who publishes, as mails and pages print it.

use crate::config::Publisher;
use serde::Serialize;

/// The publisher's fields under the names that templates use. What is not given is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PublisherView {
    /// The publication's name.
    pub name: String,
    /// Legal form of the company.
    pub legal_form: String,
    /// Postal address, on one line.
    pub address: String,
    /// Telephone number.
    pub phone: String,
    /// Number in the register of companies.
    pub registration: String,
    /// Director of the publication.
    pub director: String,
    /// Number of the HAAC's receipt (Togo).
    pub haac_receipt: String,
    /// Number of the declaration to the IPDCP (Togo).
    pub ipdcp_declaration: String,
    /// The hosting company (France).
    pub host: String,
    /// Address of the newsroom for readers.
    pub email: String,
    /// Address for questions about personal data.
    pub privacy_contact: String,
    /// The page with the privacy policy.
    pub privacy_url: String,
}

impl From<&Publisher> for PublisherView {
    fn from(publisher: &Publisher) -> Self {
        let p = publisher.clone();
        PublisherView {
            name: p.name,
            legal_form: p.legal_form,
            address: p.address,
            phone: p.phone,
            registration: p.registration,
            director: p.director,
            haac_receipt: p.haac_receipt,
            ipdcp_declaration: p.ipdcp_declaration,
            host: p.host,
            email: p.email,
            privacy_contact: p.privacy_contact,
            privacy_url: p.privacy_url.map(String::from).unwrap_or_default(),
        }
    }
}
