//! What comes back: a corpus of reports, forged and repeated ones, soft bounces in a row, leaving by mail.

use kiosque::clock::{DAY, HOUR};
use kiosque::db::Db;
use kiosque::delivery::DeliveryId;
use kiosque::delivery::bounces::{self, Bounce, Class, Effect, Polled, REPORT_WITHIN};
use kiosque::subscribers::{self, Listing, Reason, Wave};

use crate::support::database::each_engine;
use crate::support::program::Place;
use crate::support::returned::Returned;

/// What a report of the corpus does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// Suppresses at once.
    Hard,
    /// Is counted.
    Soft,
    /// Stands on the delivery.
    Other,
    /// Suppresses at once.
    Complaint,
    /// Ends the subscription.
    Leaves,
    /// Nothing, but it was about our mail.
    Nothing,
    /// Nothing, and the mailbox is left as it was.
    LeftAlone,
}

const CORPUS: &[(&str, Does)] = &[
    ("alias-half-dead", Does::Nothing),
    ("arf-authentication", Does::LeftAlone),
    ("arf-list-unsubscribe-only", Does::Complaint),
    ("arf-microsoft", Does::Complaint),
    ("arf-signal-spam", Does::Complaint),
    ("arf-yahoo", Does::Complaint),
    ("exchange-full-fr", Does::Soft),
    ("exchange-policy", Does::Other),
    ("exchange-unknown-fr", Does::Hard),
    ("exim-old-text", Does::Soft),
    ("exim-unknown", Does::Hard),
    ("forwarded-by-a-person", Does::LeftAlone),
    ("free-quota", Does::Soft),
    ("gmail-unauthenticated", Does::Other),
    ("gmail-unknown", Does::Hard),
    ("hostile", Does::Hard),
    ("jmrp-old", Does::Complaint),
    ("laposte-unknown", Does::Hard),
    ("letter", Does::LeftAlone),
    ("orange-spam", Does::Other),
    ("orange-unknown", Does::Hard),
    ("postfix-delayed", Does::Nothing),
    ("postfix-expired", Does::Other),
    ("postfix-headers-only", Does::Hard),
    ("postfix-relayed", Does::Nothing),
    ("postfix-unknown", Does::Hard),
    ("qmail", Does::Soft),
    ("read-receipt", Does::LeftAlone),
    ("sendmail-unknown", Does::Hard),
    ("success-called-failed", Does::Nothing),
    ("text-delay-fr", Does::Nothing),
    ("text-fr", Does::Soft),
    ("unsubscribe-gmail", Does::Leaves),
    ("vacation-exchange-fr", Does::LeftAlone),
    ("vacation-sieve-fr", Does::LeftAlone),
];

/// The readers of the corpus, in its order, for whom a report does this.
fn readers(does: &[Does]) -> Vec<String> {
    let fits = CORPUS.iter().enumerate().filter(|(_, (_, one))| does.contains(one));
    fits.map(|(at, _)| format!("lecteur{}@exemple.tg", at + 1)).collect()
}

#[tokio::test]
async fn each_report_of_the_corpus_does_what_it_should_and_nothing_twice() {
    let files = std::fs::read_dir("tests/fixtures/reports").unwrap().count();
    assert_eq!(files, CORPUS.len(), "every file of the corpus is tried");
    each_engine(async |db| {
        let returned = Returned::from_readers(&db, i64::try_from(CORPUS.len()).unwrap()).await;
        for (at, (name, _)) in CORPUS.iter().enumerate() {
            let raw = returned.report(name, i64::try_from(at + 1).unwrap(), "");
            returned.put(&format!("{at:03}.{name}"), &raw);
        }
        let left_alone = readers(&[Does::LeftAlone]).len();
        let ours = u64::try_from(CORPUS.len() - left_alone).unwrap();
        let polled = returned.poll().await;
        let alone = u64::try_from(left_alone).unwrap();
        assert_eq!(polled, Polled::Read { ours, left_alone: alone, more: false });
        check_corpus(&returned).await;
        for (at, (name, does)) in CORPUS.iter().enumerate() {
            let file = format!("{at:03}.{name}");
            let place =
                if *does == Does::LeftAlone { format!("new/{file}") } else { format!("cur/{file}:2,S") };
            assert!(returned.maildir(&place).exists(), "{place}");
        }
        // Again: as they are, and once more under other names and Message-IDs.
        assert_eq!(returned.poll().await, Polled::Read { ours: 0, left_alone: 0, more: false });
        for (at, (name, _)) in CORPUS.iter().enumerate() {
            let raw = returned.report(name, i64::try_from(at + 1).unwrap(), "again.");
            returned.put(&format!("{at:03}.{name}.again"), &raw);
        }
        assert!(matches!(returned.poll().await, Polled::Read { .. }));
        check_corpus(&returned).await;
        let state = bounces::mailbox_states(&db).await.unwrap().remove(0);
        assert_eq!((state.reports, state.left_alone), (2 * ours as i64, 2 * left_alone as i64));
    })
    .await;
}

