//! Readers from files, and into them: spreadsheets, the exports of other systems, lists of refusals.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use kiosque::articles::CategoryId;
use kiosque::clock::{Clock, DAY, Timestamp};
use kiosque::db::{Db, Keys, Purpose};
use kiosque::mail::Address;
use kiosque::subscribers::{
    self, Asking, Column, ConfirmationDue, Event, Filter, ImportError, ImportSummary, Kind, Letter,
    Newsletter, Order, Places, Progress, Reader, Reason, Scope, Sheet, SubscriptionState, System,
    UnsubscribeToken, Wanted,
};
use kiosque::{execute, fetch_one, statements};
use tempfile::TempDir;

use crate::support::database::each_engine;

statements! {
    ADD_NEWSLETTER = "INSERT INTO newsletters (slug, title, schedule, timezone, taken_up_at, created_at)
        VALUES ($1, $2, '0 7 * * *', 'Africa/Lome', 0, 0)";
    COUNT_STATE = "SELECT COUNT(*) FROM subscriptions WHERE state = $1";
    COUNT_SUBSCRIBERS = "SELECT COUNT(*) FROM subscribers";
    COUNT_EVENTS = "SELECT COUNT(*) FROM consent_events";
    COUNT_SUPPRESSIONS = "SELECT COUNT(*) FROM suppressions";
    COUNT_STAGED = "SELECT COUNT(*) FROM import_stage";
}

/// Monday 23 November 2026, 7 h in Lomé.
const START: Timestamp = Timestamp::from_millis(1_795_417_200_000);

struct Room {
    db: Db,
    keys: Keys,
    clock: Clock,
    letters: Vec<Newsletter>,
    folder: TempDir,
}

impl Room {
    async fn new(db: Db) -> Self {
        for (slug, title) in [("matinale", "La Matinale"), ("hebdo", "L’Hebdo")] {
            execute!(&db, ADD_NEWSLETTER, slug, title).unwrap();
        }
        let keys = Keys::load(&db).await.unwrap();
        let mut tx = db.begin_read().await.unwrap();
        let mut letters = Vec::new();
        for slug in ["matinale", "hebdo"] {
            letters.push(subscribers::find_newsletter(&mut tx, slug).await.unwrap().unwrap());
        }
        drop(tx);
        Self { db, keys, clock: Clock::test(START), letters, folder: tempfile::tempdir().unwrap() }
    }

    fn places(&self, everyone: Option<&str>, maps: &[&str]) -> Places {
        let rubrics = [("politique", 3), ("sport", 5), ("culture", 8)];
        let letters = self.letters.iter().map(|letter| Letter {
            id: letter.id,
            slug: letter.slug.clone(),
            rubrics: rubrics.iter().map(|(slug, id)| ((*slug).to_owned(), CategoryId(*id))).collect(),
        });
        let mut places = Places::new(letters.collect());
        if let Some(letter) = everyone {
            places.everyone(letter).unwrap();
        }
        for map in maps {
            places.map(map).unwrap();
        }
        places
    }

    fn order(&self, files: &[PathBuf], places: Places) -> Order {
        Order {
            files: files.to_vec(),
            kind: Kind::Readers { places, consent: "Bulletins papier de 2025".to_owned() },
            ..Order::default()
        }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    }

    async fn try_import(&self, order: Order) -> Result<ImportSummary, ImportError> {
        let progress = Progress::default();
        let done = subscribers::import(&self.db, &self.keys, &self.clock, order, &progress).await;
        done.map(|(summary, _)| summary)
    }

    async fn import(&self, order: Order) -> ImportSummary {
        let summary = self.try_import(order).await.unwrap();
        let people = summary.lines - summary.rejected - summary.repeated;
        assert!(people <= summary.lines, "{summary:?}");
        let (staged,): (i64,) = fetch_one!(&self.db, COUNT_STAGED).unwrap();
        assert_eq!(staged, 0, "nothing stays staged");
        summary
    }

    async fn reader(&self, address: &str) -> Option<Reader> {
        let address = Address::parse(address).unwrap();
        subscribers::show(&self.db, &self.keys, &address).await.unwrap()
    }

