//! SIGHUP: a running program takes up another configuration, and keeps the old one when the new is wrong.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::database::each_database;
use crate::support::program::{EXAMPLE, Place};

struct Serving {
    place: Place,
    process: Child,
}

impl Serving {
    fn start(config: &str) -> Self {
        let place = Place::with(config);
        let log = File::create(place.path().join("log.txt")).unwrap();
        let mut command = place.command(&["serve"]);
        command.stdout(Stdio::null()).stderr(log).env("RUST_LOG", "info");
        let process = command.spawn().unwrap();
        Self { place, process }
    }

    fn log(&self) -> String {
        let log = std::fs::read(self.place.path().join("log.txt")).unwrap_or_default();
        // The colours of a terminal are not asked for, but may come.
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Waits until the log says so, so many times.
    async fn until_log_says(&self, words: &str, times: usize) {
        let patience = Instant::now() + Duration::from_secs(60);
        while self.log().matches(words).count() < times {
            assert!(Instant::now() < patience, "never said: {words}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.process.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Where the pages are, as the log says.
    fn address(&self) -> String {
        let log = self.log();
        let after = log.split("address").nth(1).unwrap();
        let start = after.find("127.").unwrap();
        after[start..].chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':')).collect()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A page over a connection that stays open.
async fn page(connection: &mut tokio::net::TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        let read = connection.read(&mut buffer).await.unwrap();
        assert!(read > 0, "closed: {}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&buffer[..read]);
        let seen = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = seen.split_once("\r\n\r\n") {
            let length = head
                .to_lowercase()
                .split("content-length: ")
                .nth(1)
                .unwrap()
                .lines()
                .next()
                .unwrap()
                .trim()
                .parse::<usize>()
                .unwrap();
            if body.len() >= length {
                return seen;
            }
        }
    }
}

#[tokio::test]
async fn a_changed_file_is_taken_up_and_a_wrong_one_changes_nothing_and_is_told() {
    each_database(async |database| {
        let config = EXAMPLE
            .replace("sqlite:data/kiosque.db", &database.url)
            .replace("127.0.0.1:8080", "127.0.0.1:0")
            .replace("listen = \"127.0.0.1:9090\"", "listen = \"127.0.0.1:0\"");
        let mut serving = Serving::start(&config);
        serving.until_log_says("serving", 1).await;
        let mut connection = tokio::net::TcpStream::connect(serving.address()).await.unwrap();
        assert!(page(&mut connection, "/lettres").await.contains("L’Hebdo"));

        serving
            .place
            .write("config.toml", &config.replace("schedule = \"30 8 * * sun\"", "schedule = \"30 8 * *\""));
        serving.signal(rustix::process::Signal::HUP);
        serving.until_log_says("the configuration is refused", 1).await;
        assert!(page(&mut connection, "/lettres").await.contains("L’Hebdo"));
        // So does what only the loops would read.
        let named = "reply_classes = \"replies.toml\"";
        let classes = config.replace("# reply_classes = \"reply-classes.toml\"", named);
        assert_ne!(classes, config);
        serving.place.write("replies.toml", "[[reply]]\nclass = \"hardest\"\ncode = [\"550\"]\n");
        serving.place.write("config.toml", &classes);
        serving.signal(rustix::process::Signal::HUP);
        serving.until_log_says("the configuration is refused", 2).await;
        assert!(page(&mut connection, "/lettres").await.contains("L’Hebdo"));
        serving
            .place
            .write("config.toml", &config.replace("schedule = \"30 8 * * sun\"", "schedule = \"30 8 * *\""));
        let alerts = &serving.place.run(&["status", "--json"]);
        assert_eq!(alerts.status, Some(2), "every verb says what is wrong with the file: {}", alerts.err);

        let changed =
            config.replace("L’Hebdo", "L’Hebdomadaire").replace("# filter = \"info\"", "filter = \"debug\"");
        serving.place.write("config.toml", &changed);
        let status = serving.place.json(&["status"]);
        assert_eq!(status["alerts"][0]["kind"], "configuration_refused");
        serving.signal(rustix::process::Signal::HUP);
        serving.until_log_says("the configuration was read again", 1).await;
        let seen = page(&mut connection, "/lettres").await;
        assert!(seen.contains("L’Hebdomadaire"), "a connection that stays open sees it too: {seen}");
        assert!(serving.log().contains("log.filter"), "what needs a restart is named: {}", serving.log());
        serving.until_log_says("serving", 2).await;
        let status = serving.place.json(&["status"]);
        assert_eq!(status["alerts"].as_array().unwrap().len(), 0);
        assert_eq!(status["nodes"].as_array().unwrap().len(), 1, "the loops before have signed off");

        serving.signal(rustix::process::Signal::TERM);
        let ended =
            tokio::task::spawn_blocking(move || (serving.process.wait().unwrap(), serving)).await.unwrap();
        assert!(ended.0.success(), "{}", ended.1.log());
    })
    .await;
}
