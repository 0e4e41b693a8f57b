//! Hubs are told of new bytes: once each, not at every start, and without holding anything up.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kiosque::clock::{HOUR, MINUTE, SECOND};
use kiosque::config::Config;
use kiosque::daemon::websub::Announcer;
use kiosque::feeds::FeedStore;
use kiosque::feeds::hub::RESTS;
use kiosque::outbound::Outbound;
use tokio::net::TcpListener;
use url::Url;

use crate::support::database::each_engine;
use crate::support::feed_room::{FeedRoom, NOON, draft};
use crate::support::newsroom;

/// A status with its `Retry-After`, or no answer at all.
type Said = Option<(u16, &'static str)>;

/// What a hub on this machine was sent, and how it answers: with these in turn, then 204.
#[derive(Clone, Default)]
struct Script {
    told: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<Said>>>,
}

impl Script {
    fn of(answers: &[Said]) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.iter().copied().collect())), ..Self::default() }
    }

    async fn start(&self) -> Url {
        self.start_at("127.0.0.1:0".parse().unwrap()).await
    }

    async fn start_at(&self, at: SocketAddr) -> Url {
        let listener = TcpListener::bind(at).await.unwrap();
        let at = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{at}/").parse().unwrap()
    }

    /// The feeds it was told of since it was asked last, sorted.
    fn told(&self) -> Vec<String> {
        let mut told = std::mem::take(&mut *self.told.lock().unwrap());
        told.sort();
        told
    }
}

async fn answer(State(script): State<Script>, headers: HeaderMap, body: Bytes) -> Response {
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    assert_eq!((fields.len(), &*fields[0].0, &*fields[0].1), (2, "hub.mode", "publish"));
    assert_eq!(fields[1].0, "hub.url");
    script.told.lock().unwrap().push(fields[1].1.clone());
    let answer = script.answers.lock().unwrap().pop_front().unwrap_or(Some((204, "")));
    match answer {
        None => std::future::pending().await,
        Some((status, after)) => {
            (StatusCode::from_u16(status).unwrap(), [(header::RETRY_AFTER, after)]).into_response()
        }
    }
}

fn outbound() -> Outbound {
    let newsletter = "schedule = \"0 7 * * *\"\ntimezone = \"Africa/Lome\"";
    let text =
        format!("{}\n{newsletter}\n[outbound]\nallow = [\"127.0.0.0/8\"]\n", newsroom::config_text(""));
    Outbound::new(
        &Config::from_toml_str(&text, Path::new("/nowhere")).unwrap_or_else(|mistakes| panic!("{mistakes}")),
    )
}

/// The addresses of a feed in every format.
fn feeds(slugs: &[&str]) -> Vec<String> {
    let formats = ["atom", "json", "rss"];
    slugs
        .iter()
        .flat_map(|slug| formats.map(|format| format!("https://lettres.exemple.tg/flux/{slug}.{format}")))
        .collect()
}

async fn look(announcer: &mut Announcer, news: &FeedRoom, store: &FeedStore) {
    news.refresh(store).await;
    announcer.look(store, &news.db, news.clock.now()).await.unwrap();
}

/// A newsroom whose feeds were announced before.
async fn announced(news: &FeedRoom, hubs: &[Url]) -> (FeedStore, Announcer) {
    let (store, mut announcer) = (news.store(), Announcer::new(hubs));
    news.publish(&draft("Hier", NOON.plus(-HOUR)), &[news.sport]).await;
    look(&mut announcer, news, &store).await;
    (store, announcer)
}