async fn check_corpus(returned: &Returned) {
    let bounced = returned.bounces().await;
    let of_class = |class: &str| -> Vec<String> {
        bounced.iter().filter(|(_, c, ..)| c == class).map(|(address, ..)| address.clone()).collect()
    };
    assert_eq!(of_class("hard"), readers(&[Does::Hard]));
    assert_eq!(of_class("soft"), readers(&[Does::Soft]));
    assert_eq!(of_class("other"), readers(&[Does::Other]));
    assert_eq!(of_class("complaint"), readers(&[Does::Complaint]));
    let suppressed = returned.suppressed().await;
    let of_reason = |reason: &str| -> Vec<String> {
        suppressed.iter().filter(|(_, r)| r == reason).map(|(address, _)| address.clone()).collect()
    };
    assert_eq!(of_reason("hard_bounce"), readers(&[Does::Hard]));
    assert_eq!(of_reason("complaint"), readers(&[Does::Complaint]));
    assert_eq!(suppressed.len(), readers(&[Does::Hard, Does::Complaint]).len());
    assert_eq!(returned.left().await, readers(&[Does::Leaves]));
    // What a host writes comes out on one line that no terminal and no page takes for more than words.
    let hostile = bounced.iter().find(|(.., reply)| reply.contains("<script>")).unwrap();
    assert!(hostile.3.chars().all(|c| !c.is_control() && c != '\u{202E}'), "{hostile:?}");
}

#[tokio::test]
async fn what_no_token_of_ours_vouches_for_or_comes_too_late_has_no_effect() {
    each_engine(async |db| {
        let returned = Returned::from_readers(&db, 3).await;
        let forge = |raw: Vec<u8>| {
            // Another letter in every token: the last of `retours+…@` and of `/u/…`.
            let text = String::from_utf8(raw).unwrap();
            let swap = |c: char| if c == 'a' { 'b' } else { 'a' };
            let forged = text.split('@').map(|part| match part.rsplit_once('+') {
                Some((before, tag)) if tag.len() >= 32 => {
                    let (kept, last) = tag.split_at(tag.len() - 1);
                    format!("{before}+{kept}{}", swap(last.chars().next().unwrap()))
                }
                _ => part.to_owned(),
            });
            forged.collect::<Vec<_>>().join("@").replace("ed-", "xx-").replace("/u/A", "/u/B").into_bytes()
        };
        for name in ["postfix-unknown", "arf-yahoo", "arf-signal-spam", "unsubscribe-gmail"] {
            returned.put(&format!("forged.{name}"), &forge(returned.report(name, 1, "")));
        }
        assert_eq!(returned.poll().await, Polled::Read { ours: 0, left_alone: 4, more: false });
        // Garbage and a message too large for its part.
        returned.put("garbage.1", &[0xFF; 4096]);
        returned.put("garbage.2", b"");
        let long = [returned.report("postfix-unknown", 2, "long."), vec![b'x'; 3 << 20]].concat();
        returned.put("long", &long);
        assert_eq!(returned.poll().await, Polled::Read { ours: 1, left_alone: 2, more: false });
        assert_eq!(returned.bounces().await.len(), 1, "the beginning of a long report is enough");
        returned.post.room.clock.advance(REPORT_WITHIN);
        for name in ["postfix-unknown", "arf-yahoo", "arf-signal-spam"] {
            returned.put(&format!("late.{name}"), &returned.report(name, 3, "late."));
        }
        assert_eq!(returned.poll().await, Polled::Read { ours: 3, left_alone: 0, more: false });
        assert_eq!(returned.bounces().await.len(), 1);
        assert_eq!(returned.suppressed().await.len(), 1);
        // A "no" is a "no" whenever it comes.
        returned.put("unsubscribe", &returned.report("unsubscribe-gmail", 3, ""));
        returned.poll().await;
        assert_eq!(returned.left().await, ["lecteur3@exemple.tg"]);
    })
    .await;
}

