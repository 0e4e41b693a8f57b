//! Who left, was erased, bounced or said no: who comes back by the form, and who stays away (P4).

use kiosque::clock::{DAY, HOUR};
use kiosque::db::Purpose;
use kiosque::delivery::own_data;
use kiosque::mail::{Address, Mailbox};
use kiosque::subscribers::{
    self, Confirmed, Enrolled, Enrolment, Left, Reason, Refused, Scope, SubscriptionState, UnsubscribeToken,
};

use crate::support::database::each_engine;
use crate::support::reader_room::ReaderRoom;

/// What befell a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum No {
    /// Left by the link of a mail.
    Left,
    /// The address bounced.
    Bounced,
    /// Had everything erased.
    Erased,
    /// Called a letter spam.
    Complained,
    /// « Ce n’était pas moi ».
    NotMe,
    /// Said no to another system.
    Imported,
    /// Was blocked by the newsroom.
    Blocked,
}

/// What follows: whether a confirmation reaches the address, whether it brings the reader back, and what an operator's import
/// does before that.
struct Row {
    no: No,
    mailed: bool,
    returns: bool,
    import: Enrolled,
}

const TABLE: [Row; 7] = [
    Row { no: No::Left, mailed: true, returns: true, import: Enrolled::HasLeft },
    Row { no: No::Bounced, mailed: true, returns: true, import: Enrolled::Suppressed(Reason::HardBounce) },
    Row { no: No::Erased, mailed: true, returns: true, import: Enrolled::Suppressed(Reason::Erased) },
    Row {
        no: No::Complained,
        mailed: false,
        returns: false,
        import: Enrolled::Suppressed(Reason::Complaint),
    },
    Row { no: No::NotMe, mailed: true, returns: true, import: Enrolled::Suppressed(Reason::NotMe) },
    Row { no: No::Imported, mailed: true, returns: true, import: Enrolled::Suppressed(Reason::Imported) },
    Row { no: No::Blocked, mailed: false, returns: false, import: Enrolled::Suppressed(Reason::Operator) },
];

fn address(no: No) -> String {
    format!("{no:?}@exemple.tg").to_lowercase()
}