#[tokio::test]
async fn a_hub_is_told_of_the_feeds_that_changed_and_of_no_other() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let (one, two) = (Script::default(), Script::default());
        let hubs = [one.start().await, two.start().await];
        let (store, mut announcer) = announced(&news, &hubs).await;
        let client = outbound();
        assert_eq!(announcer.hubs()[0].backlog(), 0, "nobody subscribed before the first start");

        news.clock.advance(MINUTE);
        news.publish(&draft("Finale", NOON), &[news.sport]).await;
        look(&mut announcer, &news, &store).await;
        for hub in announcer.hubs() {
            assert_eq!(hub.tell(&client, &news.clock).await, 6);
        }
        assert_eq!(one.told(), feeds(&["sport", "tout"]));
        assert_eq!(two.told(), feeds(&["sport", "tout"]));
        look(&mut announcer, &news, &store).await;
        assert_eq!(announcer.hubs()[0].tell(&client, &news.clock).await, 0, "nothing changed since");
        assert_eq!(one.told(), [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_start_tells_what_changed_while_no_node_ran_and_nothing_else() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let hub = Script::default();
        let url = hub.start().await;
        announced(&news, std::slice::from_ref(&url)).await;

        let (store, mut restarted) = (news.store(), Announcer::new(std::slice::from_ref(&url)));
        look(&mut restarted, &news, &store).await;
        assert_eq!(restarted.hubs()[0].backlog(), 0, "no storm at a restart");

        news.clock.advance(MINUTE);
        news.publish(&draft("Vote", NOON), &[news.politique]).await;
        let (store, mut restarted) = (news.store(), Announcer::new(std::slice::from_ref(&url)));
        look(&mut restarted, &news, &store).await;
        assert_eq!(restarted.hubs()[0].backlog(), 6);
        // Killed before it told anybody: the next one does.
        let (store, mut restarted) = (news.store(), Announcer::new(std::slice::from_ref(&url)));
        look(&mut restarted, &news, &store).await;
        restarted.hubs()[0].tell(&outbound(), &news.clock).await;
        assert_eq!(hub.told(), feeds(&["politique", "tout"]));
        look(&mut restarted, &news, &store).await;
        let (store, mut restarted) = (news.store(), Announcer::new(&[url]));
        look(&mut restarted, &news, &store).await;
        assert_eq!(restarted.hubs()[0].backlog(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_hub_that_is_away_or_fails_is_told_later_and_left_in_peace_meanwhile() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let hub = Script::of(&[Some((500, "")), Some((503, "120"))]);
        // An address where nobody listens yet.
        let at = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let url: Url = format!("http://{at}/").parse().unwrap();
        let (store, mut announcer) = announced(&news, &[url]).await;
        news.clock.advance(MINUTE);
        news.publish(&draft("Finale", NOON), &[news.sport]).await;
        look(&mut announcer, &news, &store).await;
        let client = outbound();
        let told = async || announcer.hubs()[0].tell(&client, &news.clock).await;

        assert_eq!(told().await, 0, "nobody listens");
        hub.start_at(at).await;
        assert_eq!((told().await, hub.told().len()), (0, 0), "it rests");
        news.clock.advance(RESTS[0]);
        assert_eq!((told().await, hub.told().len()), (0, 1), "500");
        news.clock.advance(RESTS[1] - SECOND);
        assert_eq!((told().await, hub.told().len()), (0, 0), "it rests");
        news.clock.advance(SECOND);
        assert_eq!((told().await, hub.told().len()), (0, 1), "503");
        news.clock.advance(RESTS[2]);
        assert_eq!(told().await, 6, "204");
        assert_eq!(hub.told(), feeds(&["sport", "tout"]));
        assert_eq!(announcer.hubs()[0].backlog(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_hub_that_refuses_a_feed_is_not_asked_again() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let hub = Script::of(&[Some((404, ""))]);
        let (store, mut announcer) = announced(&news, &[hub.start().await]).await;
        news.clock.advance(MINUTE);
        news.publish(&draft("Finale", NOON), &[]).await;
        look(&mut announcer, &news, &store).await;
        assert_eq!(announcer.hubs()[0].tell(&outbound(), &news.clock).await, 2, "the other two formats");
        assert_eq!((hub.told().len(), announcer.hubs()[0].backlog()), (3, 0));
    })
    .await;
}

#[tokio::test]
async fn a_hub_that_hangs_holds_up_neither_the_others_nor_publication_nor_memory() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let (hanging, well) = (Script::of(&[None]), Script::default());
        let (store, mut announcer) = announced(&news, &[hanging.start().await, well.start().await]).await;
        let client = outbound();
        let [slow, quick] = [Arc::clone(&announcer.hubs()[0]), Arc::clone(&announcer.hubs()[1])];
        let mut waiting = None;
        for number in 1..=20 {
            news.clock.advance(MINUTE);
            news.publish(&draft(&format!("Dépêche {number}"), NOON), &[news.sport]).await;
            look(&mut announcer, &news, &store).await;
            waiting.get_or_insert_with(|| {
                let (slow, client, clock) = (Arc::clone(&slow), client.clone(), news.clock.clone());
                tokio::spawn(async move { slow.tell(&client, &clock).await })
            });
            assert_eq!(quick.tell(&client, &news.clock).await, 6);
            assert_eq!(well.told(), feeds(&["sport", "tout"]));
            assert!(slow.backlog() <= 7, "a feed waits once, and once more while it is being told of");
        }
        let waiting = waiting.unwrap();
        assert!(!waiting.is_finished());
        waiting.abort();
    })
    .await;
}
