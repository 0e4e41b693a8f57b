//! A change of address: asked for on the page of preferences, confirmed behind the link that the new mailbox got, taken
//! back behind the link that the old one got.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::clock::{DAY, Timestamp};
use crate::db::Tx;
use crate::delivery::reader_mail::{self, ReaderMail, Said};
use crate::delivery::{self, MailToken};
use crate::html::address_pages::{AddressState, AddressView};
use crate::html::pages::Page;
use crate::html::preferences_pages::PreferencesMistake;
use crate::mail::Address;
use crate::subscribers::{
    self, AddressChange, AddressLink, CONFIRM_ADDRESS_FOR, Moved, PreferencesToken, UNDO_ADDRESS_FOR,
};
use crate::web::forms::answer::{receipt, titles};
use crate::web::forms::fields::Fields;
use crate::web::forms::preferences::{as_it_stands, shown};
use crate::web::page::page;
use crate::web::refusal::Failure;

/// `/p/{token}/adresse`: asks for another address. The answer is the same whether that address is known or not.
pub(super) async fn ask(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    fields: Fields,
) -> Result<Response, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let Some(PreferencesToken { subscriber }) = PreferencesToken::read(&app.keys, &token) else {
        return page(&app, StatusCode::NOT_FOUND, &Page::LinkUnknown { leaves: false });
    };
    let now = app.clock.now();
    let mut tx = app.db.begin_durable().await?;
    let Some(before) = subscribers::lock_preferences(&mut tx, subscriber).await? else {
        return page(&app, StatusCode::OK, &Page::Forgotten {});
    };
    let typed = fields.first("address").trim();
    let address = Address::parse(typed).ok().filter(|_| before.any_on());
    let Some(address) = address else {
        drop(tx);
        let mut view = as_it_stands(&app, &before).await?;
        view.new_address = typed.to_owned();
        view.mistake = Some(PreferencesMistake::Address);
        return shown(&app, StatusCode::UNPROCESSABLE_ENTITY, view);
    };
    let subscription = before.letters.iter().find(|letter| letter.on);
    if let (Some(id), Some(letter)) =
        (subscribers::ask_to_move(&mut tx, &before, &address, now).await?, subscription)
    {
        let mail = ReaderMail {
            key: &format!("address-asked:{id}"),
            subscription: letter.subscription,
            to: &address,
            said: Said::ConfirmAddress { days: CONFIRM_ADDRESS_FOR / DAY },
            newsletter: &letter.newsletter.slug,
        };
        let mail = reader_mail::enqueue(&mut tx, &app.desk, &app.keys, &mail, now).await?;
        subscribers::note_asked(&mut tx, id, mail.0).await?;
    }
    tx.commit().await?;
    app.waker.wake();
    let mut view = as_it_stands(&app, &before).await?;
    view.said = vec![format!(
        "Un message part à {} : ouvrez-le et confirmez dans les sept jours. D’ici là, rien ne change.",
        address.masked()
    )];
    shown(&app, StatusCode::OK, view)
}

/// `/adresse/{token}`: what the link in a mail about the change leads to. Changes nothing.
pub(super) async fn show(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let Some(MailToken { delivery }) = read(&app, token) else { return unknown(&app) };
    let mut tx = app.db.begin_read().await?;
    let (state, change) = match subscribers::look_at_move(&mut tx, delivery.0, app.clock.now()).await? {
        AddressLink::ToConfirm(change) => (AddressState::Confirm, change),
        AddressLink::Confirmed(change) => (AddressState::Confirmed, change),
        AddressLink::ToUndo(change) => (AddressState::Undo, change),
        AddressLink::Undone(change) => (AddressState::Undone, change),
        AddressLink::Gone => return page(&app, StatusCode::GONE, &Page::LinkGone {}),
        AddressLink::Unknown => return unknown(&app),
    };
    said(&app, StatusCode::OK, state, &change)
}

/// Confirms, or takes back. It is kept before the answer, and doing it again changes nothing.
pub(super) async fn act(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let Some(MailToken { delivery }) = read(&app, token) else { return unknown(&app) };
    let now = app.clock.now();
    let mut tx = app.db.begin_durable().await?;
    match subscribers::look_at_move(&mut tx, delivery.0, now).await? {
        AddressLink::ToConfirm(change) => confirm(&app, tx, &change, now).await,
        AddressLink::ToUndo(change) => undo(&app, tx, &change, now).await,
        AddressLink::Confirmed(change) => said(&app, StatusCode::OK, AddressState::Confirmed, &change),
        AddressLink::Undone(change) => said(&app, StatusCode::OK, AddressState::Undone, &change),
        AddressLink::Gone => page(&app, StatusCode::GONE, &Page::LinkGone {}),
        AddressLink::Unknown => unknown(&app),
    }
}

async fn confirm(app: &App, mut tx: Tx, change: &AddressChange, now: Timestamp) -> Result<Response, Failure> {
    match subscribers::confirm_move(&mut tx, &app.keys, change, now).await? {
        Moved::Done { letters, subscription, receipt: kept } => {
            let mail = ReaderMail {
                key: &format!("address-told:{}", change.id),
                subscription,
                to: &change.old_address()?,
                said: Said::AddressChanged { masked: change.new_masked(), days: UNDO_ADDRESS_FOR / DAY },
                newsletter: letters.first().map(|letter| letter.slug.as_str()).unwrap_or_default(),
            };
            let mail = reader_mail::enqueue(&mut tx, &app.desk, &app.keys, &mail, now).await?;
            subscribers::note_told(&mut tx, change.id, mail.0).await?;
            tx.commit().await?;
            app.waker.wake();
            tracing::info!(reference = %kept.reference, "a reader changed the address");
            let view = AddressView {
                titles: titles(&letters),
                receipt: Some(receipt(letters.first(), &kept)),
                ..view(AddressState::Confirmed, change)
            };
            page(app, StatusCode::OK, &Page::Address(Box::new(view)))
        }
        Moved::Taken => said(app, StatusCode::CONFLICT, AddressState::Taken, change),
        Moved::Nothing => page(app, StatusCode::GONE, &Page::LinkGone {}),
    }
}

async fn undo(app: &App, mut tx: Tx, change: &AddressChange, now: Timestamp) -> Result<Response, Failure> {
    match subscribers::undo_move(&mut tx, &app.keys, change, now).await? {
        Moved::Done { letters, receipt: kept, .. } => {
            tx.commit().await?;
            tracing::info!(reference = %kept.reference, "a reader took a change of address back");
            let view = AddressView {
                titles: titles(&letters),
                receipt: Some(receipt(letters.first(), &kept)),
                ..view(AddressState::Undone, change)
            };
            page(app, StatusCode::OK, &Page::Address(Box::new(view)))
        }
        Moved::Taken | Moved::Nothing => page(app, StatusCode::GONE, &Page::LinkGone {}),
    }
}

fn view(state: AddressState, change: &AddressChange) -> AddressView {
    AddressView {
        state,
        old: change.old_masked(),
        new: change.new_masked(),
        titles: Vec::new(),
        receipt: None,
    }
}

fn said(
    app: &App,
    status: StatusCode,
    state: AddressState,
    change: &AddressChange,
) -> Result<Response, Failure> {
    page(app, status, &Page::Address(Box::new(view(state, change))))
}

fn read(app: &App, token: Result<Path<String>, PathRejection>) -> Option<MailToken> {
    delivery::MailToken::read(&app.keys, &token.ok()?.0)
}

fn unknown(app: &App) -> Result<Response, Failure> {
    page(app, StatusCode::NOT_FOUND, &Page::LinkUnknown { leaves: false })
}
