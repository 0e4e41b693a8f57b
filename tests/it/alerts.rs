//! What is wrong reaches a person, once, and so does its end.

use kiosque::alerts::{self, Kind};
use kiosque::clock::{HOUR, MINUTE, SECOND, Timestamp};

use crate::support::database::each_engine;

const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000); // Monday 23 November 2026, 8:00 UTC

#[tokio::test]
async fn what_goes_on_is_one_alert_that_counts_and_ends_once() {
    each_engine(async |db| {
        let raise =
            async |at| alerts::raise(&db, Kind::GroupStopped, "orange.fr", "550 5.7.1", at).await.unwrap();
        assert!(raise(NOW).await);
        assert!(!raise(NOW.plus(SECOND)).await, "seen again");
        assert!(!raise(NOW.plus(5 * MINUTE)).await);
        assert!(alerts::raise(&db, Kind::GroupStopped, "free.fr", "", NOW).await.unwrap(), "another group");
        let open = alerts::open(&db, Kind::GroupStopped).await.unwrap();
        assert_eq!(
            open.iter().map(|a| (a.subject.as_str(), a.count)).collect::<Vec<_>>(),
            [("orange.fr", 2), ("free.fr", 1)]
        );
        assert!(alerts::end(&db, Kind::GroupStopped, "orange.fr", NOW.plus(HOUR)).await.unwrap());
        assert!(!alerts::end(&db, Kind::GroupStopped, "orange.fr", NOW.plus(HOUR)).await.unwrap());
        assert!(!alerts::end(&db, Kind::RelayTrouble, "orange.fr", NOW).await.unwrap(), "never raised");
        assert_eq!(alerts::all_open(&db).await.unwrap().len(), 1);
        assert!(!raise(NOW.plus(2 * HOUR)).await, "its end was not told: it goes on");
        assert_eq!(alerts::all_open(&db).await.unwrap()[0].count, 3);
        alerts::end_all_but(&db, Kind::GroupStopped, &["free.fr".to_owned()], NOW.plus(3 * HOUR))
            .await
            .unwrap();
        assert_eq!(alerts::all_open(&db).await.unwrap()[0].subject, "free.fr");
    })
    .await;
}
