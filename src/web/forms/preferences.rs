//! `/p/{token}`: what a reader chose, at the link in every mail.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{Days, NaiveDate, NaiveTime};

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::{Purpose, Tx};
use crate::delivery;
use crate::delivery::reader_mail::{self, ReaderMail, Said};
use crate::french::date::full_date;
use crate::french::number::list;
use crate::html::pages::Page;
use crate::html::preferences_pages::{
    FieldView, LetterPreferences, PreferencesMistake, PreferencesView, RubricBox,
};
use crate::mail::Mailbox;
use crate::newsletters::rhythm::rhythm;
use crate::newsletters::seen::Rubric;
use crate::newsletters::selection::rubrics_of;
use crate::newsletters::zone::Zone;
use crate::subscribers::{
    self, Change, Choice, NAME_MAX, Newsletter, PREFERENCES_PATH, Preferences, PreferencesToken,
    SubscriberId, Wish,
};
use crate::web::forms::came::Came;
use crate::web::forms::fields::Fields;
use crate::web::page::page;
use crate::web::refusal::Failure;

/// The longest pause.
const PAUSE_AT_MOST: Days = Days::new(365);

/// Shows the page. Changes nothing.
pub(super) async fn show(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let Some(PreferencesToken { subscriber }) = read(&app, token) else { return unknown(&app) };
    let Some(preferences) = subscribers::preferences(&app.db, subscriber).await? else {
        return page(&app, StatusCode::OK, &Page::Forgotten {});
    };
    let letters = letters(&app, &mut app.db.begin_read().await?, &preferences).await?;
    shown(&app, StatusCode::OK, view(&app, &preferences, &letters, app.clock.now()))
}

/// The page as it stands in the store.
pub(super) async fn as_it_stands(app: &App, preferences: &Preferences) -> anyhow::Result<PreferencesView> {
    let letters = letters(app, &mut app.db.begin_read().await?, preferences).await?;
    Ok(view(app, preferences, &letters, app.clock.now()))
}

/// Saves what was chosen. It is kept before the answer; posting it again changes nothing.
pub(super) async fn save(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    came: Came,
    fields: Fields,
) -> Result<Response, Failure> {
    let Some(PreferencesToken { subscriber }) = read(&app, token) else { return unknown(&app) };
    let mut tx = app.db.begin_durable().await?;
    let Some(before) = subscribers::lock_preferences(&mut tx, subscriber).await? else {
        return page(&app, StatusCode::OK, &Page::Forgotten {});
    };
    let letters = letters(&app, &mut tx, &before).await?;
    let now = app.clock.now();
    let before_view = view(&app, &before, &letters, now);
    let asked = match Asked::read(&fields, &letters, &before, now) {
        Ok(asked) => asked,
        Err(mistake) => {
            let typed = as_typed(before_view, &fields, mistake);
            return shown(&app, StatusCode::UNPROCESSABLE_ENTITY, typed);
        }
    };
    let mut changes = Vec::new();
    for wish in &asked.wishes {
        if let Some(old) = before.letter(&wish.newsletter) {
            delivery::keep_before_change(&mut tx, &app.desk, &wish.newsletter, old.subscription, now).await?;
        }
        changes
            .extend(subscribers::choose_letter(&mut tx, &before, wish, came.by("preferences"), now).await?);
    }
    let renamed = asked.name != before.name;
    if renamed {
        subscribers::rename(&mut tx, subscriber, asked.name.as_deref()).await?;
    }
    tell_of_joining(&app, &mut tx, subscriber, &changes, now).await?;
    tx.commit().await?;
    app.waker.wake();
    tracing::info!(changes = changes.len(), "a reader saved preferences");
    let Some(after) = subscribers::preferences(&app.db, subscriber).await? else {
        return page(&app, StatusCode::OK, &Page::Forgotten {});
    };
    let mut after = view(&app, &after, &letters, now);
    after.said = said(&changes, renamed, after.paused_until.as_deref(), fields.has("undo"));
    if renamed || !changes.is_empty() {
        after.undo = fields_of(&before_view);
    }
    shown(&app, StatusCode::OK, after)
}

