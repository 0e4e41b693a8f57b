//! Articles in: every door and format, on both engines.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiosque::articles::{self, Accepted, Article, Folder, Intake, Options, Progress, Summary};
use kiosque::clock::{Clock, DAY, HOUR, SECOND, Timestamp};
use kiosque::config::Config;
use kiosque::db::Db;
use kiosque::{fetch_all, fetch_one, statements};
use tempfile::TempDir;

use crate::support::database::each_engine;

statements! {
    FEED = "SELECT feed_version, feed_changed_at FROM categories WHERE slug = $1";
    SLUGS = "SELECT slug, listed FROM categories ORDER BY slug";
    APPEARANCES = "SELECT c.slug, ac.appeared_at FROM article_categories ac JOIN categories c ON c.id = ac.category_id
        WHERE ac.article_id = $1 ORDER BY c.slug";
    PRIMARY = "SELECT c.slug FROM articles a JOIN categories c ON c.id = a.primary_category_id WHERE a.id = $1";
    COUNT = "SELECT count(*) AS n FROM articles";
}

/// 2026-11-23T08:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

const CONFIG: &str = r#"
public_url = "https://lettres.exemple.tg"
[database]
url = "sqlite:x.db"
[http]
listen = "127.0.0.1:0"
[publisher]
name = "Le Journal"
law = ["TG"]
legal_form = "SARL-U"
address = "12, rue des Cocotiers, Lomé"
phone = "+228 00 00 00 00"
director = "A. Exemple"
haac_receipt = "0000"
email = "redaction@exemple.tg"
privacy_contact = "donnees@exemple.tg"
[[relay]]
url = "maildir:outbox"
[[category]]
name = "Politique"
[[category]]
name = "Économie"
[[category]]
name = "Tech & Web"
from = ["high-tech", "Numérique"]
"#;

/// A newsroom with three rubrics, and a folder to put files into.
struct Newsroom {
    db: Db,
    clock: Clock,
    intake: Intake,
    folder: TempDir,
}