async fn suppress(room: &ReaderRoom, no: No, reason: Reason) {
    let mut tx = room.app.db.begin_durable().await.unwrap();
    let reply = Some("550 5.1.1 unknown");
    subscribers::suppress(&mut tx, room.hash(&address(no)), "exemple.tg", reason, reply, room.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Brings it about, for a reader who got the letter before (but who never asked cannot have).
async fn befall(room: &ReaderRoom, no: No) {
    let address = address(no);
    if no == No::NotMe {
        let due = room.ask(&address).await.unwrap();
        let token = room.confirmation_token(&due);
        let refused = subscribers::refuse(&room.app.db, &token, "page", room.now()).await.unwrap();
        assert!(matches!(refused, Refused::Done { suppressed: true, .. }));
        return;
    }
    let due = room.subscribed(&address).await;
    match no {
        No::Left => {
            let link = UnsubscribeToken::write(room.app.keys.current(Purpose::Token), due.subscription);
            let (db, keys) = (&room.app.db, &room.app.keys);
            let left =
                subscribers::leave(db, keys, &link, Scope::This, "one-click", room.now()).await.unwrap();
            assert!(matches!(left, Left::Done(..)));
        }
        No::Erased => {
            let mut tx = room.app.db.begin_durable().await.unwrap();
            let subscriber = room.subscriber(&address).await;
            own_data::erase(&mut tx, &room.app.desk, subscriber, room.hash(&address), room.now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
        No::Bounced => suppress(room, no, Reason::HardBounce).await,
        No::Complained => suppress(room, no, Reason::Complaint).await,
        No::Imported => suppress(room, no, Reason::Imported).await,
        No::Blocked => suppress(room, no, Reason::Operator).await,
        No::NotMe => unreachable!("has no inscription"),
    }
}

#[tokio::test]
async fn who_left_bounced_was_erased_or_said_no_comes_back_by_confirming_and_who_complained_stays_away() {
    each_engine(async |db| {
        let room = ReaderRoom::open(&db).await;
        for row in &TABLE {
            befall(&room, row.no).await;
        }
        room.subscribed("stays@exemple.tg").await;
        room.sent().await; // the confirmations of those who came

        room.release(1).await;
        room.fan_out().await;
        assert_eq!(room.reached().await, ["stays@exemple.tg"], "a \"no\" holds");

        // An operator's list brings nobody back, and asking alone does not either: anybody can type an address.
        for row in &TABLE {
            let mailbox = Mailbox::new(None, Address::parse(&address(row.no)).unwrap()).unwrap();
            let enrolment = Enrolment {
                mailbox: &mailbox,
                newsletter: &room.matinale,
                consent: "Ancienne liste",
                origin: "import liste.csv",
            };
            let mut tx = room.app.db.begin_durable().await.unwrap();
            let done = subscribers::enrol(&mut tx, &room.app.keys, &enrolment, room.now()).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(done, row.import, "{:?}", row.no);
        }
        room.room.clock.advance(DAY);
        let mut links = Vec::new();
        for row in &TABLE {
            links.push(room.ask(&address(row.no)).await.expect("the same way for every address"));
        }
        let reached = room.reached().await;
        for row in &TABLE {
            assert_eq!(reached.contains(&address(row.no)), row.mailed, "a confirmation to {:?}", row.no);
        }
        room.release(2).await;
        room.fan_out().await;
        assert_eq!(room.reached().await, ["stays@exemple.tg"], "asking is not confirming");

        room.room.clock.advance(HOUR);
        for (row, due) in TABLE.iter().zip(&links) {
            let done = room.confirm(due).await;
            let reader =
                subscribers::show(&room.app.db, &room.app.keys, &due.address).await.unwrap().unwrap();
            if row.returns {
                assert!(matches!(done, Confirmed::Done(..)), "{:?}: {done:?}", row.no);
                assert_eq!(reader.suppression, None, "{:?}", row.no);
                assert_eq!(reader.subscriptions[0].state, SubscriptionState::Confirmed, "{:?}", row.no);
            } else {
                assert!(matches!(done, Confirmed::Blocked), "{:?}: {done:?}", row.no);
                assert!(reader.suppression.is_some(), "{:?}", row.no);
            }
        }
        room.release(3).await;
        room.fan_out().await;
        let reached = room.reached().await;
        for row in &TABLE {
            assert_eq!(reached.contains(&address(row.no)), row.returns, "the next edition to {:?}", row.no);
        }
    })
    .await;
}

#[tokio::test]
async fn an_erased_reader_who_returns_is_a_new_one_whom_old_links_do_not_touch() {
    each_engine(async |db| {
        let room = ReaderRoom::open(&db).await;
        let first = room.subscribed("ama@exemple.tg").await;
        let old = room.subscriber("ama@exemple.tg").await.unwrap();
        let path = room.own_data_path("ama@exemple.tg").await;
        let mut tx = room.app.db.begin_durable().await.unwrap();
        let hash = room.hash("ama@exemple.tg");
        own_data::erase(&mut tx, &room.app.desk, Some(old), hash, room.now()).await.unwrap();
        tx.commit().await.unwrap();

        room.room.clock.advance(DAY);
        let second = room.subscribed("ama@exemple.tg").await;
        let new = room.subscriber("ama@exemple.tg").await.unwrap();
        assert!(new > old && second.subscription > first.subscription, "an id is never given again");
        let link = UnsubscribeToken::write(room.app.keys.current(Purpose::Token), first.subscription);
        let left = room.post(&format!("/u/{link}"), "List-Unsubscribe=One-Click").await;
        assert!(left.status.is_success(), "an old link is no error");
        assert!(room.get(&path).await.body.contains("Nous ne conservons plus rien"));
        let reader = subscribers::show(&room.app.db, &room.app.keys, &second.address).await.unwrap().unwrap();
        assert_eq!(reader.subscriptions[0].state, SubscriptionState::Confirmed);
        assert_eq!(reader.events.len(), 2, "what was said before is gone");
    })
    .await;
}
