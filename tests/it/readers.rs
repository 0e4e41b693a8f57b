//! Readers: asking, confirming, leaving, coming back; what stops a mail and what lets it go again.

use std::slice;
use std::sync::Arc;

use kiosque::clock::{Clock, DAY, HOUR, MINUTE, Timestamp};
use kiosque::db::{Db, Keys, Purpose};
use kiosque::mail::{Address, Mailbox};
use kiosque::subscribers::{
    self, AddressHash, Asked, Asking, ConfirmationDue, Confirmed, Enrolled, Enrolment, Event, Filter,
    Leaving, Left, Link, Newsletter, Reader, Reason, Refused, Scope, SubscriptionId, SubscriptionState,
    UnsubscribeToken, Wanted,
};
use kiosque::{execute, fetch_one, statements};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::database::each_engine;

statements! {
    ADD_NEWSLETTER = "INSERT INTO newsletters (slug, title, schedule, timezone, taken_up_at, created_at)
        VALUES ($1, $2, '0 7 * * *', 'Africa/Lome', 0, 0)";
    ADD_ALIAS = "INSERT INTO newsletter_aliases (slug, newsletter_id) VALUES ($1, $2)";
    COUNT_SUBSCRIPTIONS = "SELECT COUNT(*) FROM subscriptions WHERE state = $1";
    COUNT_LINKS = "SELECT COUNT(*) FROM confirmations WHERE token_hash IS NOT NULL";
}

/// Monday 23 November 2026, 7 h in Lomé.
const START: Timestamp = Timestamp::from_millis(1_795_417_200_000);

/// A store with two newsletters, and what a scenario needs to play a reader.
#[derive(Clone)]
struct Stage {
    db: Db,
    keys: Keys,
    clock: Clock,
    matinale: Newsletter,
    soir: Newsletter,
}

impl Stage {
    async fn new(db: Db) -> Self {
        for (slug, title) in [("matinale", "La Matinale"), ("soir", "Le Soir")] {
            execute!(&db, ADD_NEWSLETTER, slug, title).unwrap();
        }
        let keys = Keys::load(&db).await.unwrap();
        let mut tx = db.begin_read().await.unwrap();
        let matinale = subscribers::find_newsletter(&mut tx, "matinale").await.unwrap().unwrap();
        let soir = subscribers::find_newsletter(&mut tx, "soir").await.unwrap().unwrap();
        drop(tx);
        Self { db, keys, clock: Clock::test(START), matinale, soir }
    }

    async fn ask(&self, address: &str, newsletters: &[&Newsletter]) -> Option<ConfirmationDue> {
        let wanted: Vec<Wanted> = newsletters.iter().map(|one| (*one).clone().into()).collect();
        let address = Address::parse(address).unwrap();
        let mut tx = self.db.begin_durable().await.unwrap();
        let now = self.clock.now();
        let asking = Asking { address: &address, first_name: None, wanted: &wanted, origin: "form" };
        let Asked { confirmation } = subscribers::ask(&mut tx, &self.keys, &asking, now).await.unwrap();
        tx.commit().await.unwrap();
        confirmation
    }

    fn token(&self, due: &ConfirmationDue) -> String {
        subscribers::confirmation_token(&self.keys, due.key, due.id, due.created_at).unwrap()
    }

    async fn look(&self, token: &str) -> Link {
        subscribers::look_at_confirmation(&self.db, token, self.clock.now()).await.unwrap()
    }

    async fn confirm(&self, token: &str) -> Confirmed {
        subscribers::confirm(&self.db, token, None, "page", self.clock.now()).await.unwrap()
    }

    async fn refuse(&self, token: &str) -> Refused {
        subscribers::refuse(&self.db, token, "page", self.clock.now()).await.unwrap()
    }

    async fn leave(&self, token: &str, scope: Scope) -> Left {
        subscribers::leave(&self.db, &self.keys, token, scope, "one-click", self.clock.now()).await.unwrap()
    }

    fn leaving_token(&self, subscription: SubscriptionId) -> String {
        UnsubscribeToken::write(self.keys.current(Purpose::Token), subscription)
    }