impl Newsroom {
    fn new(db: &Db) -> Self {
        let clock = Clock::test(NOW);
        let intake = Intake::new(db.clone(), clock.clone(), &config(CONFIG));
        Self { db: db.clone(), clock, intake, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("a written file");
        path
    }

    async fn import(&self, files: &[PathBuf], options: &Options) -> Summary {
        self.intake.import(files, options, &Arc::<Progress>::default()).await.expect("the store answers")
    }

    /// Imports JSON Lines.
    async fn lines(&self, lines: &[String]) -> Summary {
        let file = self.write("articles.jsonl", &lines.join("\n"));
        self.import(&[file], &Options::default()).await
    }

    async fn article(&self, external_id: &str) -> Article {
        let all = articles::list(&self.db, None, 500).await.expect("the store answers");
        all.into_iter()
            .find(|a| a.external_id == external_id)
            .unwrap_or_else(|| panic!("no article {external_id}"))
    }

    /// A category's feed version, and when it changed.
    async fn feed(&self, slug: &str) -> (i64, Timestamp) {
        fetch_one!(self.db, FEED, slug).expect("the category is there")
    }

    async fn versions(&self) -> [i64; 3] {
        [self.feed("tout").await.0, self.feed("politique").await.0, self.feed("economie").await.0]
    }
}

fn config(text: &str) -> Config {
    Config::from_toml_str(text, Path::new("/nowhere")).expect("a configuration without mistakes")
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn line(id: &str, title: &str, category: &str, published_at: &str) -> String {
    serde_json::json!({
        "id": id, "url": format!("https://exemple.tg/{id}"), "title": title, "html": format!("<p>{title}, le texte.</p>"),
        "categories": [category], "published_at": published_at,
    })
    .to_string()
}

#[tokio::test]
async fn a_crawled_page_gives_its_article_and_nothing_of_what_stood_around_it() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let file = fixture("crawled_page.txt");
        let refused = room.import(std::slice::from_ref(&file), &Options::default()).await;
        let reasons: Vec<String> =
            refused.faults.iter().map(|f| format!("{}: {}", f.field.as_deref().unwrap(), f.reason)).collect();
        assert_eq!(refused.rejected, 1);
        assert!(reasons[0].contains("--url") && reasons[1].contains("--date"), "{reasons:?}");

        let options = Options {
            url: Some("https://exemple.tg/tech/kara".parse().unwrap()),
            date: articles::parse_date("2021-05-04").ok(),
            ..Options::default()
        };
        let summary = room.import(&[file], &options).await;
        assert_eq!((summary.new, summary.rejected), (1, 0), "{summary}");
        let article = room.article("https://exemple.tg/tech/kara").await;
        assert_eq!(article.title, "Des lycéens de Kara bientôt formés par la Coopérative Solaire");
        assert_eq!(article.categories, ["tech-web"]);
        assert_eq!(article.body.matches("<p>").count(), 7);
        assert!(article.body.contains("C’est au «Parc des métiers &amp; du numérique» que"));
        assert!(article.body.ends_with("la préfecture de la Kozah.</p>"));
        for debris in
            ["Views", "Advertisement", "loadmoduleid", "image_pdf", "e-mail", "Remaniement", "Copyright"]
        {
            assert!(!article.body.contains(debris), "{debris}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_wordpress_export_in_two_parts_comes_out_right() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let parts = [fixture("wordpress-1.xml"), fixture("wordpress-2.xml")];
        let summary = room.import(&parts, &Options::default()).await;
        assert_eq!((summary.new, summary.rejected), (4, 0), "{summary}");
        let left_out: Vec<String> = summary.left_out.iter().map(|(why, n)| format!("{n} {why}")).collect();
        assert_eq!(left_out.join(", "), "2 draft, 1 pending, 1 private, 1 trashed, 1 future, 1 password-protected, 3 not a post");
        let unlisted: Vec<_> = summary.unlisted.iter().map(|u| (u.name.as_str(), u.articles)).collect();
        assert_eq!(unlisted, [("Culture", 1)]);
        assert_eq!(summary.toml_block(), "[[category]]\nname = \"Culture\"");

        let port = room.article("101").await;
        assert_eq!(port.title, "Port de Lomé\u{a0}: l’année record & après");
        assert_eq!((port.source.as_str(), port.entry_id.as_str()), ("www.exemple.tg", "https://www.exemple.tg/?p=101"));
        assert_eq!(port.categories, ["economie", "tech-web"]);
        let (primary,): (String,) = fetch_one!(db, PRIMARY, port.id).unwrap();
        assert_eq!(primary, "tech-web");
        assert_eq!(port.tags, ["port & quais"]);
        assert!(port.archive && port.appeared_at == port.published_at);
        assert_eq!(
            port.body,
            "<p>Le port autonome a traité l’an dernier deux fois plus de conteneurs que l’année précédente, selon sa \
             direction.<br>« C’est un record », dit-elle.</p>\n\
             <figure><a href=\"https://www.exemple.tg/wp-content/uploads/2021/03/quai.jpg\">\
             <img src=\"https://www.exemple.tg/wp-content/uploads/2021/03/quai-600x400.jpg\" alt=\"Le quai\" width=\"600\" \
             height=\"400\"></a><figcaption>Le quai, jeudi.</figcaption></figure>\n\
             <p><strong>Et après ?</strong> Les opérateurs attendent <a href=\"https://www.exemple.tg/quais/\">les nouveaux \
             quais</a>, promis pour le printemps.</p>\n\
             <p>Affaire à suivre.</p>"
        );
        let fibre = room.article("102").await;
        assert_eq!(fibre.summary, "La fibre arrive dans trois quartiers.");
        assert_eq!(fibre.image.as_ref().unwrap().url, "https://www.exemple.tg/wp-content/uploads/fibre.jpg");
        assert_eq!(fibre.body.matches("<p>").count(), 1);
        assert_eq!(room.article("103").await.categories, ["culture", "economie"]);
        assert!(room.article("104").await.categories.is_empty(), "« Non classé » is no category");

        let versions = room.versions().await;
        let again = room.import(&parts, &Options::default()).await;
        assert_eq!((again.new, again.updated, again.unchanged), (0, 0, 4));
        assert_eq!(room.versions().await, versions);
    })
    .await;
}

#[tokio::test]
async fn importing_twice_changes_nothing_and_a_changed_article_keeps_its_ids() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let mut lines = vec![
            line("a", "Un", "Politique", "2026-11-23T06:00:00Z"),
            line("b", "Deux", "Économie", "2026-11-23T07:00:00Z"),
        ];
        assert_eq!(room.lines(&lines).await.new, 2);
        let before = room.article("a").await;
        assert!(before.entry_id.starts_with("tag:lettres.exemple.tg,2026:"), "{}", before.entry_id);
        let versions = room.versions().await;
        room.clock.advance(HOUR);
        assert_eq!(room.lines(&lines).await.unchanged, 2);
        assert_eq!(room.versions().await, versions);

