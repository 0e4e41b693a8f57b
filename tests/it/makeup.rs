//! Make-up of editions on both engines: what leads, what is shown, what waits, what earlier readers are told was wrong.

use kiosque::articles::ArticleId;
use kiosque::clock::{DAY, HOUR, MINUTE};
use kiosque::newsletters::edition::{Edition, EditionId};
use kiosque::newsletters::selection::Role;
use kiosque::newsletters::{corrections, pins};

use crate::support::database::each_engine;
use crate::support::newsroom::{Newsroom, OPENING};

const DAILY: &str = "schedule = \"0 7 * * *\"\ntimezone = \"Africa/Lome\"\nhold = \"30m\"";
const FIRST_SLOT: i64 = 19 * HOUR;

/// Articles 1, 2, … published a minute apart, each in its rubric.
async fn articles(room: &Newsroom, first: i64, rubrics: &[i64]) {
    for (id, rubric) in (first..).zip(rubrics) {
        room.article(id, room.now().plus(id * MINUTE), false, &[*rubric]).await;
    }
}

async fn roles(room: &Newsroom, edition: EditionId) -> Vec<(i64, Role)> {
    let edition = Edition::find(&room.desk.db, edition).await.unwrap();
    let articles = edition.articles(&room.desk.db).await.unwrap();
    articles.into_iter().map(|(article, role)| (article.0, role)).collect()
}

/// The text that readers of a choice would get now, its lines joined.
async fn text_for(room: &Newsroom, choice: &str) -> String {
    let preview = room.desk.preview("matinale", room.now()).await.unwrap();
    let (_, mail, _) = preview.mails.into_iter().find(|(name, ..)| name == choice).unwrap();
    format!("{}\n{}", mail.subject, mail.text.replace("\n  ", " ").replace('\n', " "))
}

#[tokio::test]
async fn a_pinned_article_leads_as_long_as_the_pin_holds_and_then_the_rubric_does() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, &format!("{DAILY}\nlead = \"rubric:economie\"")).await;
        articles(&room, 1, &[1, 2, 3, 1]).await;
        room.clock.advance(HOUR);
        let slot = OPENING.plus(FIRST_SLOT);
        pins::pin(&db, ArticleId(3), room.now(), Some(slot)).await.unwrap();
        let led = async |edition: Vec<EditionId>| roles(&room, edition[0]).await[0];
        assert_eq!(
            text_for(&room, "all").await.lines().next(),
            Some("Titre 3"),
            "before the slot the pin holds"
        );
        assert_eq!(led(room.tick_at(slot).await.frozen).await, (2, Role::Lead), "at the slot it does not");

        room.article(5, room.now().plus(HOUR), false, &[2]).await;
        room.article(6, room.now().plus(HOUR + MINUTE), false, &[3]).await;
        pins::pin(&db, ArticleId(6), room.now(), None).await.unwrap();
        pins::pin(&db, ArticleId(3), room.now().plus(1), None).await.unwrap();
        assert_eq!(pins::used_by(&db, ArticleId(3)).await.unwrap(), ["matinale"]);
        let frozen = room.tick_at(slot.plus(DAY)).await.frozen;
        assert_eq!(roles(&room, frozen[0]).await, [(6, Role::Lead), (5, Role::Full)], "none comes twice");
        assert!(pins::unpin(&db, ArticleId(6)).await.unwrap());
        assert!(!pins::unpin(&db, ArticleId(6)).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn sections_follow_the_newsletter_and_each_keeps_its_limit() {
    each_engine(async |db| {
        let settings = "categories = [\"sport\", \"politique\"]\nmax_articles = 5\nmax_per_section = 2";
        let room = Newsroom::open(&db, &format!("{DAILY}\n{settings}")).await;
        articles(&room, 1, &[1, 1, 1, 3, 3, 2, 1]).await;
        room.readers(1, 1, "1").await;
        room.clock.advance(HOUR);
        let text = text_for(&room, "all").await;
        let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is missing: {text}"));
        assert!(place("SPORT") < place("POLITIQUE -"), "{text}");
        assert!(!text.contains("Titre 6"), "économie is not carried");
        // 7 leads; of politique 3 and 2 are shown, 1 is announced.
        assert!(place("Titre 7") < place("Titre 5") && place("Titre 4") < place("Titre 3"));
        assert!(place("Titre 2") < place("ET UN AUTRE ARTICLE") && place("ET UN AUTRE") < place("Titre 1"));
    })
    .await;
}

#[tokio::test]
async fn what_waits_comes_in_the_next_edition_and_what_cannot_wait_is_announced() {
    each_engine(async |db| {
        let settings = "max_articles = 2\noverflow = \"carry\"\nmax_age = \"30h\"";
        let room = Newsroom::open(&db, &format!("{DAILY}\n{settings}")).await;
        articles(&room, 1, &[1, 1, 1, 1, 1]).await;
        // Published 31 hours before the slot: today is its last chance.
        room.article(9, OPENING.plus(-11 * HOUR - 30 * MINUTE), false, &[1]).await;
        let slot = OPENING.plus(FIRST_SLOT);
        let first = room.tick_at(slot).await.frozen[0];
        assert_eq!(roles(&room, first).await, [(5, Role::Lead), (4, Role::Full), (9, Role::Announced)]);
        let second = room.tick_at(slot.plus(DAY)).await.frozen[0];
        assert_eq!(
            roles(&room, second).await,
            [(3, Role::Lead), (2, Role::Full), (1, Role::Announced)],
            "the day after it would be too old"
        );
        assert_eq!(room.tick_at(slot.plus(2 * DAY)).await.frozen, []);
    })
    .await;
}

#[tokio::test]
async fn a_correction_is_told_once_to_the_choices_that_had_the_article() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        articles(&room, 1, &[1, 3]).await;
        for (reader, choice) in [(1, "all"), (2, "1"), (3, "3")] {
            room.readers(reader, 1, choice).await;
        }
        let slot = OPENING.plus(FIRST_SLOT);
        let note = "Le prix était de 18 500 F, et non de 185 000.";
        assert_eq!(corrections::correct(&db, ArticleId(1), note, room.now()).await.unwrap(), [""; 0]);
        assert_eq!(room.tick_at(slot).await.released.len(), 1);

        room.clock.advance(HOUR);
        assert_eq!(corrections::correct(&db, ArticleId(1), note, room.now()).await.unwrap(), ["matinale"]);
        room.article(3, room.now(), false, &[1]).await;
        room.article(4, room.now().plus(-MINUTE), false, &[3]).await;
        for (choice, had) in [("all", true), ("1", true), ("3", false)] {
            let text = text_for(&room, choice).await;
            assert_eq!(text.contains("RECTIFICATIF") && text.contains("Titre 1"), had, "{choice}: {text}");
        }
        let second = room.tick_at(slot.plus(DAY)).await.released[0];
        let told = format!("SELECT count(*) FROM corrections_told WHERE edition_id = {second}");
        assert_eq!(room.number(&told).await, 1);

        // A retraction after the release makes new variants: they tell the same.
        room.retract(3).await;
        let before = room.number(&format!("SELECT max(id) FROM variants WHERE edition_id = {second}")).await;
        assert_eq!(room.tick().await.revised, [second]);
        let longer = format!(
            "SELECT count(*) FROM variants v JOIN edition_choices ec ON ec.variant_id = v.id AND ec.revision = 2
             JOIN choices c ON c.id = ec.choice_id WHERE v.id > {before} AND v.edition_id = {second}
             AND c.categories = 'all' AND length(v.message) > (SELECT max(length(o.message)) FROM variants o
                JOIN edition_choices oc ON oc.variant_id = o.id AND oc.revision = 2
                JOIN choices d ON d.id = oc.choice_id WHERE d.categories = '3' AND o.edition_id = {second})"
        );
        assert_eq!(room.number(&longer).await, 1, "the correction stands in the new variant of everything");

        room.article(5, room.now().plus(HOUR), false, &[1]).await;
        room.clock.advance(2 * HOUR);
        assert!(!text_for(&room, "all").await.contains("RECTIFICATIF"), "once is enough");
    })
    .await;
}

