//! `/lettres`: the form by which a reader asks for newsletters.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tokio::time::Instant;

use crate::app::App;
use crate::clock::DAY;
use crate::delivery::confirmation;
use crate::html::pages::{FormMistake, LetterView, Page};
use crate::mail::Address;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::rhythm::rhythm;
use crate::subscribers::{self, CONFIRM_FOR, Newsletter, wording};
use crate::web::forms::answer::titles;
use crate::web::forms::fields::Fields;
use crate::web::page::page;
use crate::web::refusal::Failure;

/// Shows the form.
pub(super) async fn show(State(app): State<App>) -> Result<Response, Failure> {
    let letters = letters(&app, &offered(&app).await?);
    let form = Page::Letters { letters, address: String::new(), chosen: Vec::new(), mistake: None };
    page(&app, StatusCode::OK, &form)
}

/// No answer to the form comes sooner: a second asking on one day writes no mail, and its speed must not say so.
const NO_SOONER: Duration = Duration::from_millis(100);

/// Takes the form. The answer is the same, and takes as long, for every address that could be one.
pub(super) async fn ask(State(app): State<App>, fields: Fields) -> Result<Response, Failure> {
    let no_sooner = Instant::now() + NO_SOONER;
    let offered = offered(&app).await?;
    let chosen: Vec<&Declaration> =
        fields.all("newsletter").filter_map(|slug| app.declarations.newsletter(slug)).collect();
    let asked: Vec<Newsletter> =
        offered.iter().filter(|one| chosen.iter().any(|it| it.slug.as_str() == one.slug)).cloned().collect();
    let typed = fields.first("address");
    let address = match Address::parse(typed) {
        Ok(address) if !asked.is_empty() => address,
        other => {
            let form = Page::Letters {
                letters: letters(&app, &offered),
                address: typed.to_owned(),
                chosen: asked.into_iter().map(|newsletter| newsletter.slug).collect(),
                mistake: Some(if other.is_err() { FormMistake::Address } else { FormMistake::Newsletter }),
            };
            return page(&app, StatusCode::UNPROCESSABLE_ENTITY, &form);
        }
    };
    let now = app.clock.now();
    let mut tx = app.db.begin_durable().await?;
    let asking = subscribers::ask(&mut tx, &app.keys, &address, &asked, "form", now).await?;
    if let Some(due) = &asking.confirmation {
        confirmation::enqueue(&mut tx, &app.desk, due, now).await?;
    }
    tx.commit().await?;
    tokio::time::sleep_until(no_sooner).await;
    page(&app, StatusCode::OK, &Page::CheckMail { titles: titles(&asked), valid_days: CONFIRM_FOR / DAY })
}

/// The newsletters that the configuration declares, in its order.
async fn offered(app: &App) -> sqlx::Result<Vec<Newsletter>> {
    let mut tx = app.db.begin_read().await?;
    let mut newsletters = Vec::new();
    for declared in &app.declarations.newsletters {
        newsletters.extend(subscribers::find_newsletter(&mut tx, declared.slug.as_str()).await?);
    }
    Ok(newsletters)
}

fn letters(app: &App, newsletters: &[Newsletter]) -> Vec<LetterView> {
    let rubrics = |declared: &Declaration| {
        let slugs = declared.categories.iter().flatten();
        let names = slugs.filter_map(|slug| app.declarations.categories.iter().find(|one| one.slug == *slug));
        names.map(|category| category.name.clone()).collect()
    };
    let letter = |newsletter: &Newsletter| {
        let declared = app.declarations.newsletter(&newsletter.slug);
        LetterView {
            slug: newsletter.slug.clone(),
            title: newsletter.title.clone(),
            rhythm: declared.map(|declared| rhythm(&declared.schedule)),
            rubrics: declared.map(rubrics).unwrap_or_default(),
            wording: wording::asked(&newsletter.title),
        }
    };
    newsletters.iter().map(letter).collect()
}