        lines[0] = line("a", "Un, corrigé", "Politique", "2026-11-23T06:00:00Z");
        let summary = room.lines(&lines).await;
        assert_eq!((summary.updated, summary.unchanged), (1, 1));
        let after = room.article("a").await;
        assert_eq!(
            (after.id, &after.entry_id, after.title.as_str()),
            (before.id, &before.entry_id, "Un, corrigé")
        );
        assert_eq!((after.updated_at, after.first_seen_at), (before.updated_at, NOW), "nobody said so");
        assert_eq!(room.versions().await, [versions[0] + 1, versions[1] + 1, versions[2]]);
        assert_eq!(room.feed("politique").await.1, NOW.plus(HOUR));

        // The article says that readers should hear of it; ahead of now it cannot be.
        let said = r#""updated_at": "2026-11-23T12:00:00Z", "published_at""#;
        lines[0] = line("a", "Un, mis à jour", "Politique", "2026-11-23T06:00:00Z")
            .replace("\"published_at\"", said);
        assert_eq!(room.lines(&lines).await.updated, 1);
        assert_eq!(room.article("a").await.updated_at, NOW.plus(HOUR));
    })
    .await;
}

#[tokio::test]
async fn no_two_articles_of_a_newsroom_have_the_same_updated() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let lines: Vec<String> = (0..120)
            .map(|n| line(&format!("a{n}"), &format!("Titre {n}"), "Politique", "2026-11-20T06:00:00Z"))
            .collect();
        assert_eq!(room.lines(&lines).await.new, 120);
        let mut updated = Vec::new();
        for n in 0..120 {
            let article = room.article(&format!("a{n}")).await;
            assert!(article.updated_at >= article.published_at);
            assert_eq!(article.updated_at, article.updated_at.whole_second());
            updated.push(article.updated_at);
        }
        updated.sort_unstable();
        updated.dedup();
        assert_eq!(updated.len(), 120);
        assert!(updated[119] < updated[0].plus(HOUR), "moved by seconds, not hours");
    })
    .await;
}

#[tokio::test]
async fn moving_between_categories_touches_both_and_counts_the_entry() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        room.lines(&[line("a", "Un", "Politique", "2026-11-20T06:00:00Z")]).await;
        let versions = room.versions().await;
        room.clock.advance(DAY);
        let summary = room.lines(&[line("a", "Un", "Économie", "2026-11-20T06:00:00Z")]).await;
        assert_eq!(summary.updated, 1);
        assert_eq!(room.versions().await, versions.map(|v| v + 1));
        let article = room.article("a").await;
        // First seen after its publication; in the new category since the move.
        let appearances: Vec<(String, Timestamp)> = fetch_all!(db, APPEARANCES, article.id).unwrap();
        assert_eq!(appearances, [("economie".into(), NOW.plus(DAY)), ("tout".into(), NOW)]);
        assert_eq!(article.updated_at, article.published_at, "a move is no change a reader should hear of");
    })
    .await;
}

#[tokio::test]
async fn an_archive_appears_when_it_was_published() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let file = room.write("old.jsonl", &line("a", "Un", "Politique", "2020-01-01T06:00:00Z"));
        room.import(&[file], &Options { archive: true, ..Options::default() }).await;
        let article = room.article("a").await;
        assert!(article.archive);
        let appearances: Vec<(String, Timestamp)> = fetch_all!(db, APPEARANCES, article.id).unwrap();
        assert!(appearances.iter().all(|(_, at)| *at == article.published_at), "{appearances:?}");
    })
    .await;
}

#[tokio::test]
async fn changes_within_one_second_have_a_second_each() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let changes = ["Un", "Deux", "Trois"];
        for (n, title) in changes.iter().enumerate() {
            room.lines(&[line("a", title, "Politique", "2026-11-23T07:00:00Z")]).await;
            assert_eq!(room.feed("politique").await.1, NOW.plus(n as i64 * 1000 + 1000));
        }
        room.clock.advance(HOUR);
        room.lines(&[line("a", "Quatre", "Politique", "2026-11-23T07:00:00Z")]).await;
        assert_eq!(room.feed("politique").await.1, NOW.plus(HOUR));
    })
    .await;
}

