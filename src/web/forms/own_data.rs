//! `/p/{token}/donnees` and `/donnees/{token}`: a reader's own data. The first asks for a mail, the second is the page behind
//! that mail's link: whoever was forwarded a letter sees and erases nothing.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::clock::Timestamp;
use crate::delivery::own_data::{
    self, Erased, LinkAsked, LinkPurpose, OpenLink, OwnData, ReaderLink, ask_link, hold_link, look_at_link,
    use_link,
};
use crate::french::date::date_at_clock_time;
use crate::html::own_data_pages::OwnDataPage;
use crate::html::pages::{Page, ReceiptView};
use crate::mail::Address;
use crate::subscribers::{self, PREFERENCES_PATH, PreferencesToken, Receipt, wording};
use crate::web::forms::answer::{receipt, titles};
use crate::web::forms::came::Came;
use crate::web::forms::fields::Fields;
use crate::web::forms::own_data_view;
use crate::web::page::page;
use crate::web::refusal::Failure;

/// Shows the two buttons. Changes nothing.
pub(super) async fn show(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let Some(PreferencesToken { subscriber }) = PreferencesToken::read(&app.keys, &token) else {
        return unknown(&app);
    };
    let Some(reader) = subscribers::preferences(&app.db, subscriber).await? else {
        return page(&app, StatusCode::OK, &Page::Forgotten {});
    };
    let preferences_url = format!("{}{PREFERENCES_PATH}{token}", app.config.public_url.path());
    shown(&app, OwnDataPage::Ask { masked: reader.address.masked(), preferences_url })
}

/// Mails the link that was chosen.
pub(super) async fn ask(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    fields: Fields,
) -> Result<Response, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let Some(PreferencesToken { subscriber }) = PreferencesToken::read(&app.keys, &token) else {
        return unknown(&app);
    };
    let purpose = match fields.first("choice") {
        "export" => LinkPurpose::Export,
        "erase" => LinkPurpose::Erase,
        _ => return Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response()),
    };
    let mut tx = app.db.begin_durable().await?;
    let asked = ask_link(&mut tx, &app.desk, &app.keys, subscriber, purpose, app.clock.now()).await?;
    tx.commit().await?;
    let erases = purpose == LinkPurpose::Erase;
    let mailed = |address: &Address, before| OwnDataPage::Mailed { masked: address.masked(), erases, before };
    match asked {
        LinkAsked::Mailed(address) => {
            app.waker.wake();
            tracing::info!(purpose = purpose.as_str(), "a reader asked for a link to own data");
            shown(&app, mailed(&address, false))
        }
        LinkAsked::TooSoon(address) => shown(&app, mailed(&address, true)),
        LinkAsked::NoReader => page(&app, StatusCode::OK, &Page::Forgotten {}),
    }
}

/// Shows the button of a mailed link, or what it did. Changes nothing.
pub(super) async fn look(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    match look_at_link(&app.db, &app.keys, &token, app.clock.now()).await? {
        ReaderLink::Open(link) => {
            let wording = match link.purpose {
                LinkPurpose::Keep => {
                    let mut tx = app.db.begin_read().await?;
                    wording::kept(&titles(&subscribers::letters_of(&mut tx, link.subscriber).await?))
                }
                LinkPurpose::Export | LinkPurpose::Erase => String::new(),
            };
            let (masked, choice) = (link.address.masked(), link.purpose.as_str());
            shown(&app, OwnDataPage::Link { masked, choice, wording })
        }
        ReaderLink::Erased(receipt) => erased(&app, &receipt),
        ReaderLink::Gone => page(&app, StatusCode::GONE, &Page::LinkGone {}),
        ReaderLink::Unknown => unknown(&app),
    }
}

/// Does what the mailed link is for.
pub(super) async fn act(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    came: Came,
    fields: Fields,
) -> Result<Response, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let now = app.clock.now();
    match fields.first("choice") {
        "export" => export(&app, &token, false, now).await,
        "file" => export(&app, &token, true, now).await,
        "erase" => match own_data::erase_by_link(&app.desk, &app.keys, &token, now).await? {
            Erased::Done(receipt) => {
                tracing::info!(reference = %receipt.reference, "a reader had everything erased");
                erased(&app, &receipt)
            }
            Erased::Gone => page(&app, StatusCode::GONE, &Page::LinkGone {}),
            Erased::Unknown => unknown(&app),
        },
        "keep" => keep(&app, &token, &came, now).await,
        _ => Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response()),
    }
}

async fn export(app: &App, token: &str, as_file: bool, now: Timestamp) -> Result<Response, Failure> {
    let mut tx = app.db.begin_durable().await?;
    let link: OpenLink = match hold_link(&mut tx, &app.keys, token, now).await? {
        ReaderLink::Open(link) if link.purpose == LinkPurpose::Export => link,
        ReaderLink::Unknown => return unknown(app),
        ReaderLink::Open(_) | ReaderLink::Erased(_) | ReaderLink::Gone => {
            return page(app, StatusCode::GONE, &Page::LinkGone {});
        }
    };
    use_link(&mut tx, link.id, None, now).await?;
    tx.commit().await?;
    let data = own_data::own_data(&app.db, &app.keys, &link.address, now).await?;
    tracing::info!(as_file, "a reader looked at own data");
    if as_file {
        return file(&data);
    }
    shown(app, OwnDataPage::Shown(Box::new(own_data_view::view(&data))))
}

fn file(data: &OwnData) -> Result<Response, Failure> {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mes-donnees.json\""),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((headers, serde_json::to_string_pretty(data)?).into_response())
}

async fn keep(app: &App, token: &str, came: &Came, now: Timestamp) -> Result<Response, Failure> {
    let mut tx = app.db.begin_durable().await?;
    let link = match hold_link(&mut tx, &app.keys, token, now).await? {
        ReaderLink::Open(link) if link.purpose == LinkPurpose::Keep => link,
        ReaderLink::Unknown => return unknown(app),
        ReaderLink::Open(_) | ReaderLink::Erased(_) | ReaderLink::Gone => {
            return page(app, StatusCode::GONE, &Page::LinkGone {});
        }
    };
    let Some((letters, said)) = subscribers::go_on(&mut tx, link.subscriber, came.by("page"), now).await?
    else {
        return page(app, StatusCode::GONE, &Page::LinkGone {});
    };
    use_link(&mut tx, link.id, None, now).await?;
    tx.commit().await?;
    tracing::info!(reference = %said.reference, "a reader goes on");
    let receipt = receipt(letters.first(), &said);
    shown(app, OwnDataPage::Kept { titles: titles(&letters), receipt })
}

/// In UTC: the letters whose zone it could be are gone.
fn erased(app: &App, said: &Receipt) -> Result<Response, Failure> {
    let moment = format!("{} (UTC)", date_at_clock_time(said.at.to_utc().naive_utc()));
    shown(app, OwnDataPage::Erased { receipt: ReceiptView { moment, reference: said.reference.to_string() } })
}

fn shown(app: &App, own: OwnDataPage) -> Result<Response, Failure> {
    page(app, StatusCode::OK, &Page::OwnData(own))
}

fn unknown(app: &App) -> Result<Response, Failure> {
    page(app, StatusCode::NOT_FOUND, &Page::LinkUnknown { leaves: false })
}
