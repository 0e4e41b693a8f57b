//! What readers' pages and answers are made of.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::html::pages::ReceiptView;
use crate::subscribers::{Newsletter, Receipt};

/// The newsletters' names.
pub(super) fn titles(newsletters: &[Newsletter]) -> Vec<String> {
    newsletters.iter().map(|newsletter| newsletter.title.clone()).collect()
}

/// What a reader may quote to us, dated in the zone of the newsletter it is about.
pub(super) fn receipt(newsletter: Option<&Newsletter>, receipt: &Receipt) -> ReceiptView {
    ReceiptView {
        moment: newsletter.map(|newsletter| newsletter.moment(receipt.at)).unwrap_or_default(),
        reference: receipt.reference.to_string(),
    }
}

/// A line for a mail program.
pub(super) fn line(text: String) -> Response {
    let headers = [(header::REFERRER_POLICY, "no-referrer"), (header::CACHE_CONTROL, "no-store")];
    (headers, text).into_response()
}