    async fn suppress(&self, address: &str, reason: Reason) -> bool {
        let address = Address::parse(address).unwrap();
        let hash = AddressHash::of(&self.keys, &address);
        let mut tx = self.db.begin_durable().await.unwrap();
        let now = self.clock.now();
        let done = subscribers::suppress(&mut tx, hash, address.domain(), reason, None, now).await.unwrap();
        tx.commit().await.unwrap();
        done
    }

    async fn reader(&self, address: &str) -> Reader {
        let address = Address::parse(address).unwrap();
        subscribers::show(&self.db, &self.keys, &address).await.unwrap().unwrap()
    }

    async fn count(&self, state: SubscriptionState) -> i64 {
        let (count,): (i64,) = fetch_one!(&self.db, COUNT_SUBSCRIPTIONS, state).unwrap();
        count
    }

    /// A confirmed reader of « La Matinale », and the token of his unsubscribe link.
    async fn subscribed(&self, address: &str) -> String {
        let due = self.ask(address, &[&self.matinale]).await.expect("a first asking is mailed");
        assert!(matches!(self.confirm(&self.token(&due)).await, Confirmed::Done(..)));
        self.leaving_token(due.subscription)
    }
}

fn events(reader: &Reader) -> Vec<Event> {
    reader.events.iter().map(|event| event.event).collect()
}

#[tokio::test]
async fn a_reader_asks_confirms_leaves_and_comes_back() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let due = stage.ask("ama@exemple.tg", &[&stage.matinale]).await.unwrap();
        assert_eq!(due.newsletters, slice::from_ref(&stage.matinale));
        assert_eq!(stage.reader("ama@exemple.tg").await.subscriptions[0].state, SubscriptionState::Pending);

        let Confirmed::Done(newsletters, receipt) = stage.confirm(&stage.token(&due)).await else { panic!() };
        assert_eq!(newsletters, slice::from_ref(&stage.matinale));
        assert!(receipt.reference.to_string().starts_with("C-"));
        assert_eq!(stage.reader("ama@exemple.tg").await.subscriptions[0].state, SubscriptionState::Confirmed);

        stage.clock.advance(DAY);
        let link = stage.leaving_token(due.subscription);
        let Left::Done(newsletters, receipt) = stage.leave(&link, Scope::This).await else { panic!() };
        assert_eq!(newsletters, slice::from_ref(&stage.matinale));
        assert!(receipt.reference.to_string().starts_with("D-"));
        let reader = stage.reader("ama@exemple.tg").await;
        assert_eq!(reader.subscriptions[0].state, SubscriptionState::Left);
        assert_eq!(reader.subscriptions[0].left_at, Some(START.plus(DAY)));

        stage.clock.advance(HOUR);
        let due = stage.ask("ama@exemple.tg", &[&stage.matinale]).await.unwrap();
        assert_eq!(
            stage.reader("ama@exemple.tg").await.subscriptions[0].state,
            SubscriptionState::Left,
            "asking alone brings nobody back: anybody can type an address"
        );
        assert!(matches!(stage.confirm(&stage.token(&due)).await, Confirmed::Done(..)));
        let reader = stage.reader("ama@exemple.tg").await;
        assert_eq!(reader.subscriptions[0].state, SubscriptionState::Confirmed);
        assert_eq!(reader.subscriptions[0].left_at, None);
        use Event::{Asked, Confirmed as Yes, Left as No};
        assert_eq!(events(&reader), [Asked, Yes, No, Asked, Yes]);
        assert_eq!(
            reader.events[0].wording,
            "Je souhaite recevoir «\u{a0}La Matinale\u{a0}» à cette adresse."
        );
        assert_eq!(reader.events[2].origin.as_deref(), Some("one-click"));
    })
    .await;
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let due = stage.ask("ama@exemple.tg", &[&stage.matinale]).await.unwrap();
        let token = stage.token(&due);
        let before = stage.reader("ama@exemple.tg").await;
        for _ in 0..3 {
            let Link::Open(open) = stage.look(&token).await else { panic!("the link is spent") };
            assert_eq!(open.newsletters, slice::from_ref(&stage.matinale));
            let link = stage.leaving_token(due.subscription);
            let leaving = subscribers::look_at_leaving(&stage.db, &stage.keys, &link).await.unwrap();
            assert!(matches!(leaving, Leaving::On(_)));
        }
        let after = stage.reader("ama@exemple.tg").await;
        assert_eq!(before.subscriptions, after.subscriptions);
        assert_eq!(before.events, after.events);
    })
    .await;
}