#[tokio::test]
async fn an_embargoed_article_moves_the_version_but_no_validator() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        room.lines(&[line("a", "Un", "Politique", "2026-11-23T06:00:00Z")]).await;
        let (version, changed_at) = room.feed("politique").await;
        room.clock.advance(10 * SECOND);
        let summary = room.lines(&[line("b", "Deux", "Politique", "2026-11-24T06:00:00Z")]).await;
        assert_eq!((summary.new, summary.embargoed), (1, 1));
        assert_eq!(room.feed("politique").await, (version + 1, changed_at));
        let article = room.article("b").await;
        assert_eq!(article.appeared_at, article.published_at);
    })
    .await;
}

#[tokio::test]
async fn a_retraction_stays_until_the_newsroom_takes_it_back() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let whole = line("a", "Un", "Politique", "2026-11-23T06:00:00Z");
        room.lines(std::slice::from_ref(&whole)).await;
        let versions = room.versions().await;
        let gone = r#"{"id": "a", "retracted": true}"#.to_owned();
        let unknown = r#"{"id": "z", "retracted": true}"#.to_owned();
        let summary = room.lines(&[gone, unknown]).await;
        assert_eq!((summary.retracted.len(), summary.left_out.len()), (1, 1), "{summary}");
        assert_eq!(room.article("a").await.retracted_at, Some(NOW));
        assert_eq!(room.versions().await, [versions[0] + 1, versions[1] + 1, versions[2]]);

        assert_eq!(room.lines(std::slice::from_ref(&whole)).await.unchanged, 1);
        assert!(room.article("a").await.retracted_at.is_some());
        let changed = whole.replace("le texte", "un autre texte");
        assert_eq!(room.lines(&[changed]).await.updated, 1);
        assert!(room.article("a").await.retracted_at.is_some());
        assert_eq!(
            room.versions().await,
            [versions[0] + 1, versions[1] + 1, versions[2]],
            "no feed shows it"
        );
        let back = whole.replacen('{', "{\"retracted\": false, ", 1);
        assert_eq!(room.lines(&[back]).await.updated, 1);
        assert_eq!(room.article("a").await.retracted_at, None);
        assert_eq!(room.versions().await, [versions[0] + 2, versions[1] + 2, versions[2]]);

        let id = room.article("a").await.id;
        assert!(room.intake.retract(id).await.unwrap());
        assert!(!room.intake.retract(id).await.unwrap());
        assert_eq!(articles::find(&db, "https://exemple.tg/a").await.unwrap()[0].id, id);
    })
    .await;
}

#[tokio::test]
async fn bad_lines_are_named_and_the_rest_goes_in() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let good = line("a", "Un", "Politique", "2026-11-23T06:00:00Z");
        let bad = good.replace("2026-11-23T06:00:00Z", "hier").replace("title", "titel");
        let summary = room.lines(&[good, "{".into(), String::new(), bad]).await;
        assert_eq!((summary.new, summary.rejected), (1, 2));
        let text = summary.to_string();
        assert!(text.starts_with("1 new, 0 updated, 0 unchanged, 2 rejected\n"), "{text}");
        assert!(text.contains("articles.jsonl:2: the object goes on in the next line"), "{text}");
        assert!(text.contains("articles.jsonl:4: titel: unknown field; did you mean `title`?"), "{text}");
        assert!(text.contains("articles.jsonl:4: published_at: \"hier\" is not a date"), "{text}");
        let absent = room.import(&[room.folder.path().join("absent.jsonl")], &Options::default()).await;
        assert!(absent.faults[0].reason.starts_with("cannot be opened"), "{absent}");
    })
    .await;
}