/// Tells the mailbox of letters that were added, at most once a day: the mail with the link may have been forwarded.
async fn tell_of_joining(
    app: &App,
    tx: &mut Tx,
    subscriber: SubscriberId,
    changes: &[Change],
    now: Timestamp,
) -> anyhow::Result<()> {
    let joined: Vec<&Newsletter> = changes
        .iter()
        .filter_map(|change| match change {
            Change::On(newsletter) => Some(newsletter),
            _ => None,
        })
        .collect();
    let Some(first) = joined.first() else { return Ok(()) };
    if !subscribers::may_mail_link(tx, subscriber, now).await? {
        return Ok(());
    }
    let Some(reader) = subscribers::lock_preferences(tx, subscriber).await? else { return Ok(()) };
    let Some(letter) = reader.letter(first) else { return Ok(()) };
    let mail = ReaderMail {
        key: &format!("joined:{subscriber}:{}", now.millis()),
        subscription: letter.subscription,
        to: &reader.address,
        said: Said::Joined { letters: quoted(&joined) },
        newsletter: &first.slug,
    };
    reader_mail::enqueue(tx, &app.desk, &app.keys, &mail, now).await.map(drop)
}

/// « La Matinale » et « Le Soir ».
pub(super) fn quoted(newsletters: &[&Newsletter]) -> String {
    let titles: Vec<String> = newsletters.iter().map(|one| format!("« {} »", one.title)).collect();
    list(&titles.iter().map(String::as_str).collect::<Vec<_>>())
}

fn read(app: &App, token: Result<Path<String>, PathRejection>) -> Option<PreferencesToken> {
    PreferencesToken::read(&app.keys, &token.ok()?.0)
}

pub(super) fn shown(app: &App, status: StatusCode, view: PreferencesView) -> Result<Response, Failure> {
    page(app, status, &Page::Preferences(Box::new(view)))
}

fn unknown(app: &App) -> Result<Response, Failure> {
    page(app, StatusCode::NOT_FOUND, &Page::LinkUnknown { leaves: false })
}

/// A letter on the page: those that are declared, and any other that comes to this reader.
struct Letter {
    newsletter: Newsletter,
    rhythm: Option<String>,
    rubrics: Vec<Rubric>,
}

async fn letters(app: &App, tx: &mut Tx, preferences: &Preferences) -> anyhow::Result<Vec<Letter>> {
    let mut letters = Vec::new();
    for declared in &app.declarations.newsletters {
        if let Some(newsletter) = subscribers::find_newsletter(tx, declared.slug.as_str()).await? {
            let rubrics = rubrics_of(tx, declared).await?;
            letters.push(Letter { newsletter, rhythm: Some(rhythm(&declared.schedule)), rubrics });
        }
    }
    for had in preferences.letters.iter().filter(|had| had.on) {
        if letters.iter().all(|letter| letter.newsletter.id != had.newsletter.id) {
            let newsletter = had.newsletter.clone();
            letters.push(Letter { newsletter, rhythm: None, rubrics: Vec::new() });
        }
    }
    Ok(letters)
}