#[tokio::test]
async fn an_address_gets_one_link_a_day_and_three_until_it_confirms() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let ask = async || stage.ask("ama@exemple.tg", &[&stage.matinale]).await;
        let first = ask().await.expect("the first");
        for _ in 0..5 {
            stage.clock.advance(4 * HOUR);
            assert!(ask().await.is_none(), "a second link on one day");
        }
        assert!(
            stage.ask("AMA@Exemple.TG", &[&stage.soir]).await.is_none(),
            "another spelling is no other mailbox"
        );
        stage.clock.advance(4 * HOUR);
        assert!(ask().await.is_some(), "the second, a day later");
        stage.clock.advance(DAY);
        assert!(ask().await.is_some(), "the third");
        stage.clock.advance(DAY);
        assert!(ask().await.is_none(), "a fourth unanswered link");
        stage.clock.advance(DAY);
        assert!(ask().await.is_none());
        assert!(matches!(stage.confirm(&stage.token(&first)).await, Confirmed::Done(..)));
        stage.clock.advance(MINUTE);
        assert!(ask().await.is_some(), "confirmed: the count starts again");
    })
    .await;
}

#[tokio::test]
async fn many_askings_at_once_make_one_link() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let mut asking = JoinSet::new();
        for _ in 0..20 {
            let stage = stage.clone();
            asking.spawn(async move { stage.ask("ama@exemple.tg", &[&stage.matinale]).await.is_some() });
        }
        let links = asking.join_all().await.into_iter().filter(|mailed| *mailed).count();
        assert_eq!(links, 1);
        let (kept,): (i64,) = fetch_one!(&stage.db, COUNT_LINKS).unwrap();
        assert_eq!(kept, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asking_confirming_and_leaving_at_once_never_block_each_other() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let both = [&stage.matinale, &stage.soir];
        for _ in 0..10 {
            stage.clock.advance(DAY);
            let on = stage.ask("ama@exemple.tg", &both).await.unwrap();
            stage.confirm(&stage.token(&on)).await;
            stage.clock.advance(DAY);
            let due = stage.ask("ama@exemple.tg", &both).await.unwrap();
            let subscriptions = stage.reader("ama@exemple.tg").await.subscriptions;
            let links: Vec<_> = subscriptions.iter().map(|one| stage.leaving_token(one.id)).collect();
            let start = Arc::new(Barrier::new(12));
            let mut acting = JoinSet::new();
            for actor in 0..12 {
                let (stage, due, start) = (stage.clone(), due.clone(), Arc::clone(&start));
                let link = links[actor % 2].clone();
                acting.spawn(async move {
                    start.wait().await;
                    match actor / 2 {
                        0..3 => drop(stage.leave(&link, Scope::All).await),
                        3 => drop(stage.leave(&link, Scope::This).await),
                        4 => drop(stage.confirm(&stage.token(&due)).await),
                        _ => drop(stage.ask("ama@exemple.tg", &[&stage.soir, &stage.matinale]).await),
                    }
                });
            }
            while let Some(done) = acting.join_next().await {
                done.expect("no deadlock, no error");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn one_link_confirms_all_that_was_asked_for_together() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let due = stage.ask("ama@exemple.tg", &[&stage.soir, &stage.matinale]).await.unwrap();
        let Confirmed::Done(newsletters, _) = stage.confirm(&stage.token(&due)).await else { panic!() };
        assert_eq!(newsletters.len(), 2);
        assert_eq!(stage.count(SubscriptionState::Confirmed).await, 2);
    })
    .await;
}