#[tokio::test]
async fn categories_are_found_by_name_slug_and_alias_and_the_others_are_unlisted() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let date = "2026-11-23T06:00:00Z";
        let names = ["TECH &amp; WEB", "high-tech", "numerique", "Tout", "Sport", "sport", "Non classé"];
        let lines: Vec<String> =
            names.iter().enumerate().map(|(i, n)| line(&i.to_string(), "T", n, date)).collect();
        let dry = room.write("dry.jsonl", &lines.join("\n"));
        let foreseen = room.import(&[dry], &Options { dry_run: true, ..Options::default() }).await;
        let (count,): (i64,) = fetch_one!(db, COUNT).unwrap();
        assert_eq!((count, foreseen.new), (0, 7));
        let summary = room.lines(&lines).await;
        assert_eq!(Summary { dry_run: true, ..summary.clone() }, foreseen);
        for id in ["0", "1", "2"] {
            assert_eq!(room.article(id).await.categories, ["tech-web"]);
        }
        assert_eq!(room.article("3").await.categories, ["tout-2"]);
        assert_eq!(room.article("5").await.categories, ["sport"]);
        assert!(room.article("6").await.categories.is_empty());
        assert_eq!(
            summary.toml_block(),
            "[[category]]\nname = \"Sport\"\n\n[[category]]\nname = \"Tout\"\nslug = \"tout-2\""
        );
        let slugs: Vec<(String, bool)> = fetch_all!(db, SLUGS).unwrap();
        let listed: Vec<&str> = slugs.iter().filter(|(_, listed)| *listed).map(|(s, _)| s.as_str()).collect();
        assert_eq!(listed, ["economie", "politique", "tech-web", "tout"]);
    })
    .await;
}

#[tokio::test]
async fn what_an_import_stored_under_another_name_moves_over_when_that_is_declared() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let date = "2026-11-23T06:00:00Z";
        let lines = [
            line("a", "Un", "Foot", date),
            line("b", "Deux", "Sports", date),
            line("c", "Trois", "Politique", date),
        ];
        room.lines(&lines).await;
        let more = format!("{CONFIG}[[category]]\nname = \"Sport\"\nwas = [\"sports\"]\nfrom = [\"foot\"]\n")
            .replace("name = \"Politique\"", "name = \"Vie politique\"\nwas = [\"politique\"]");
        let more = config(&more);
        room.clock.advance(HOUR);
        articles::declare(&db, &more.categories, "lettres.exemple.tg", room.clock.now()).await.unwrap();
        assert_eq!(room.article("a").await.categories, ["sport"]);
        assert_eq!(room.article("b").await.categories, ["sport"]);
        assert_eq!(room.article("c").await.categories, ["vie-politique"]);
        let slugs: Vec<(String, bool)> = fetch_all!(db, SLUGS).unwrap();
        assert!(slugs.iter().all(|(_, listed)| *listed), "{slugs:?}");
        // The same names in a later import mean the same categories.
        let intake = Intake::new(db.clone(), room.clock.clone(), &more);
        let file = room.write("again.jsonl", &lines.join("\n"));
        let again = intake.import(&[file], &Options::default(), &Arc::default()).await.unwrap();
        assert_eq!((again.unchanged, again.unlisted.len()), (3, 0), "{again}");
        let versions = room.feed("tout").await;
        articles::declare(&db, &more.categories, "lettres.exemple.tg", room.clock.now()).await.unwrap();
        assert_eq!(room.feed("tout").await, versions, "declaring twice changes nothing");
    })
    .await;
}

#[tokio::test]
async fn one_guid_in_two_sources_is_one_entry_and_a_new_one() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let file = room
            .write("a.jsonl", &line("https://exemple.tg/?p=1", "Un", "Politique", "2026-11-23T06:00:00Z"));
        for source in ["site", "blog"] {
            let options = Options { source: Some(source.into()), ..Options::default() };
            assert_eq!(room.import(std::slice::from_ref(&file), &options).await.new, 1);
        }
        let ids: Vec<String> =
            articles::list(&db, None, 9).await.unwrap().into_iter().map(|a| a.entry_id).collect();
        assert!(ids.contains(&"https://exemple.tg/?p=1".to_owned()) && ids[0] != ids[1], "{ids:?}");
    })
    .await;
}