fn view(app: &App, preferences: &Preferences, letters: &[Letter], now: Timestamp) -> PreferencesView {
    let of = |letter: &Letter| {
        let had = preferences.letter(&letter.newsletter);
        let choice = had.map_or(&Choice::All, |had| &had.choice);
        let names: Vec<&str> = match choice {
            Choice::All => Vec::new(),
            Choice::Only(_) => chosen_names(&letter.rubrics, choice),
        };
        LetterPreferences {
            slug: letter.newsletter.slug.clone(),
            title: letter.newsletter.title.clone(),
            rhythm: letter.rhythm.clone(),
            on: had.is_some_and(|had| had.on),
            all: *choice == Choice::All,
            rubrics: letter
                .rubrics
                .iter()
                .map(|rubric| RubricBox {
                    slug: rubric.slug.clone(),
                    name: rubric.name.clone(),
                    chosen: *choice != Choice::All && choice.wants(rubric.id),
                })
                .collect(),
            chosen: list(&names),
        }
    };
    let on = || preferences.letters.iter().filter(|letter| letter.on);
    let zone =
        zone_of(on().next().map(|letter| &letter.newsletter).or(letters.first().map(|l| &l.newsletter)));
    let pause = on()
        .filter_map(|letter| Some((letter.paused_until.filter(|until| *until > now)?, &letter.newsletter)))
        .max_by_key(|(until, _)| *until)
        .map(|(until, newsletter)| zone_of(Some(newsletter)).local(until.to_utc()).date());
    let (first, last) = pause_days(zone, now);
    let key = app.keys.current(Purpose::Token);
    let token = PreferencesToken::write(key, preferences.subscriber);
    PreferencesView {
        data_url: format!("{}{PREFERENCES_PATH}{token}/donnees", app.config.public_url.path()),
        token,
        masked: preferences.address.masked(),
        name: preferences.name.clone().unwrap_or_default(),
        letters: letters.iter().map(of).collect(),
        any_on: preferences.any_on(),
        light: on().any(|letter| letter.light),
        pause: pause.map(|day| day.to_string()).unwrap_or_default(),
        paused_until: pause.map(full_date),
        pause_days: (first.to_string(), last.to_string()),
        suppressed: preferences.suppression.is_some(),
        ..PreferencesView::default()
    }
}

fn chosen_names<'a>(rubrics: &'a [Rubric], choice: &Choice) -> Vec<&'a str> {
    rubrics.iter().filter(|rubric| choice.wants(rubric.id)).map(|rubric| rubric.name.as_str()).collect()
}

fn zone_of(newsletter: Option<&Newsletter>) -> Zone {
    newsletter.and_then(|newsletter| Zone::parse(&newsletter.timezone).ok()).unwrap_or_default()
}

/// The first and the last day that letters may come again.
fn pause_days(zone: Zone, now: Timestamp) -> (NaiveDate, NaiveDate) {
    let today = zone.local(now.to_utc()).date();
    (today + Days::new(1), today + PAUSE_AT_MOST)
}

/// What a posted form asks for.
struct Asked {
    wishes: Vec<Wish>,
    name: Option<String>,
}

impl Asked {
    fn read(
        fields: &Fields,
        letters: &[Letter],
        before: &Preferences,
        now: Timestamp,
    ) -> Result<Self, PreferencesMistake> {
        let day = match fields.first("pause").trim() {
            "" => None,
            text => Some(text.parse::<NaiveDate>().map_err(|_| PreferencesMistake::Pause)?),
        };
        let name = fields.first("name").trim();
        if name.chars().count() > NAME_MAX || Mailbox::new(Some(name), before.address.clone()).is_err() {
            return Err(PreferencesMistake::Name);
        }
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        let light = fields.has("light");
        let mut wishes = Vec::new();
        for letter in letters {
            let slug = &letter.newsletter.slug;
            let on = fields.all("letter").any(|one| one == slug);
            let choice = choice(fields, letter, before, on)?;
            let rubrics = match &choice {
                Choice::All => "toutes les rubriques, y compris les nouvelles".to_owned(),
                only => list(&chosen_names(&letter.rubrics, only)),
            };
            let pause = match day.filter(|_| on) {
                None => None,
                Some(day) => Some((resumes(&letter.newsletter, day, now)?, full_date(day))),
            };
            wishes.push(Wish { newsletter: letter.newsletter.clone(), on, choice, rubrics, light, pause });
        }
        Ok(Self { wishes, name })
    }
}