#[tokio::test]
async fn what_was_asked_for_after_the_mail_is_confirmed_only_when_the_page_showed_it() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let due = stage.ask("ama@exemple.tg", &[&stage.matinale]).await.unwrap();
        stage.clock.advance(HOUR);
        let Link::Open(before) = stage.look(&stage.token(&due)).await else { panic!() };
        stage.clock.advance(HOUR);
        assert!(stage.ask("ama@exemple.tg", &[&stage.soir]).await.is_none());
        stage.clock.advance(HOUR);
        let Link::Open(after) = stage.look(&stage.token(&due)).await else { panic!() };
        assert_eq!(before.newsletters, slice::from_ref(&stage.matinale));
        assert_eq!(after.newsletters, [stage.matinale.clone(), stage.soir.clone()]);

        let confirm = async |token: &str, seen| {
            subscribers::confirm(&stage.db, token, seen, "page", stage.clock.now()).await.unwrap()
        };
        let Confirmed::Done(done, _) = confirm(&stage.token(&due), Some(before.seen)).await else { panic!() };
        assert_eq!(done, slice::from_ref(&stage.matinale));

        let due = stage.ask("kofi@exemple.tg", &[&stage.matinale]).await.unwrap();
        stage.clock.advance(HOUR);
        assert!(stage.ask("kofi@exemple.tg", &[&stage.soir]).await.is_none());
        let far = Some(stage.clock.now().plus(DAY));
        let Confirmed::Done(done, _) = confirm(&stage.token(&due), far).await else { panic!() };
        assert_eq!(done, [stage.matinale.clone(), stage.soir.clone()]);
    })
    .await;
}

#[tokio::test]
async fn a_confirmation_link_works_once_for_seven_days_and_only_unharmed() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let due = stage.ask("ama@exemple.tg", &[&stage.matinale]).await.unwrap();
        let token = stage.token(&due);
        for place in 0..token.len() {
            let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            assert!(matches!(stage.confirm(&changed).await, Confirmed::Unknown), "character {place}");
        }
        for harmed in
            ["", &token[1..], &token[..42], &format!("{token}A"), &stage.leaving_token(due.subscription)]
        {
            assert!(matches!(stage.confirm(harmed).await, Confirmed::Unknown), "{harmed:?}");
            assert!(matches!(stage.refuse(harmed).await, Refused::Unknown), "{harmed:?}");
            assert!(matches!(stage.look(harmed).await, Link::Unknown), "{harmed:?}");
        }
        assert!(
            matches!(stage.leave(&token, Scope::This).await, Left::Unknown),
            "a token of another purpose"
        );
        assert_eq!(stage.count(SubscriptionState::Pending).await, 1);

        stage.clock.advance(7 * DAY - 1);
        let Confirmed::Done(_, first) = stage.confirm(&token).await else { panic!("its last moment") };
        let Confirmed::Done(_, second) = stage.confirm(&token).await else { panic!("a double click") };
        assert_eq!(first, second);
        assert!(matches!(stage.look(&token).await, Link::Confirmed(..)));
        assert!(matches!(stage.refuse(&token).await, Refused::Gone));

        stage.leave(&stage.leaving_token(due.subscription), Scope::This).await;
        assert!(matches!(stage.confirm(&token).await, Confirmed::Gone), "an old link brought a reader back");
        assert!(matches!(stage.look(&token).await, Link::Gone));
        assert_eq!(stage.count(SubscriptionState::Left).await, 1);

        let late = stage.ask("kofi@exemple.tg", &[&stage.matinale]).await.unwrap();
        stage.clock.advance(7 * DAY);
        assert!(matches!(stage.look(&stage.token(&late)).await, Link::Gone));
        assert!(matches!(stage.confirm(&stage.token(&late)).await, Confirmed::Gone));
        assert_eq!(stage.count(SubscriptionState::Pending).await, 1);
    })
    .await;
}

#[tokio::test]
async fn leaving_twice_is_leaving_once() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let link = stage.subscribed("ama@exemple.tg").await;
        let Left::Done(_, first) = stage.leave(&link, Scope::This).await else { panic!() };
        stage.clock.advance(DAY);
        let Left::Done(_, second) = stage.leave(&link, Scope::This).await else { panic!() };
        assert_eq!(first, second);
        let left =
            events(&stage.reader("ama@exemple.tg").await).into_iter().filter(|event| *event == Event::Left);
        assert_eq!(left.count(), 1);
        let leaving = subscribers::look_at_leaving(&stage.db, &stage.keys, &link).await.unwrap();
        let Leaving::Off(_, shown) = leaving else { panic!() };
        assert_eq!(shown, first);
    })
    .await;
}