    async fn reason(&self, address: &str) -> Option<Reason> {
        self.reader(address).await.and_then(|reader| reader.suppression).map(|one| one.reason)
    }

    async fn reads(&self, address: &str) -> Vec<(String, String)> {
        let subscriptions = self.reader(address).await.map(|reader| reader.subscriptions).unwrap_or_default();
        let confirmed = subscriptions.into_iter().filter(|one| one.state == SubscriptionState::Confirmed);
        confirmed.map(|one| (one.newsletter, one.choice)).collect()
    }

    /// Rows that an import may add: subscribers, confirmed, left, events, suppressions.
    async fn rows(&self) -> [i64; 5] {
        let (subscribers,): (i64,) = fetch_one!(&self.db, COUNT_SUBSCRIBERS).unwrap();
        let (confirmed,): (i64,) = fetch_one!(&self.db, COUNT_STATE, SubscriptionState::Confirmed).unwrap();
        let (left,): (i64,) = fetch_one!(&self.db, COUNT_STATE, SubscriptionState::Left).unwrap();
        let (events,): (i64,) = fetch_one!(&self.db, COUNT_EVENTS).unwrap();
        let (suppressions,): (i64,) = fetch_one!(&self.db, COUNT_SUPPRESSIONS).unwrap();
        [subscribers, confirmed, left, events, suppressions]
    }

    /// Asks by the form and presses the button.
    async fn signs_up(&self, address: &str) -> ConfirmationDue {
        let mut tx = self.db.begin_durable().await.unwrap();
        let now = self.clock.now();
        let to = Address::parse(address).unwrap();
        let wanted = [Wanted::from(self.letters[0].clone())];
        let asking = Asking { address: &to, first_name: None, wanted: &wanted, origin: "form" };
        let asked = subscribers::ask(&mut tx, &self.keys, &asking, now).await.unwrap();
        tx.commit().await.unwrap();
        let due = asked.confirmation.expect("a first asking is mailed");
        let token = subscribers::confirmation_token(&self.keys, due.key, due.id, due.created_at).unwrap();
        subscribers::confirm(&self.db, &token, None, "page", now).await.unwrap();
        due
    }

    async fn leaves(&self, due: &ConfirmationDue) {
        let token = UnsubscribeToken::write(self.keys.current(Purpose::Token), due.subscription);
        let now = self.clock.now();
        subscribers::leave(&self.db, &self.keys, &token, Scope::This, "one-click", now).await.unwrap();
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/readers").join(name)
}

/// Mailchimp's ZIP with its files in this order.
fn mailchimp(folder: &Path, kinds: &[&str]) -> PathBuf {
    let path = folder.join("members_export_1a2b3c4d5e.zip");
    let mut archive = zip::ZipWriter::new(File::create(&path).unwrap());
    for kind in kinds {
        let name = format!("{kind}_members_export_1a2b3c4d5e.csv");
        archive.start_file(&*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&std::fs::read(fixture(&name)).unwrap()).unwrap();
    }
    archive.start_file("LISEZMOI.html", zip::write::SimpleFileOptions::default()).unwrap();
    archive.finish().unwrap();
    path
}

fn events(reader: &Reader) -> Vec<Event> {
    reader.events.iter().map(|event| event.event).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(one, two)| ((*one).to_owned(), (*two).to_owned())).collect()
}

