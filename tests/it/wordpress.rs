//! A WordPress export on its whole way: into the store, out in feeds, out in a digest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiosque::app::App;
use kiosque::articles::{Intake, Options, Progress};
use kiosque::clock::{Clock, Timestamp};
use kiosque::feeds::Found;
use kiosque::feeds::snapshot::Coding;

use crate::support::database::each_engine;
use crate::support::newsroom;

/// 2021-03-07T06:30:00Z, a Sunday, half an hour before the slot.
const NOW: Timestamp = Timestamp::from_millis(1_615_098_600_000);

/// Everything since the Sunday before.
const WEEKLY: &str = "schedule = \"0 7 * * 0\"\ntimezone = \"Africa/Lome\"";

/// What neither a feed nor a digest may show: shortcodes and Joomla's tags, what is not published, other people's words.
const DEBRIS: [&str; 12] = [
    "[gallery",
    "[caption",
    "[vc_",
    "{load",
    "wp:paragraph",
    "data:image",
    "Brouillon",
    "Protégé",
    "Privé",
    "Planifié",
    "Bravo",
    "Non classé",
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

#[tokio::test]
async fn a_wordpress_export_comes_out_right_in_feed_and_digest() {
    each_engine(async |db| {
        let app = App::build(newsroom::config(WEEKLY), db.clone(), Clock::test(NOW)).await.unwrap();
        app.take_up().await.unwrap();
        let intake = Intake::new(db.clone(), app.clock.clone(), &app.config);
        let parts = [fixture("wordpress-1.xml"), fixture("wordpress-2.xml")];
        let summary = intake.import(&parts, &Options::default(), &Arc::<Progress>::default()).await.unwrap();
        assert_eq!((summary.new, summary.rejected), (4, 0), "{summary}");

        app.feeds.refresh(&db, NOW).await.unwrap();
        let Found::Ready(snapshot) = app.feeds.find("economie.rss") else { panic!("the feed is ready") };
        let feed = String::from_utf8(snapshot.body(Coding::Identity).to_vec()).unwrap();
        let channel = rss::Channel::read_from(feed.as_bytes()).expect("another reader takes it");
        let titles: Vec<&str> = channel.items().iter().filter_map(rss::Item::title).collect();
        assert_eq!(titles, ["Un festival sous les manguiers", "Port de Lomé\u{a0}: l’année record & après"]);
        let port = &channel.items()[1];
        let guid = port.guid().expect("a guid");
        assert_eq!((guid.value(), guid.is_permalink()), ("https://www.exemple.tg/?p=101", false));
        assert_eq!(port.pub_date(), Some("Thu, 4 Mar 2021 07:30:00 +0000"));
        let content = port.content().expect("the full text");
        assert!(
            content.contains("https://www.exemple.tg/wp-content/uploads/2021/03/quai-600x400.jpg"),
            "{content}"
        );

        let preview = app.desk.preview("matinale", NOW).await.unwrap();
        let (_, mail, _) = &preview.mails[0];
        assert_eq!(mail.subject, "Un festival sous les manguiers");
        for title in [
            "Un festival sous les manguiers",
            "La fibre avance",
            "Port de Lomé\u{a0}: l’année record & après",
        ] {
            assert!(mail.text.contains(title), "{title} is missing in:\n{}", mail.text);
        }
        // « Non classé » is no rubric, so its article has no place in a digest; the feed of everything has it.
        assert!(!mail.text.contains("Sans rubrique"));
        let Found::Ready(all) = app.feeds.find("tout.atom") else { panic!("the feed is ready") };
        let all = String::from_utf8(all.body(Coding::Identity).to_vec()).unwrap();
        assert!(all.contains("Sans rubrique"));
        for debris in DEBRIS {
            for (place, text) in [("feed", &feed), ("tout", &all), ("mail", &mail.html), ("text", &mail.text)]
            {
                assert!(!text.contains(debris), "{debris} is in the {place}");
            }
        }
    })
    .await;
}