#[tokio::test]
async fn leaving_ends_one_subscription_and_all_of_them_when_asked() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let due = stage.ask("ama@exemple.tg", &[&stage.matinale, &stage.soir]).await.unwrap();
        stage.confirm(&stage.token(&due)).await;
        let other = stage.subscribed("kofi@exemple.tg").await;

        let link = stage.leaving_token(due.subscription);
        stage.leave(&link, Scope::This).await;
        let states = async || {
            let reader = stage.reader("ama@exemple.tg").await;
            reader.subscriptions.iter().map(|one| one.state).collect::<Vec<_>>()
        };
        assert_eq!(states().await, [SubscriptionState::Left, SubscriptionState::Confirmed]);
        let Left::Done(newsletters, _) = stage.leave(&link, Scope::All).await else { panic!() };
        assert_eq!(newsletters.len(), 2);
        assert_eq!(states().await, [SubscriptionState::Left, SubscriptionState::Left]);
        assert_eq!(stage.count(SubscriptionState::Confirmed).await, 1, "somebody else's");
        let _ = other;
    })
    .await;
}

#[tokio::test]
async fn a_link_of_ours_to_nothing_kept_is_no_error_and_a_forged_one_leads_nowhere() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let link = stage.leaving_token(SubscriptionId(4_711));
        assert!(matches!(stage.leave(&link, Scope::This).await, Left::Forgotten));
        let forged = UnsubscribeToken::write(stage.keys.current(Purpose::ReturnPath), SubscriptionId(1));
        assert!(matches!(stage.leave(&forged, Scope::This).await, Left::Unknown));
    })
    .await;
}

#[tokio::test]
async fn it_was_not_me_voids_every_link_and_suppresses_the_address() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let first = stage.ask("ama@exemple.tg", &[&stage.matinale]).await.unwrap();
        stage.clock.advance(DAY);
        let second = stage.ask("ama@exemple.tg", &[&stage.matinale]).await.unwrap();
        let Refused::Done { receipt, suppressed: true, .. } = stage.refuse(&stage.token(&second)).await
        else {
            panic!()
        };
        assert!(receipt.reference.to_string().starts_with("R-"));
        for due in [&first, &second] {
            assert!(matches!(stage.confirm(&stage.token(due)).await, Confirmed::Gone));
            assert!(matches!(stage.look(&stage.token(due)).await, Link::Gone));
        }
        let reader = stage.reader("ama@exemple.tg").await;
        assert_eq!(reader.suppression.as_ref().map(|one| one.reason), Some(Reason::NotMe));
        assert_eq!(reader.suppression.unwrap().domain, "exemple.tg");
        let Refused::Done { receipt: again, .. } = stage.refuse(&stage.token(&second)).await else {
            panic!()
        };
        assert_eq!(again, receipt, "pressing twice");

        let late = stage.ask("kofi@exemple.tg", &[&stage.matinale]).await.unwrap();
        stage.clock.advance(30 * DAY);
        assert!(
            matches!(stage.refuse(&stage.token(&late)).await, Refused::Done { suppressed: true, .. }),
            "a \"no\" has no last day"
        );
    })
    .await;
}

#[tokio::test]
async fn it_was_not_me_leaves_a_readers_own_subscriptions_alone() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        stage.subscribed("ama@exemple.tg").await;
        stage.clock.advance(DAY);
        let due = stage.ask("ama@exemple.tg", &[&stage.soir]).await.unwrap();
        let Refused::Done { newsletter, suppressed: false, .. } = stage.refuse(&stage.token(&due)).await
        else {
            panic!()
        };
        assert_eq!(newsletter, stage.soir);
        let reader = stage.reader("ama@exemple.tg").await;
        assert_eq!(reader.suppression, None);
        assert_eq!(reader.subscriptions[0].state, SubscriptionState::Confirmed);
        assert!(matches!(stage.confirm(&stage.token(&due)).await, Confirmed::Gone));
    })
    .await;
}

#[tokio::test]
async fn confirming_lifts_what_the_reader_may_lift_and_nothing_graver() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        for reason in Reason::ALL.iter().copied() {
            let address = format!("{}@exemple.tg", reason.as_str().replace('_', "-"));
            assert!(stage.suppress(&address, reason).await);
            let due = stage.ask(&address, &[&stage.matinale]).await.expect("the same as for any address");
            let done = stage.confirm(&stage.token(&due)).await;
            let reader = stage.reader(&address).await;
            if reason.ends_by_confirming() {
                assert!(matches!(done, Confirmed::Done(..)), "{reason}");
                assert_eq!(reader.suppression, None, "{reason}");
                assert_eq!(reader.subscriptions[0].state, SubscriptionState::Confirmed, "{reason}");
            } else {
                assert!(matches!(done, Confirmed::Blocked), "{reason}");
                assert_eq!(reader.suppression.map(|one| one.reason), Some(reason));
                assert_eq!(reader.subscriptions[0].state, SubscriptionState::Pending, "{reason}");
            }
        }
        let lifted = Reason::ALL.iter().filter(|reason| reason.ends_by_confirming());
        assert_eq!(lifted.count(), 5, "hard and soft bounces, not me, erased, imported");
    })
    .await;
}