#[tokio::test]
async fn a_report_that_is_read_again_does_not_undo_what_a_person_decided_since() {
    each_engine(async |db| {
        let returned = Returned::from_readers(&db, 2).await;
        let bounce = returned.report("postfix-unknown", 1, "");
        let no = returned.report("unsubscribe-gmail", 2, "");
        returned.put("1", &bounce);
        returned.put("2", &no);
        returned.poll().await;
        assert_eq!((returned.suppressed().await.len(), returned.left().await.len()), (1, 1));
        // The wave was false, and the reader came back by the form.
        let until = returned.now().plus(DAY);
        let since = returned.now().plus(-DAY);
        let wave = Wave { reason: Reason::HardBounce, domain: Some("exemple.tg".into()), since, until };
        let lifted = subscribers::lift_wave(&db, &wave, "afi", returned.now()).await.unwrap();
        assert_eq!((lifted.lifted, lifted.by.as_str()), (1, "afi"));
        returned.post.room.sql("UPDATE subscriptions SET state = 'confirmed', left_at = NULL").await;
        // The mailbox is moved to another server: every file has another name.
        returned.put("3", &bounce);
        returned.put("4", &no);
        assert_eq!(returned.poll().await, Polled::Read { ours: 2, left_alone: 0, more: false });
        assert_eq!((returned.suppressed().await.len(), returned.left().await.len()), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_is_read_by_one_node_at_a_time_and_at_its_pace() {
    each_engine(async |db| {
        let returned = Returned::from_readers(&db, 1).await;
        returned.put("1", &returned.report("postfix-unknown", 1, ""));
        let mailbox = format!("maildir:{}", returned.maildir("").display());
        let mailbox = bounces::Mailbox::of(&crate::support::returned::table(&mailbox, "every = \"10m\""));
        let tls = kiosque::delivery::smtp::TlsClient::new(Vec::new()).unwrap();
        let (a, b) = tokio::join!(mailbox.poll(&returned.office, &tls), mailbox.poll(&returned.office, &tls));
        let read =
            [a.unwrap(), b.unwrap()].into_iter().filter(|polled| matches!(polled, Polled::Read { .. }));
        assert_eq!(read.count(), 1);
        let due = returned.now().plus(10 * 60_000);
        assert_eq!(mailbox.poll(&returned.office, &tls).await.unwrap(), Polled::NotDue(due));
        returned.post.room.clock.set(due);
        let read = mailbox.poll(&returned.office, &tls).await.unwrap();
        assert_eq!(read, Polled::Read { ours: 0, left_alone: 0, more: false });
    })
    .await;
}

/// A row as an edition long ago left it; gives its number.
async fn sent_days_ago(returned: &Returned, days: i64) -> DeliveryId {
    let at = returned.now().plus(-days * DAY).millis();
    let room = &returned.post.room;
    room.sql(&format!(
        "INSERT INTO deliveries (kind, dedup_key, priority, variant_id, address, address_hash, recipient_group,
            message_id, state, due_at, expires_at, created_at, finished_at)
         SELECT 'edition', 'then:{days}', 5, variant_id, address, address_hash, recipient_group,
            'then-{days}@x.tg', 'sent', {at}, {at}, {at}, {at} FROM deliveries WHERE address = 'lecteur1@exemple.tg'
            ORDER BY id LIMIT 1"
    ))
    .await;
    DeliveryId(room.number(&format!("SELECT id FROM deliveries WHERE dedup_key = 'then:{days}'")).await)
}

async fn record(returned: &Returned, delivery: DeliveryId, class: Class) -> Effect {
    let bounce = Bounce {
        class,
        status: Some("5.2.2".into()),
        reply: Some("552 5.2.2 boîte pleine".into()),
        reporter: None,
    };
    let mut tx = returned.office.db.begin_durable().await.unwrap();
    let effect = bounces::record(&mut tx, delivery, &bounce, returned.now()).await.unwrap();
    tx.commit().await.unwrap();
    effect
}

async fn soft_bounces(db: &Db, days: &[i64], arrived: &[i64]) -> Vec<Effect> {
    let returned = Returned::from_readers(db, 1).await;
    // The edition of the newsroom itself has come back for no reason of the reader's.
    let own = DeliveryId(returned.post.room.number("SELECT min(id) FROM deliveries").await);
    returned.post.room.clock.advance(60 * DAY);
    assert_eq!(record(&returned, own, Class::Other).await, Effect::Recorded);
    for days in arrived {
        sent_days_ago(&returned, *days).await;
    }
    let mut effects = Vec::new();
    for days in days {
        let id = sent_days_ago(&returned, *days).await;
        effects.push(record(&returned, id, Class::Soft).await);
    }
    effects
}

#[tokio::test]
async fn five_editions_in_a_row_over_fourteen_days_suppress_and_fewer_do_not() {
    use Effect::{Recorded, Repeated, Suppressed};
    each_engine(async |db| {
        let effects = soft_bounces(&db, &[20, 16, 12, 8, 5], &[]).await;
        assert_eq!(effects, [Recorded, Recorded, Recorded, Recorded, Suppressed]);
    })
    .await;
    each_engine(async |db| {
        // Enough editions, but within few days; the first that is 14 days after the first of them decides.
        let effects = soft_bounces(&db, &[16, 15, 14, 13, 12, 4, 2, 1], &[]).await;
        assert_eq!(effects[..6], [Recorded; 6]);
        assert_eq!(effects[6..], [Suppressed, Repeated]);
    })
    .await;
    each_engine(async |db| {
        // One that arrived between begins the row anew.
        let effects = soft_bounces(&db, &[40, 36, 32, 28, 24, 20], &[30]).await;
        assert_eq!(effects, [Recorded; 6]);
    })
    .await;
    each_engine(async |db| {
        // One that left yesterday may still come back; one that left ten days ago has arrived.
        let effects = soft_bounces(&db, &[40, 36, 32, 28, 24], &[1]).await;
        assert_eq!(effects[4], Suppressed);
    })
    .await;
    each_engine(async |db| {
        let effects = soft_bounces(&db, &[40, 36, 32, 28, 24], &[10]).await;
        assert_eq!(effects, [Recorded; 5]);
    })
    .await;
}

#[tokio::test]
async fn a_false_wave_is_lifted_for_its_domain_and_time_and_leaves_complaints_alone() {
    each_engine(async |db| {
        let returned = Returned::from_readers(&db, 4).await;
        returned.put("1", &returned.report("postfix-unknown", 1, ""));
        returned.put("2", &returned.report("arf-yahoo", 2, ""));
        returned.poll().await;
        let began = returned.now();
        returned.post.room.clock.advance(2 * HOUR);
        returned.put("3", &returned.report("gmail-unknown", 3, ""));
        returned.poll().await;
        let wave = |domain: &str, since, until| Wave {
            reason: Reason::HardBounce,
            domain: Some(domain.to_owned()),
            since,
            until,
        };
        let (now, hour_after) = (returned.now(), began.plus(HOUR));
        let elsewhere = wave("ailleurs.tg", began.plus(-DAY), now.plus(DAY));
        assert_eq!(subscribers::wave_size(&db, &elsewhere).await.unwrap(), 0);
        let first = wave("exemple.tg", began.plus(-DAY), hour_after);
        assert_eq!(subscribers::wave_size(&db, &first).await.unwrap(), 1);
        assert_eq!(returned.suppressed().await.len(), 3, "counting lifts nothing");
        assert_eq!(subscribers::lift_wave(&db, &first, "afi", now).await.unwrap().lifted, 1);
        let rest = [("lecteur2@exemple.tg", "complaint"), ("lecteur3@exemple.tg", "hard_bounce")];
        assert_eq!(returned.suppressed().await, rest.map(|(a, r)| (a.to_owned(), r.to_owned())));
        let kept = subscribers::lifts(&db, 10).await.unwrap();
        assert_eq!((kept.len(), kept[0].lifted, kept[0].at), (1, 1, now));
        let listing =
            Listing { reason: None, domain: None, since: hour_after, until: now.plus(DAY), most: 10 };
        let listed = subscribers::list_suppressions(&db, &listing).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert!(listed[0].reply.as_deref().unwrap().contains("does not exist"), "{listed:?}");
    })
    .await;
}

#[test]
fn the_command_line_lists_and_lifts_and_keeps_who_did() {
    let place = Place::new();
    place.write("non.csv", "address\nafi@exemple.org\nkoffi@exemple.org\nessi@ailleurs.org\n");
    place.out(&["subscriber", "import", "non.csv", "--as", "suppressed"]);
    assert_eq!(place.json(&["suppression", "list"]).as_array().unwrap().len(), 3);
    let listed = place.out(&["suppression", "list", "--domain", "ailleurs.org"]);
    assert!(listed.contains("ailleurs.org") && !listed.contains("exemple.org"), "{listed}");
    let between = ["--between", "2020-01-01", "2100-01-01"];
    let lift = |more: &[&'static str]| [&["suppression", "lift"], &between[..], more].concat();
    let tried = place.out(&lift(&["--reason", "imported", "--domain", "exemple.org", "--dry-run"]));
    assert_eq!(tried, "2 would be mailed again; nothing was changed\n");
    assert_eq!(place.json(&lift(&["--reason", "bounce"]))["lifted"], 0);
    let lifted = place.json(&lift(&["--reason", "imported", "--domain", "EXEMPLE.org"]));
    assert_eq!((&lifted["lifted"], &lifted["domain"]), (&2.into(), &"exemple.org".into()));
    assert_eq!(place.json(&["suppression", "list"]).as_array().unwrap().len(), 1);
    let records = place.json(&["suppression", "list", "--lifted"]);
    assert_eq!((records[0]["lifted"].as_i64(), records[1]["lifted"].as_i64()), (Some(2), Some(0)));
    let backwards =
        place.run(&["suppression", "lift", "--reason", "bounce", "--between", "2100-01-01", "2020-01-01"]);
    assert_eq!(backwards.status, Some(2), "{}", backwards.err);
}
