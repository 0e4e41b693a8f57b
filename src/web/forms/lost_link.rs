//! `/preferences`: « Perdu vos lettres ? » The link to the preferences, for whoever has no mail of ours any more.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use crate::app::App;
use crate::delivery::reader_mail::{self, ReaderMail, Said};
use crate::html::address_pages::LostLinkView;
use crate::html::pages::Page;
use crate::mail::Address;
use crate::subscribers::{self, AddressHash};
use crate::web::client::Client;
use crate::web::forms::fields::Fields;
use crate::web::forms::take::seconds_to_wait;
use crate::web::page::page;
use crate::web::refusal::Failure;

/// No answer comes sooner: an address that is known gets a mail, and the speed must not say so.
const NO_SOONER: Duration = Duration::from_millis(100);

/// Shows the form.
pub(super) async fn show(State(app): State<App>) -> Result<Response, Failure> {
    page(&app, StatusCode::OK, &Page::LostLink(LostLinkView::default()))
}

/// Mails the link, at most once a day, if the address is a reader's; a network may ask as often as by the form. The answer is the same, and takes as long, for every
/// address that could be one.
pub(super) async fn ask(State(app): State<App>, client: Client, fields: Fields) -> Result<Response, Failure> {
    let no_sooner = Instant::now() + NO_SOONER;
    let typed = fields.first("address");
    let Ok(address) = Address::parse(typed) else {
        let form = LostLinkView { address: typed.to_owned(), mistake: true, sent: false };
        return page(&app, StatusCode::UNPROCESSABLE_ENTITY, &Page::LostLink(form));
    };
    let now = app.clock.now();
    if let Some(seconds) = seconds_to_wait(&app, client, now).await? {
        let retry_after = [(header::RETRY_AFTER, HeaderValue::from(seconds))];
        return Ok((retry_after, StatusCode::TOO_MANY_REQUESTS).into_response());
    }
    let mut tx = app.db.begin_durable().await?;
    let hash = AddressHash::of(&app.keys, &address);
    if let Some(reader) = subscribers::preferences_of_address(&mut tx, hash).await? {
        // The mail goes where letters go, however the address was spelt here.
        let mut confirmed = reader.letters.iter().filter(|letter| letter.confirmed);
        let letter = reader.letters.iter().find(|letter| letter.on).or_else(|| confirmed.next());
        if let Some(letter) = letter
            && reader.suppression.is_none()
            && subscribers::may_mail_link(&mut tx, reader.subscriber, now).await?
        {
            let mail = ReaderMail {
                key: &format!("link:{}:{}", reader.subscriber, now.millis()),
                subscription: letter.subscription,
                to: &reader.address,
                said: Said::Link,
                newsletter: &letter.newsletter.slug,
            };
            reader_mail::enqueue(&mut tx, &app.desk, &app.keys, &mail, now).await?;
        }
    }
    tx.commit().await?;
    app.waker.wake();
    tokio::time::sleep_until(no_sooner).await;
    page(&app, StatusCode::OK, &Page::LostLink(LostLinkView { sent: true, ..LostLinkView::default() }))
}