#[tokio::test]
async fn the_api_takes_all_or_nothing() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let one = line("a", "Un", "Politique", "2026-11-23T06:00:00Z");
        let first = room.intake.accept("api", one.as_bytes()).await.unwrap();
        assert!(first.is_new());
        let second = room.intake.accept("api", one.as_bytes()).await.unwrap();
        let Accepted::Stored(stored) = second else { panic!("{second:?}") };
        assert_eq!((stored[0].result, stored[0].id.as_str()), ("unchanged", "a"));
        let array = format!("[{}, {{\"id\": \"c\"}}]", one.replace("\"a\"", "\"b\""));
        let Accepted::Faulty(faults) = room.intake.accept("api", array.as_bytes()).await.unwrap() else {
            panic!()
        };
        assert!(faults.iter().all(|f| &*f.place.file == "articles[1]"), "{faults:?}");
        assert_eq!(articles::list(&db, None, 9).await.unwrap().len(), 1);
        let Accepted::Faulty(faults) = room.intake.accept("api", b"nonsense").await.unwrap() else {
            panic!()
        };
        assert!(faults[0].reason.starts_with("not JSON"));
        let retracted = room.intake.accept("api", br#"[{"id": "a", "retracted": true}]"#).await.unwrap();
        assert!(matches!(&retracted, Accepted::Stored(s) if s[0].result == "retracted"), "{retracted:?}");
    })
    .await;
}

#[tokio::test]
async fn a_folder_gives_whole_files_once_and_reports_what_was_wrong() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let path = room.folder.path().join("arrivages");
        let text = format!("{CONFIG}[[source]]\nfolder = \"{}\"\nname = \"site\"\n", path.display());
        let mut folder = Folder::of(&config(&text).sources[0]).unwrap();
        assert!(folder.poll(&room.intake).await.unwrap().is_empty(), "the folder is made");
        let good = line("a", "Un", "Politique", "2026-11-23T06:00:00Z");
        std::fs::write(path.join("1.jsonl"), &good[..40]).unwrap();
        std::fs::write(path.join(".cache.jsonl"), "x").unwrap();
        std::fs::write(path.join("2.jsonl.part"), "x").unwrap();
        assert!(folder.poll(&room.intake).await.unwrap().is_empty(), "seen for the first time");
        std::fs::write(path.join("1.jsonl"), &good).unwrap();
        assert!(folder.poll(&room.intake).await.unwrap().is_empty(), "it grew since");
        let taken = folder.poll(&room.intake).await.unwrap();
        assert_eq!(taken.len(), 1);
        assert_eq!((taken[0].moved_to.clone(), taken[0].summary.new), (path.join("done/1.jsonl"), 1));
        assert_eq!(room.article("a").await.source, "site");

        std::fs::write(path.join("1.jsonl"), format!("{}\nnonsense", good.replace("\"a\"", "\"b\"")))
            .unwrap();
        std::fs::copy(fixture("wordpress-2.xml"), path.join("w2.xml")).unwrap();
        std::fs::copy(fixture("wordpress-1.xml"), path.join("w1.xml")).unwrap();
        folder.poll(&room.intake).await.unwrap();
        let taken = folder.poll(&room.intake).await.unwrap();
        let moved: Vec<_> = taken
            .iter()
            .map(|t| t.moved_to.strip_prefix(&path).unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(moved, ["rejected/1.jsonl", "done/w1.xml", "done/w2.xml"]);
        let report = std::fs::read_to_string(path.join("rejected/1.jsonl.report.txt")).unwrap();
        assert!(report.starts_with("1 new, 0 updated") && report.contains("1.jsonl:2: not JSON"), "{report}");
        assert_eq!(room.article("101").await.image.unwrap().alt, "Des grues sur le quai");
        assert!(folder.poll(&room.intake).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn two_imports_of_the_same_articles_at_once_make_each_article_once() {
    each_engine(async |db| {
        let room = Newsroom::new(&db);
        let mut lines: Vec<String> = (0..300)
            .map(|i| line(&i.to_string(), &format!("Titre {i}"), "Politique", "2026-11-23T06:00:00Z"))
            .collect();
        let there = room.write("there.jsonl", &lines.join("\n"));
        lines.reverse();
        let back = room.write("back.jsonl", &lines.join("\n"));
        let options = Options::default();
        let (there, back) = ([there], [back]);
        let (a, b) = tokio::join!(room.import(&there, &options), room.import(&back, &options));
        assert_eq!(a.new + b.new, 300, "{a} {b}");
        assert_eq!(a.unchanged + b.unchanged, 300);
        let (count,): (i64,) = fetch_one!(db, COUNT).unwrap();
        assert_eq!(count, 300);
    })
    .await;
}