#[tokio::test]
async fn a_list_is_imported_once_with_its_consent_and_undoes_no_earlier_no() {
    each_engine(async |db| {
        let room = Room::new(db).await;
        let gone = room.signs_up("gone@exemple.tg").await;
        room.leaves(&gone).await;
        let refused = room.write("non.csv", "address\nno@exemple.tg\n");
        room.import(Order { files: vec![refused], ..Order::default() }).await;
        let mut text = b"address;name\r\nama@exemple.tg;\"Mensah, Ama\"\r\nAMA@exemple.tg;\r\n\r\n".to_vec();
        text.extend_from_slice(b"gone@exemple.tg;\nno@exemple.tg\na@localhost;Koffi\n");
        for reader in 0..450 {
            text.extend_from_slice(format!("reader{reader}@exemple.tg;\n").as_bytes());
        }
        let file = room.write("lecteurs.csv", &text);
        let order = || room.order(std::slice::from_ref(&file), room.places(Some("matinale"), &[]));
        let before = room.rows().await;
        let dry = room.import(Order { dry_run: true, ..order() }).await;
        assert_eq!(room.rows().await, before, "a dry run changes nothing");
        let done = room.import(order()).await;
        assert_eq!(dry, done, "and counts the same");
        assert_eq!((done.lines, done.added, done.already, done.repeated), (455, 451, 0, 1));
        assert_eq!((done.have_left, done.suppressed, done.rejected), (1, 1, 1));
        assert!(
            done.mistakes[0]
                .to_string()
                .ends_with("lecteurs.csv:7: address: the domain is not a host name with a dot")
        );

        let reader = room.reader("ama@exemple.tg").await.unwrap();
        assert_eq!(reader.name.as_deref(), Some("Mensah, Ama"));
        assert_eq!(reader.subscriptions[0].state, SubscriptionState::Confirmed);
        assert_eq!(events(&reader), [Event::Imported]);
        assert_eq!(reader.events[0].wording, "Bulletins papier de 2025");
        assert_eq!(reader.events[0].origin.as_deref(), Some("import lecteurs.csv"));
        assert!(reader.events[0].reference.to_string().starts_with("M-"));

        let after = room.rows().await;
        let again = room.import(order()).await;
        assert_eq!((again.added, again.already), (0, 451));
        assert_eq!(room.rows().await, after);
    })
    .await;
}

#[tokio::test]
async fn mailchimps_zip_is_taken_as_it_comes_in_whatever_order_its_files_lie() {
    each_engine(async |db| {
        let room = Room::new(db).await;
        let kinds = ["subscribed", "unsubscribed", "cleaned", "nonsubscribed"];
        let mut first = None;
        for turn in 0..2 {
            let mut kinds = kinds;
            kinds.rotate_left(turn);
            let zip = mailchimp(room.folder.path(), &kinds);
            let places = room.places(
                Some("matinale"),
                &[
                    "Sport=matinale:sport",
                    "Politique=matinale:politique",
                    "Fin de semaine=hebdo",
                    "Arts, culture=hebdo:culture",
                ],
            );
            let unsaid = room.try_import(room.order(std::slice::from_ref(&zip), places.clone())).await;
            assert!(matches!(unsaid, Err(ImportError::LooksLike(_, System::Mailchimp))), "{unsaid:?}");
            let done =
                room.import(Order { system: Some(System::Mailchimp), ..room.order(&[zip], places) }).await;
            assert_eq!((done.lines, done.repeated, done.rejected), (8, 1, 0), "{:?}", done.mistakes);
            assert_eq!((done.suppressed, done.not_on_list), (1, 1));
            let added = first.get_or_insert((done.added, done.refused.clone())).clone();
            if turn > 0 {
                assert_eq!((done.added, done.already, done.refused_already), (0, added.0, 3));
            }
        }
        let (added, refused) = first.unwrap();
        assert_eq!(added, 5);
        let expected = [("complaint", 1), ("hard_bounce", 1), ("imported", 1)];
        assert_eq!(refused, expected.map(|(reason, count)| (reason.to_owned(), count)).into());

        assert_eq!(
            room.reads("afi.mensah@exemple.tg").await,
            owned(&[("matinale", "3,5"), ("hebdo", "all")]).sorted()
        );
        assert_eq!(
            room.reads("komi.agbeko@exemple.tg").await,
            owned(&[("matinale", "all"), ("hebdo", "8")]).sorted()
        );
        assert_eq!(room.reads("esi.lawson@exemple.tg").await, owned(&[("matinale", "all")]));
        assert_eq!(room.reads("double@exemple.tg").await, []);
        assert_eq!(room.reason("double@exemple.tg").await, Some(Reason::Imported));
        assert_eq!(room.reason("yao.ametepe@exemple.tg").await, Some(Reason::Complaint));
        let dead = room.reader("kodjo.partie@exemple.tg").await.unwrap().suppression.unwrap();
        assert_eq!(dead.reason, Reason::HardBounce);
        assert_eq!(dead.at.to_utc().to_rfc3339(), "2023-11-11T11:11:11+00:00");
        assert_eq!(dead.reply.as_deref(), Some("mailchimp: cleaned"));
        assert!(room.reader("client.boutique@exemple.tg").await.is_none(), "a customer never asked");

        let afi = room.reader("afi.mensah@exemple.tg").await.unwrap();
        let mut matinale: Vec<_> =
            afi.events.iter().filter(|one| one.newsletter.as_deref() == Some("matinale")).collect();
        matinale.sort_by_key(|event| event.at);
        assert_eq!(
            matinale.iter().map(|one| one.event).collect::<Vec<_>>(),
            [Event::Confirmed, Event::Imported]
        );
        assert_eq!(matinale[0].at.to_utc().to_rfc3339(), "2021-03-04T10:20:30+00:00");
        assert_eq!(
            matinale[0].origin.as_deref(),
            Some("import subscribed_members_export_1a2b3c4d5e.csv and 3 more")
        );
    })
    .await;
}

