//! Articles' pictures: fetched once, made small, shown by mails and pages from our own address, and never waited for.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use kiosque::clock::{HOUR, MINUTE, Timestamp};
use kiosque::db::Db;
use kiosque::images;
use serde_json::json;

use crate::support::database::each_engine;
use crate::support::press::{MORNING, Press};

const NINE: Timestamp = Timestamp::from_millis(MORNING.millis() + HOUR);

/// A site with pictures, and what it was asked for.
struct Site {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    async fn start() -> Self {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(asked.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

async fn answer(State(asked): State<Arc<Mutex<Vec<String>>>>, uri: Uri) -> Response {
    asked.lock().unwrap().push(uri.path().to_owned());
    match uri.path() {
        "/port.png" => ([(header::CONTENT_TYPE, "image/png")], picture(1000, 600)).into_response(),
        "/petit.png" => ([(header::CONTENT_TYPE, "image/png")], picture(200, 150)).into_response(),
        "/page" => "<!doctype html>".into_response(),
        "/point.png" => picture(1, 1).into_response(),
        "/plus-tard.png" => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn picture(width: u32, height: u32) -> Vec<u8> {
    let pixels = image::RgbImage::from_fn(width, height, |x, y| {
        let shade = |side: u32| u8::try_from(side % 251).unwrap();
        image::Rgb([shade(x), shade(y), 90])
    });
    let mut bytes = Vec::new();
    pixels.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

/// A letter each day at nine, frozen half an hour before.
const LETTER: &str = r#"
    [[newsletter]]
    slug = "matinale"
    title = "La Matinale"
    from = "La Matinale <matinale@lettres.exemple.tg>"
    bounce_to = "retours@lettres.exemple.tg"
    schedule = "0 9 * * *"
    timezone = "Africa/Lome"
    [outbound]
    allow = ["127.0.0.1"]
"#;

/// Articles with these pictures of a site, the last one the newest.
async fn press(db: &Db, more: &str, pictures: &[String]) -> Press {
    let press = Press::open(db, &format!("{LETTER}{more}")).await;
    for (place, url) in pictures.iter().enumerate() {
        press.clock.advance(MINUTE);
        press.file(&place.to_string(), json!({ "image": url, "image_alt": "Le port" })).await;
    }
    press
}

async fn prepare(press: &Press) -> (usize, usize) {
    let app = &press.app;
    let done = images::prepare(&app.db, &app.outbound, &app.config.images, &app.clock).await.unwrap();
    (done.ready, done.missing)
}

/// The addresses of the pictures in the mail that would leave now.
async fn in_mail(press: &Press) -> Vec<String> {
    let preview = press.app.desk.preview("matinale", press.clock.now()).await.unwrap();
    sources(&preview.mails[0].1.html)
}

fn sources(html: &str) -> Vec<String> {
    html.split("<img")
        .skip(1)
        .filter_map(|tag| Some(tag.split("src=\"").nth(1)?.split('"').next()?.to_owned()))
        .collect()
}

#[tokio::test]
async fn a_picture_is_fetched_once_and_mails_and_pages_show_it_small_from_here() {
    each_engine(async |db| {
        let site = Site::start().await;
        let pictures = ["/page", "/point.png", "/plus-tard.png", "/petit.png", "/port.png"];
        let press = press(&db, "", &pictures.map(|path| format!("{}{path}", site.url))).await;
        assert!(in_mail(&press).await.is_empty(), "none is ready, and the site's own is not linked");

        assert_eq!(prepare(&press).await, (2, 3));
        let shown = in_mail(&press).await;
        assert_eq!(shown.len(), 2, "{shown:?}");
        for (url, (width, longest)) in shown.iter().zip([(640, 60_000), (160, 10_000)]) {
            let path = url.strip_prefix("https://lettres.exemple.tg").expect("an address of ours");
            let answer = press.ask(path, &[]).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.header(header::CONTENT_TYPE), "image/jpeg");
            assert_eq!(answer.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
            assert!(answer.body.len() <= longest, "{}", answer.body.len());
            assert_eq!(image::load_from_memory(&answer.body).unwrap().width(), width);
            let again = press.ask(path, &[(header::IF_NONE_MATCH, answer.header(header::ETAG))]).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
        }
        for unknown in ["/i/0123456789abcdef0123456789abcdef.jpg", "/i/x.jpg", "/i/..%2Fconfig.toml"] {
            assert_eq!(press.ask(unknown, &[]).await.status, StatusCode::NOT_FOUND, "{unknown}");
        }

        // What does not come is asked for again, later; what is no picture is not.
        assert_eq!(prepare(&press).await, (0, 0));
        press.clock.advance(MINUTE);
        assert_eq!(prepare(&press).await, (0, 1));
        let mut asked = pictures.map(str::to_owned).to_vec();
        asked.push("/plus-tard.png".to_owned());
        asked.sort();
        assert_eq!(site.asked(), asked);
        let failed = images::failed(&db, Timestamp::from_millis(0), 9).await.unwrap();
        assert_eq!(failed.len(), 2, "{failed:?}");

        // Frozen, the edition has a lead; a page shows its picture larger.
        let frozen = press.app.desk.tick(NINE.plus(-20 * MINUTE)).await.unwrap().frozen;
        assert_eq!((frozen.len(), prepare(&press).await), (1, (1, 0)));
        press.clock.set(NINE);
        assert_eq!(press.app.desk.tick(NINE).await.unwrap().released, frozen);
        let page = press.ask("/editions/matinale/2026-11-23", &[]).await;
        let (html, policy) = (page.text(), page.header(header::CONTENT_SECURITY_POLICY));
        assert_eq!(sources(html), shown, "the same files as in the mail");
        assert!(!html.contains(&format!("src=\"{}", site.url)) && !policy.contains("127.0.0.1"), "{policy}");
        let sets: Vec<&str> =
            html.split("srcset=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(sets.len(), 2);
        assert!(sets[0].contains(".webp 1x, https://lettres.exemple.tg/i/") && sets[0].ends_with(".webp 2x"));
        for webp in sets.iter().flat_map(|set| set.split(", ")) {
            let path = webp.split(' ').next().unwrap().strip_prefix("https://lettres.exemple.tg").unwrap();
            let answer = press.ask(path, &[]).await;
            assert_eq!((answer.status, answer.header(header::CONTENT_TYPE)), (StatusCode::OK, "image/webp"));
        }
    })
    .await;
}

#[tokio::test]
async fn the_sites_own_picture_is_shown_only_where_the_configuration_says_so() {
    each_engine(async |db| {
        let site = Site::start().await;
        let port = format!("{}/port.png", site.url);
        let pictures = [format!("{}/page", site.url), port.clone()];
        let press = press(&db, "[images]\nin_mails = \"resized-or-original\"", &pictures).await;
        assert_eq!(in_mail(&press).await, [port.clone(), pictures[0].clone()], "none is ready");
        assert_eq!(prepare(&press).await, (1, 1));
        let shown = in_mail(&press).await;
        assert_eq!(shown.len(), 1, "what is no picture is shown in no way: {shown:?}");
        assert!(shown[0].starts_with("https://lettres.exemple.tg/i/"), "{shown:?}");
        for (mode, expected) in [("original", vec![port, pictures[0].clone()]), ("none", vec![])] {
            let feeds = format!("{LETTER}[images]\nin_mails = \"{mode}\"");
            let other = Press::open_at(&db, &feeds, press.clock.clone()).await;
            assert_eq!(in_mail(&other).await, expected, "{mode}");
        }
    })
    .await;
}

#[tokio::test]
async fn pictures_of_a_folder_are_read_there_and_let_go_when_their_time_is_over() {
    each_engine(async |db| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("2026")).unwrap();
        std::fs::write(folder.path().join("2026/port de lomé.png"), picture(400, 300)).unwrap();
        let images = format!(
            "[images]\nfolder = \"{}\"\nfolder_url = \"https://www.exemple.tg/wp-content/uploads/\"",
            folder.path().display()
        );
        let url = "https://www.exemple.tg/wp-content/uploads/2026/port%20de%20lom%C3%A9.png";
        let press = press(&db, &images, &[url.to_owned()]).await;
        assert_eq!(prepare(&press).await, (1, 0));
        let [shown] = &in_mail(&press).await[..] else { panic!("one picture") };
        let path = shown.strip_prefix("https://lettres.exemple.tg").unwrap();
        assert_eq!(images::drop_old(&db, press.clock.now()).await.unwrap(), 0, "it is of now");
        assert_eq!(images::drop_old(&db, press.clock.now().plus(1)).await.unwrap(), 1);
        assert!(in_mail(&press).await.is_empty());
        // Who serves has it in memory no longer than it runs.
        let other = Press::open_at(&db, &format!("{LETTER}{images}"), press.clock.clone()).await;
        assert_eq!(other.ask(path, &[]).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}