#[tokio::test]
async fn readers_of_few_rubrics_see_the_headlines_of_others_and_only_those() {
    each_engine(async |db| {
        let settings = "related = 1\nrelated_title = \"Toujours dans l’actu\"";
        let room = Newsroom::open(&db, &format!("{DAILY}\n{settings}")).await;
        articles(&room, 1, &[1, 2, 3]).await;
        room.readers(1, 1, "1").await;
        room.clock.advance(HOUR);
        let few = text_for(&room, "1").await;
        assert!(few.contains("TOUJOURS DANS L’ACTU") && few.contains("Sport · Titre 3"), "{few}");
        assert!(!few.contains("Titre 2"), "{few}");
        assert!(!text_for(&room, "all").await.contains("TOUJOURS"), "who reads everything misses nothing");
    })
    .await;
}

#[tokio::test]
async fn whole_texts_subject_and_reason_are_as_the_newsroom_says() {
    each_engine(async |db| {
        let settings =
            "content = \"full\"\nsubject = \"{newsletter}: {lead} ({count})\"\nreason = \"Vous la lisez.\"";
        let room = Newsroom::open(&db, &format!("{DAILY}\n{settings}")).await;
        articles(&room, 1, &[1, 2]).await;
        room.readers(1, 1, "2").await;
        room.sql("UPDATE subscriptions SET layout = 'light'").await;
        let long = format!("<p>{}</p>", "Long. ".repeat(12_000));
        room.sql(&format!("UPDATE articles SET body = '{long}' WHERE id = 1")).await;
        room.clock.advance(HOUR);
        let all = text_for(&room, "all").await;
        assert!(all.starts_with("La Matinale\u{a0}: Titre 2 (2)\n"), "{all:.80}");
        assert!(all.contains("Corps 2") && all.contains("Vous la lisez."), "{all}");
        assert!(all.contains("Résumé 1") && !all.contains("Long. Long."), "there is no room for 72 KB");
        let light = text_for(&room, "2 light").await;
        assert!(light.contains("Résumé 2") && !light.contains("Corps 2"), "{light}");
    })
    .await;
}