trait Sorted {
    fn sorted(self) -> Self;
}

impl Sorted for Vec<(String, String)> {
    /// As newsletters' rows were made: La Matinale first.
    fn sorted(mut self) -> Self {
        self.sort_by_key(|(slug, _)| slug != "matinale");
        self
    }
}

#[tokio::test]
async fn the_exports_of_mailpoet_brevo_and_listmonk_are_read_by_name() {
    each_engine(async |db| {
        let room = Room::new(db).await;
        let maps = ["La Matinale=matinale", "Fin de semaine=hebdo"];
        let order = |file: &str, system, places| Order {
            system: Some(system),
            ..room.order(&[fixture(file)], places)
        };
        let done = room.import(order("mailpoet.csv", System::MailPoet, room.places(None, &maps))).await;
        assert_eq!(
            (done.lines, done.repeated, done.added, done.rejected),
            (6, 1, 2, 0),
            "{:?}",
            done.mistakes
        );
        assert_eq!((done.unconfirmed, done.refused.values().sum::<u64>()), (1, 2));
        assert_eq!(room.reads("afi.mensah@exemple.tg").await, owned(&[("matinale", "all")]));
        assert_eq!(room.reads("komi.agbeko@exemple.tg").await, owned(&[("hebdo", "all")]));
        let komi = room.reader("komi.agbeko@exemple.tg").await.unwrap();
        assert_eq!(komi.name.as_deref(), Some("Komi \"Le Grand\" Agbeko"));
        assert_eq!(
            events(&komi),
            [Event::Asked, Event::Imported],
            "asked when MailPoet says, not confirmed there"
        );
        assert!(room.reader("esi.lawson@exemple.tg").await.is_none(), "never confirmed");

        let done = room.import(order("brevo.csv", System::Brevo, room.places(Some("hebdo"), &[]))).await;
        assert_eq!((done.lines, done.added, done.already), (4, 1, 1));
        assert_eq!((done.unconfirmed, done.refused_already, done.rejected), (1, 1, 0));

        let sport = room.places(None, &["Sport=matinale:sport", "Lomé=hebdo"]);
        let done = room.import(order("listmonk.csv", System::Listmonk, sport)).await;
        assert_eq!((done.lines, done.added, done.already, done.not_on_list), (3, 0, 2, 1));
        assert_eq!(room.reads("afi.mensah@exemple.tg").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_spreadsheet_of_a_french_office_is_read_and_what_is_wrong_comes_back_to_be_mended() {
    each_engine(async |db| {
        let room = Room::new(db).await;
        let rejects = room.folder.path().join("rejets.csv");
        let places = || room.places(None, &["Sport=matinale:sport", "Politique=matinale:politique"]);
        let order =
            Order { rejects: Some(rejects.clone()), ..room.order(&[fixture("tableur-1252.csv")], places()) };
        let done = room.import(order).await;
        assert_eq!((done.lines, done.added, done.rejected, done.no_letter), (4, 2, 1, 1));
        assert_eq!(done.mistakes[0].line, 6);
        assert_eq!(done.groups_unused, [("chats".to_owned(), 1)].into());
        let francois = room.reader("francois@exemple.ci").await.unwrap();
        assert_eq!(francois.name.as_deref(), Some("François N’Guessan; dit Œil"));
        assert_eq!(room.reads("francois@exemple.ci").await, owned(&[("matinale", "3,5")]));

        let text = std::fs::read_to_string(&rejects).unwrap();
        assert_eq!(
            text,
            "\u{feff}Prénom;Nom;Courriel;Ville;Étiquettes;line;problem\r\n\
             Sans;Arobase;sans-arobase;Kara;;6;address: not an e-mail address\r\n"
        );
        std::fs::write(&rejects, text.replace("sans-arobase;Kara;", "avec@exemple.tg;Kara;sport")).unwrap();
        let done = room.import(room.order(&[rejects], places())).await;
        assert_eq!((done.added, done.rejected), (1, 0), "mended, it goes in as it is");
    })
    .await;
}

#[tokio::test]
async fn what_is_exported_is_harmless_and_can_be_imported_again() {
    each_engine(async |db| {
        let room = Room::new(db).await;
        let names = [
            "=HYPERLINK(\"http://mal.exemple\")",
            "+228",
            "-1+2",
            "@SUM(A1)",
            "'=x",
            "Mensah; \"Ama\"",
            "Zoé",
        ];
        let mut text = String::from("name,address,tags\n");
        for (number, name) in names.iter().enumerate() {
            let tag = if number % 2 == 0 { "sport" } else { "" };
            text += &format!("\"{}\",r{number}@exemple.tg,{tag}\n", name.replace('"', "\"\""));
        }
        let places = room.places(Some("matinale"), &["sport=hebdo:sport,culture"]);
        let file = room.write("noms.csv", text);
        room.import(room.order(&[file], places)).await;
        let gone = room.signs_up("gone@exemple.tg").await;
        room.leaves(&gone).await;
        let no = room.write("non.csv", "address\nr6@exemple.tg\n");
        room.import(Order { files: vec![no], ..Order::default() }).await;

        let sheet = Sheet::new([(CategoryId(5), "sport".to_owned()), (CategoryId(8), "culture".to_owned())]);
        let listed = async |room: &Room| {
            let all = subscribers::list(&room.db, &Filter::default(), None, 1000).await.unwrap();
            let mut rows: Vec<String> = all.iter().map(|one| sheet.row(one)).collect();
            rows.sort();
            rows
        };
        let rows = listed(&room).await;
        for cell in rows.iter().flat_map(|row| row.trim_end().split(';')) {
            let cell = cell.trim_start_matches('"');
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        }
        let export = room.write("export.csv", sheet.header() + &rows.concat());

        for (address, name) in (0..).map(|number| format!("r{number}@exemple.tg")).zip(names) {
            let kept = room.reader(&address).await.unwrap().name;
            assert_eq!(kept.as_deref(), Some(if name == "'=x" { "=x" } else { name }), "{address}");
        }
        let again = room.import(room.order(std::slice::from_ref(&export), room.places(None, &[]))).await;
        assert_eq!((again.added, again.rejected, again.not_on_list), (0, 0, 1), "{:?}", again.mistakes);
        assert_eq!(listed(&room).await, rows);
        assert!(again.already >= 9, "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_elsewhere_ends_what_an_earlier_file_began_but_not_what_the_reader_said_here_since() {
    each_engine(async |db| {
        let room = Room::new(db).await;
        room.signs_up("revenue@exemple.tg").await;
        let yes = room.write("oui.csv", "courriel\nparti@exemple.tg\nrevenue@exemple.tg\n");
        let no = room.write(
            "non.csv",
            "courriel;statut;désinscrit le\nparti@exemple.tg;désinscrit;2024-01-02\nrevenue@exemple.tg;désinscrit;2024-01-02\n",
        );
        let order = |file: &PathBuf| room.order(std::slice::from_ref(file), room.places(Some("matinale"), &[]));
        room.import(order(&yes)).await;
        assert_eq!(room.reads("parti@exemple.tg").await.len(), 1);
        room.clock.advance(DAY);
        let done = room.import(order(&no)).await;
        assert_eq!((done.refused.values().sum::<u64>(), done.came_back), (1, 1));
        assert_eq!(room.reads("revenue@exemple.tg").await.len(), 1, "his yes is younger");
        assert_eq!(room.reads("parti@exemple.tg").await, []);
        let gone = room.reader("parti@exemple.tg").await.unwrap();
        assert_eq!(events(&gone), [Event::Imported, Event::Left]);
        assert_eq!(gone.events[1].wording, "csv: unsubscribed");

        // He comes back by the form; neither file changes that when it is imported again.
        room.clock.advance(DAY);
        room.signs_up("parti@exemple.tg").await;
        assert_eq!(room.reason("parti@exemple.tg").await, None);
        let before = room.rows().await;
        for file in [&no, &yes, &no] {
            room.clock.advance(DAY);
            room.import(order(file)).await;
        }
        assert_eq!(room.rows().await, before);
        assert_eq!(room.reads("parti@exemple.tg").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_complaint_elsewhere_takes_the_place_of_a_lighter_reason() {
    each_engine(async |db| {
        let room = Room::new(db).await;
        let file = |status: &str| room.write("x.csv", format!("email,status\nama@exemple.tg,{status}\n"));
        for (status, reason) in [
            ("bounced", Reason::HardBounce),
            ("unsubscribed", Reason::HardBounce),
            ("complained", Reason::Complaint),
            ("bounced", Reason::Complaint),
        ] {
            let file = file(status);
            room.import(room.order(&[file], room.places(Some("matinale"), &[]))).await;
            assert_eq!(room.reason("ama@exemple.tg").await, Some(reason), "{status}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_pending_becomes_a_reader_by_a_list_with_consent() {
    each_engine(async |db| {
        let room = Room::new(db).await;
        let mut tx = room.db.begin_durable().await.unwrap();
        let to = Address::parse("ama@exemple.tg").unwrap();
        let wanted = [Wanted::from(room.letters[0].clone())];
        let asking = Asking { address: &to, first_name: None, wanted: &wanted, origin: "form" };
        subscribers::ask(&mut tx, &room.keys, &asking, START).await.unwrap();
        tx.commit().await.unwrap();
        let file = room.write("x.csv", "email,name\nama@exemple.tg,Ama\n");
        let done = room.import(room.order(&[file], room.places(Some("matinale:sport"), &[]))).await;
        assert_eq!(done.added, 1);
        assert_eq!(room.reads("ama@exemple.tg").await, owned(&[("matinale", "5")]));
        assert_eq!(room.reader("ama@exemple.tg").await.unwrap().name.as_deref(), Some("Ama"));
    })
    .await;
}

#[tokio::test]
async fn nothing_is_written_when_any_file_is_not_what_it_should_be() {
    each_engine(async |db| {
        let room = Room::new(db).await;
        let good = room.write("bon.csv", "address\nama@exemple.tg\n");
        let places = || room.places(Some("matinale"), &[]);
        for text in [&b""[..], b"ama@exemple.tg\n", b"prenom,ville\nAma,Kara\n", b"email,courriel\na,b\n"] {
            let bad = room.write("mauvais.csv", text);
            let done = room.try_import(room.order(&[good.clone(), bad], places())).await;
            assert!(matches!(done, Err(ImportError::Header(_))), "{done:?}");
        }
        let missing = room.folder.path().join("rien.csv");
        let done = room.try_import(room.order(&[good.clone(), missing], places())).await;
        assert!(matches!(done, Err(ImportError::File(..))), "{done:?}");
        let broken = room.write("casse.zip", b"PK\x03\x04 not an archive");
        let done = room.try_import(room.order(&[good.clone(), broken], places())).await;
        assert!(matches!(done, Err(ImportError::File(..))), "{done:?}");
        let mut order = room.order(std::slice::from_ref(&good), places());
        order.kind = Kind::Readers { places: places(), consent: "  ".to_owned() };
        assert!(matches!(room.try_import(order).await, Err(ImportError::Consent)));
        let nowhere = room.try_import(room.order(std::slice::from_ref(&good), room.places(None, &[]))).await;
        assert!(matches!(nowhere, Err(ImportError::NoPlace)), "{nowhere:?}");
        assert_eq!(room.rows().await, [0; 5]);

        let named = room.write("contacts.csv", "Contact;Ville\nama@exemple.tg;Kara\n");
        let column: Column = "address=Contact".parse().unwrap();
        let done = room.import(Order { columns: vec![column], ..room.order(&[named], places()) }).await;
        assert_eq!(done.added, 1);
    })
    .await;
}