/// What was ticked of a letter's rubrics; a letter that shows none keeps what it had.
fn choice(
    fields: &Fields,
    letter: &Letter,
    before: &Preferences,
    on: bool,
) -> Result<Choice, PreferencesMistake> {
    let slug = &letter.newsletter.slug;
    if letter.rubrics.is_empty() {
        return Ok(before.letter(&letter.newsletter).map_or(Choice::All, |had| had.choice.clone()));
    }
    let ticked = |rubric: &&Rubric| {
        fields.all("rubric").any(|one| one.split_once('/') == Some((slug.as_str(), rubric.slug.as_str())))
    };
    let only: std::collections::BTreeSet<_> =
        letter.rubrics.iter().filter(ticked).map(|rubric| rubric.id).collect();
    // Shown with all rubrics ticked, it comes back with some besides: those are what was meant.
    let all = |name| fields.all(name).any(|one| one == slug);
    if all("all") && (only.is_empty() || !all("every")) {
        return Ok(Choice::All);
    }
    match only.is_empty() {
        true if on => Err(PreferencesMistake::Rubrics { slug: slug.clone() }),
        true => Ok(Choice::All),
        false => Ok(Choice::Only(only)),
    }
}

/// The first moment of the day in the letter's zone.
fn resumes(newsletter: &Newsletter, day: NaiveDate, now: Timestamp) -> Result<Timestamp, PreferencesMistake> {
    let zone = zone_of(Some(newsletter));
    let (first, last) = pause_days(zone, now);
    let placed = zone.place(day.and_time(NaiveTime::MIN)).filter(|_| (first..=last).contains(&day));
    placed.map(|placed| Timestamp::from(placed.at)).ok_or(PreferencesMistake::Pause)
}

/// The fields that post what a page shows.
fn fields_of(view: &PreferencesView) -> Vec<FieldView> {
    let field = |name: &str, value: &str| FieldView { name: name.to_owned(), value: value.to_owned() };
    let mut fields = Vec::new();
    for letter in &view.letters {
        if letter.on {
            fields.push(field("letter", &letter.slug));
        }
        if letter.all {
            fields.push(field("all", &letter.slug));
        }
        let chosen = letter.rubrics.iter().filter(|rubric| rubric.chosen);
        fields.extend(chosen.map(|rubric| field("rubric", &format!("{}/{}", letter.slug, rubric.slug))));
    }
    if view.light {
        fields.push(field("light", "1"));
    }
    fields.push(field("pause", &view.pause));
    fields.push(field("name", &view.name));
    fields
}

/// The page as it was filled in, with what is wrong.
fn as_typed(mut view: PreferencesView, fields: &Fields, mistake: PreferencesMistake) -> PreferencesView {
    for letter in &mut view.letters {
        letter.on = fields.all("letter").any(|one| one == letter.slug);
        letter.all = fields.all("all").any(|one| one == letter.slug);
        for rubric in &mut letter.rubrics {
            let value = (letter.slug.as_str(), rubric.slug.as_str());
            rubric.chosen = fields.all("rubric").any(|one| one.split_once('/') == Some(value));
        }
    }
    view.light = fields.has("light");
    view.pause = fields.first("pause").to_owned();
    view.name = fields.first("name").to_owned();
    PreferencesView { mistake: Some(mistake), ..view }
}

/// What was changed, a sentence each.
fn said(changes: &[Change], renamed: bool, paused_until: Option<&str>, undone: bool) -> Vec<String> {
    let mut said = Vec::new();
    if undone {
        said.push("Le changement est annulé.".to_owned());
    }
    let (mut paused, mut resumed) = (false, false);
    for change in changes {
        let quoted = |newsletter: &Newsletter| format!("« {} »", newsletter.title);
        match change {
            Change::On(newsletter) => said.push(format!("Vous recevez désormais {}.", quoted(newsletter))),
            Change::Off(newsletter) => said.push(format!("Vous ne recevrez plus {}.", quoted(newsletter))),
            Change::Chosen(newsletter) => {
                said.push(format!("Vos choix pour {} valent dès la prochaine édition.", quoted(newsletter)));
            }
            Change::Paused(_) => paused = true,
            Change::Resumed(_) => resumed = true,
        }
    }
    match paused_until.filter(|_| paused) {
        Some(day) => said.push(format!("Vos lettres sont suspendues ; elles reviennent le {day}.")),
        None if resumed => said.push("Vos lettres ne sont plus suspendues.".to_owned()),
        None => {}
    }
    if renamed {
        said.push("Votre prénom est enregistré.".to_owned());
    }
    if said.is_empty() {
        said.push("Rien n’a changé.".to_owned());
    }
    said
}
