//! The mails to an edition's editors and the page behind their links, on both engines.

use axum::http::{StatusCode, header};
use kiosque::clock::{DAY, HOUR, MINUTE};
use kiosque::db::Db;
use kiosque::delivery::telling::editors;
use kiosque::newsletters::edition::{Edition, EditionId, EditionState};
use kiosque::newsletters::slot_store::SkipReason;

use crate::support::database::each_engine;
use crate::support::newsroom::OPENING;
use crate::support::reader_room::{Mail, ReaderRoom};

const SETTINGS: &str = "schedule = \"0 7 * * *\"\ntimezone = \"Africa/Lome\"\nhold = \"30m\"\ngrace = \"4h\"
    editors = [\"redaction@test.tg\", \"chef@test.tg\"]\napproval = \"required\"";
const SLOT: i64 = 19 * HOUR;

struct Desk {
    room: ReaderRoom,
    edition: EditionId,
    /// The path behind the first editor's link.
    page: String,
}

impl Desk {
    /// An edition of four articles, frozen half an hour before its slot, and its editors told.
    async fn open(db: &Db, settings: &str) -> Self {
        let room = ReaderRoom::open_with(db, settings).await;
        room.room.readers(1, 3, "all").await;
        for id in 1..=4 {
            room.room.article(id, OPENING.plus(id), false, &[1]).await;
        }
        let frozen = room.room.tick_at(OPENING.plus(SLOT - 30 * MINUTE)).await.frozen;
        let mails = told(&room).await;
        let page = mails.last().map(|mail| mail.link("/relire/")).unwrap_or_default();
        Self { room, edition: frozen[0], page }
    }

    async fn press(&self, form: &str) -> String {
        let answer = self.room.post(&self.page, form).await;
        assert_eq!(answer.status, StatusCode::OK, "{form}: {}", answer.body);
        answer.body
    }

    async fn refused(&self, form: &str, status: StatusCode, words: &str) {
        let answer = self.room.post(&self.page, form).await;
        assert_eq!(answer.status, status, "{form}");
        assert!(answer.body.contains(words), "{form}: {}", answer.body);
    }

    async fn articles(&self) -> Vec<i64> {
        self.room.room.articles_of(self.edition).await
    }
}

/// Tells editors what is due, and gives the mails.
async fn told(room: &ReaderRoom) -> Vec<Mail> {
    editors::tell(&room.app.desk, &room.app.keys, room.now()).await.unwrap();
    room.sent().await
}

#[tokio::test]
async fn at_the_freeze_each_editor_gets_the_digest_as_it_stands_and_a_link_of_his_own() {
    each_engine(async |db| {
        let room = ReaderRoom::open_with(&db, SETTINGS).await;
        for id in 1..=3 {
            room.room.article(id, OPENING.plus(id), false, &[1]).await;
        }
        assert_eq!(told(&room).await.len(), 0);
        room.room.tick_at(OPENING.plus(SLOT - 30 * MINUTE)).await;
        let mails = told(&room).await;
        assert_eq!(
            mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
            ["chef@test.tg", "redaction@test.tg"]
        );
        for mail in &mails {
            for words in ["Relire et approuver", "Titre 3", "Titre 1", "Sans accord avant"] {
                assert!(mail.text.contains(words), "{words}: {}", mail.text);
            }
        }
        assert_ne!(mails[0].link("/relire/"), mails[1].link("/relire/"));
        assert_eq!(told(&room).await.len(), 0, "once");
        // What the pages do must not change by being looked at.
        let before = room.whole_store().await;
        for path in [mails[0].link("/relire/"), format!("{}/apercu", mails[0].link("/relire/"))] {
            let answer = room.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
            assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
            assert!(answer.body.contains("Titre 3") && !answer.body.contains('\u{e1f0}'));
        }
        assert!(before == room.whole_store().await, "a GET changed something");
        for path in ["/relire/jeton", "/relire/jeton/apercu"] {
            assert_eq!(room.get(path).await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(room.post("/relire/jeton", "do=approve").await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn without_approval_editors_are_reminded_three_times_and_the_edition_ends_after_its_grace() {
    each_engine(async |db| {
        let desk = Desk::open(&db, SETTINGS).await;
        let mut subjects = Vec::new();
        for minutes in (-30_i64..=60).chain([240, 241]) {
            let ticked = desk.room.room.tick_at(OPENING.plus(SLOT + minutes * MINUTE)).await;
            for mail in told(&desk.room).await.iter().filter(|mail| mail.to.starts_with("chef")) {
                subjects.push((minutes, mail.text.contains("accord")));
            }
            if minutes == 241 {
                assert_eq!(ticked.skipped[0].2, SkipReason::Unapproved);
            }
        }
        assert_eq!(subjects, [(-10, true), (0, true), (30, true)]);
        let page = desk.room.get(&desk.page).await;
        assert!(page.body.contains("Abandonnée"), "{}", page.body);
        desk.refused("do=approve", StatusCode::CONFLICT, "a été abandonnée").await;
        desk.room.room.clock.set(OPENING.plus(SLOT + 4 * HOUR + 7 * DAY));
        assert_eq!(desk.room.get(&desk.page).await.status, StatusCode::GONE);
        assert_eq!(desk.room.post(&desk.page, "do=stop").await.status, StatusCode::GONE);
    })
    .await;
}

#[tokio::test]
async fn an_editor_notes_pins_leaves_out_and_approves_and_readers_get_just_that() {
    each_engine(async |db| {
        let desk = Desk::open(&db, SETTINGS).await;
        let said = desk.press("do=note&seen=1&text=Bonne+lecture.").await;
        assert!(said.contains("La note est enregistrée"), "{said}");
        let said = desk.press("do=lead&article=2&seen=2").await;
        assert!(said.contains("Cet article ouvre maintenant la lettre"));
        let said = desk.press("do=leave&article=3&before=4&seen=3").await;
        assert!(said.contains("L’édition suivante pourra le prendre"));
        desk.press("do=words&article=1&seen=4&title=Mieux+dit&summary=Autrement").await;
        assert_eq!(desk.articles().await, [2, 4, 1]);
        let said = desk.press("do=approve&seen=5").await;
        assert!(said.contains("C’est approuvé") && !said.contains(">Approuver<"), "{said}");
        desk.press("do=approve").await;
        assert_eq!(desk.room.room.tick_at(OPENING.plus(SLOT)).await.released, [desk.edition]);
        desk.room.fan_out().await;
        let mails = desk.room.sent().await;
        assert_eq!(mails.len(), 3);
        for words in ["Bonne lecture.", "Titre 2", "Mieux dit", "Titre 4"] {
            assert!(mails[0].text.contains(words), "{words}: {}", mails[0].text);
        }
        assert!(!mails[0].text.contains("Titre 3"));
        desk.refused("do=lead&article=1", StatusCode::CONFLICT, "déjà partie").await;
        desk.refused("do=test", StatusCode::UNPROCESSABLE_ENTITY, "avant le départ").await;
        let page = desk.room.get(&desk.page).await.body;
        for words in ["Rien ne peut plus y être changé", "a changé la note", "redaction@test.tg a approuvé"]
        {
            assert!(page.contains(words), "{words}: {page}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_editor_postpones_gets_a_trial_stops_and_goes_on() {
    each_engine(async |db| {
        let desk = Desk::open(&db, SETTINGS).await;
        desk.press("do=test").await;
        let trial = desk.room.sent().await;
        assert_eq!((trial.len(), &*trial[0].to), (1, "redaction@test.tg"));
        desk.refused("do=postpone&to=2026-11-03T06:00", StatusCode::UNPROCESSABLE_ENTITY, "à venir").await;
        desk.refused("do=postpone&to=", StatusCode::UNPROCESSABLE_ENTITY, "à venir").await;
        desk.press("do=postpone&to=2026-11-03T08:30").await;
        desk.press("do=approve").await;
        assert_eq!(desk.room.room.tick_at(OPENING.plus(SLOT)).await, Default::default());
        assert!(told(&desk.room).await.is_empty(), "it is approved");
        assert_eq!(desk.room.room.tick_at(OPENING.plus(SLOT + 90 * MINUTE)).await.released, [desk.edition]);
        desk.press("do=stop").await;
        let page = desk.press("do=resume").await;
        assert!(page.contains("a fait repartir"), "{page}");
        assert_eq!(Edition::find(&db, desk.edition).await.unwrap().state, EditionState::Released);
        assert_eq!(desk.room.post(&desk.page, "do=nothing").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}

#[tokio::test]
async fn a_page_shown_before_another_editors_change_overwrites_no_text_and_says_what_is_gone() {
    each_engine(async |db| {
        let desk = Desk::open(&db, SETTINGS).await;
        desk.press("do=note&seen=1&text=La+premi%C3%A8re").await;
        desk.refused("do=note&seen=1&text=La+seconde", StatusCode::CONFLICT, "La seconde").await;
        desk.press("do=note&seen=2&text=La+seconde").await;
        desk.room.room.retract(4).await;
        desk.room.room.tick().await;
        desk.refused("do=up&article=4&seen=3", StatusCode::CONFLICT, "n’est plus dans l’édition").await;
        desk.press("do=never&article=3&before=0").await;
        desk.press("do=leave&article=2&before=0").await;
        desk.refused("do=leave&article=1&before=0", StatusCode::UNPROCESSABLE_ENTITY, "le dernier article")
            .await;
        let said = desk.press("do=add&article=3").await;
        assert!(said.contains("Ajouté"), "{said}");
        assert_eq!(desk.articles().await, [1, 3]);
    })
    .await;
}

#[tokio::test]
async fn an_edition_that_leaves_by_itself_asks_for_nothing_and_can_be_stopped_from_the_page() {
    each_engine(async |db| {
        let desk = Desk::open(&db, &SETTINGS.replace("required", "automatic")).await;
        let page = desk.room.get(&desk.page).await.body;
        assert!(page.contains("Vous pouvez la changer jusque-là") && !page.contains(">Approuver<"), "{page}");
        desk.room.room.clock.set(OPENING.plus(SLOT - 5 * MINUTE));
        assert!(told(&desk.room).await.is_empty());
        let said = desk.press("do=stop").await;
        assert!(said.contains("L’édition ne partira pas"));
        assert_eq!(desk.room.room.tick_at(OPENING.plus(SLOT)).await, Default::default());
        assert_eq!(desk.room.get(&desk.page).await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn an_editor_puts_right_what_left_wrong_after_being_told_to_how_many_and_only_once() {
    each_engine(async |db| {
        let desk = Desk::open(&db, SETTINGS).await;
        let room = &desk.room.room;
        assert!(!desk.room.get(&desk.page).await.body.contains("rectificatif"), "it has not left");
        desk.refused("do=rectify&article=4&text=Faux.", StatusCode::CONFLICT, "pas encore partie").await;
        desk.press("do=approve").await;
        room.tick_at(OPENING.plus(SLOT)).await;
        desk.room.fan_out().await;
        assert_eq!(desk.room.sent().await.len(), 3);
        let page = desk.room.get(&desk.page).await.body;
        assert_eq!(page.matches("Envoyer un rectificatif").count(), 4, "{page}");
        assert!(page.contains("Une erreur peut être rectifiée ici jusqu’au"), "{page}");

        let note = "text=Le+budget+est+de+12+millions%2C+et+non+de+12+milliards.";
        desk.refused("do=rectify&article=4&text=+", StatusCode::UNPROCESSABLE_ENTITY, "ce qui était faux")
            .await;
        let long = format!("do=rectify-send&article=4&text={}", "a".repeat(601));
        desk.refused(&long, StatusCode::UNPROCESSABLE_ENTITY, "trop long").await;
        desk.refused(&format!("do=rectify&article=4&{note}"), StatusCode::CONFLICT, "Corrigez-le d’abord")
            .await;
        room.correct(4, "Le budget est de 12 millions").await;
        let before = desk.room.whole_store().await;
        let asked = desk.press(&format!("do=rectify&article=4&{note}")).await;
        for words in ["Ce rectificatif partira à 3", "et non de 12 milliards", "rectify-send", "Envoyer à 3"]
        {
            assert!(asked.contains(words), "{words}: {asked}");
        }
        assert!(before == desk.room.whole_store().await, "asking changed something");

        let send = format!("do=rectify-send&article=4&{note}");
        let said = desk.press(&send).await;
        assert!(said.contains("Le rectificatif part, à 3"), "{said}");
        assert!(said.contains("redaction@test.tg a rectifié"), "{said}");
        let said = desk.press(&send).await;
        assert!(said.contains("C’est déjà fait"), "{said}");
        assert_eq!(room.number("SELECT count(*) FROM rectificatifs").await, 1);
        assert_eq!(room.number("SELECT count(*) FROM edition_acts WHERE act = 'rectify'").await, 1);
        desk.room.fan_out().await;
        let mails = desk.room.sent().await;
        assert_eq!(mails.len(), 3);
        let text = mails[0].text.replace('\u{a0}', " ");
        assert!(text.contains("Le budget est de 12 millions, et non de 12 milliards."), "{text}");

        // The page lasts for a week after the edition's last hour.
        room.clock.set(OPENING.plus(SLOT + 4 * HOUR + 7 * DAY - MINUTE));
        assert_eq!(desk.room.get(&desk.page).await.status, StatusCode::OK);
        room.clock.set(OPENING.plus(SLOT + 4 * HOUR + 7 * DAY));
        assert_eq!(desk.room.post(&desk.page, &send).await.status, StatusCode::GONE);
    })
    .await;
}
