//! Taking an asking, from the page, the frame or the JSON endpoint: who may ask, what is kept, and an answer that says the
//! same for every address, as soon as for any other.

use std::time::Duration;

use tokio::time::Instant;

use super::offer::Offer;
use super::typed::Typed;
use crate::app::App;
use crate::clock::Timestamp;
use crate::delivery::confirmation;
use crate::html::pages::FormMistake;
use crate::mail::Address;
use crate::subscribers::{self, Admission, Asking, FirstName, FormLimits, FormNetwork, FormTime};
use crate::web::client::Client;
use crate::web::refusal::Failure;

/// What came of a posted form.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// A mail goes out, unless the address has had its own, or a robot asked: nobody is told.
    Asked(Vec<String>),
    /// The form is shown again, with what was typed: something is missing or, without a mistake, the form was not shown by
    /// us of late and has to be pressed once more.
    Again(Option<FormMistake>),
    /// Too much was asked; for so many seconds.
    Later(i64),
}

/// Answers leave at whole multiples of this time after the asking came: a second asking on one day writes no mail, and
/// its speed must not say so.
const STEP: Duration = Duration::from_millis(100);

/// Takes what was typed; `origin` says where: `form`, `frame`, `json`.
pub(super) async fn take(
    app: &App,
    offer: &Offer,
    typed: &Typed,
    client: Client,
    origin: &'static str,
) -> Result<Taken, Failure> {
    let came = Instant::now();
    let Ok(address) = Address::parse(&typed.address) else {
        return Ok(Taken::Again(Some(FormMistake::Address)));
    };
    let Ok(first_name) = FirstName::parse(&typed.first_name) else {
        return Ok(Taken::Again(Some(FormMistake::FirstName)));
    };
    let wanted = offer.wanted(app, typed);
    if wanted.is_empty() {
        return Ok(Taken::Again(Some(FormMistake::Newsletter)));
    }
    let titles = wanted.iter().map(|wanted| wanted.newsletter.title.clone()).collect();
    let by_a_person = match FormTime::read(&app.keys, &typed.form, app.clock.now()) {
        FormTime::Stale => return Ok(Taken::Again(None)),
        FormTime::TooFast => false,
        FormTime::Filled => typed.site.is_empty(),
    };
    if by_a_person {
        let asking = Asking { address: &address, first_name: first_name.as_ref(), wanted: &wanted, origin };
        if let Some(seconds) = ask(app, &asking, client).await? {
            return Ok(Taken::Later(seconds));
        }
    } else {
        metrics::counter!("kiosque_form_robots_total").increment(1);
    }
    let steps = came.elapsed().as_millis() / STEP.as_millis() + 1;
    tokio::time::sleep_until(came + STEP * u32::try_from(steps).unwrap_or(u32::MAX)).await;
    Ok(Taken::Asked(titles))
}

/// Gives how many seconds to wait, if it has to.
async fn ask(app: &App, asking: &Asking<'_>, client: Client) -> Result<Option<i64>, Failure> {
    let now = app.clock.now();
    if let Some(seconds) = seconds_to_wait(app, client, now).await? {
        metrics::counter!("kiosque_form_refused_total").increment(1);
        return Ok(Some(seconds));
    }
    let mut tx = app.db.begin_durable().await?;
    let asked = subscribers::ask(&mut tx, &app.keys, asking, now).await?;
    if let Some(due) = &asked.confirmation {
        confirmation::enqueue(&mut tx, &app.desk, due, now).await?;
    }
    tx.commit().await?;
    if asked.confirmation.is_some() {
        app.waker.wake();
    }
    Ok(None)
}

/// Counts an asking from there; how many seconds it has to wait, if its network or everybody together asked too much.
pub(super) async fn seconds_to_wait(
    app: &App,
    client: Client,
    now: Timestamp,
) -> Result<Option<i64>, Failure> {
    let limits = FormLimits { per_network: app.config.form.per_network, per_hour: app.config.form.per_hour };
    let network = client.0.and_then(FormNetwork::of);
    Ok(match subscribers::admit(&app.db, &app.keys, limits, network, now).await? {
        Admission::Granted => None,
        Admission::NetworkWaits(seconds) | Admission::FormWaits(seconds) => Some(seconds),
    })
}