#[tokio::test]
async fn a_graver_suppression_takes_the_place_of_a_lighter_one_and_not_the_other_way() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        let reason = async || stage.reader("ama@exemple.tg").await.suppression.map(|one| one.reason);
        assert!(stage.suppress("ama@exemple.tg", Reason::HardBounce).await);
        assert!(!stage.suppress("ama@exemple.tg", Reason::Imported).await);
        assert_eq!(reason().await, Some(Reason::HardBounce));
        assert!(stage.suppress("Ama@Exemple.TG", Reason::Complaint).await);
        assert!(!stage.suppress("ama@exemple.tg", Reason::HardBounce).await);
        assert!(!stage.suppress("ama@exemple.tg", Reason::Operator).await);
        assert_eq!(reason().await, Some(Reason::Complaint));
    })
    .await;
}

#[tokio::test]
async fn the_latest_spelling_of_an_address_counts_until_it_confirms() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        stage.ask("AMA@exemple.tg", &[&stage.matinale]).await.unwrap();
        stage.clock.advance(DAY);
        let due = stage.ask("Ama@exemple.tg", &[&stage.matinale]).await.unwrap();
        stage.confirm(&stage.token(&due)).await;
        stage.clock.advance(DAY);
        stage.ask("aMA@exemple.tg", &[&stage.soir]).await.unwrap();
        assert_eq!(stage.reader("ama@exemple.tg").await.address, "Ama@exemple.tg");
    })
    .await;
}

#[tokio::test]
async fn a_newsletter_is_found_by_a_slug_it_had_before_unless_another_took_it() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        for slug in ["journal", "soir"] {
            execute!(&stage.db, ADD_ALIAS, slug, stage.matinale.id).unwrap();
        }
        let mut tx = stage.db.begin_read().await.unwrap();
        let mut find = async |slug| subscribers::find_newsletter(&mut tx, slug).await.unwrap();
        assert_eq!(find("journal").await, Some(stage.matinale.clone()));
        assert_eq!(find("soir").await, Some(stage.soir.clone()));
        assert_eq!(find("midi").await, None);
    })
    .await;
}

#[tokio::test]
async fn an_operator_adds_a_reader_and_lists_page_by_page() {
    each_engine(async |db| {
        let stage = Stage::new(db).await;
        for (number, newsletter) in [&stage.matinale, &stage.matinale, &stage.soir].into_iter().enumerate() {
            let mailbox = Mailbox::parse(&format!("Ama <ama{number}@exemple.tg>")).unwrap();
            let new =
                Enrolment { mailbox: &mailbox, newsletter, consent: "Au téléphone", origin: "operator" };
            let mut tx = stage.db.begin_durable().await.unwrap();
            let done = subscribers::enrol(&mut tx, &stage.keys, &new, stage.clock.now()).await.unwrap();
            assert_eq!(done, Enrolled::Added);
            tx.commit().await.unwrap();
        }
        stage.suppress("ama1@exemple.tg", Reason::Complaint).await;
        let list = async |filter: &Filter, after, limit| {
            subscribers::list(&stage.db, filter, after, limit).await.unwrap()
        };
        let first = list(&Filter::default(), None, 2).await;
        let rest = list(&Filter::default(), Some(first[1].id), 2).await;
        assert_eq!((first.len(), rest.len()), (2, 1));
        assert_eq!(first[1].suppressed, Some(Reason::Complaint));
        assert_eq!((first[0].name.as_deref(), first[0].choice.as_str()), (Some("Ama"), "all"));
        let soir = Filter { newsletter: Some("soir".into()), state: Some(SubscriptionState::Confirmed) };
        assert_eq!(list(&soir, None, 10).await, rest);
        let left = Filter { state: Some(SubscriptionState::Left), ..Filter::default() };
        assert!(list(&left, None, 10).await.is_empty());
    })
    .await;
}
