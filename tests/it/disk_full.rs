//! A full disk under SQLite: no dot is sent without a committed doubt, sending pauses, and goes on by itself.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kiosque::clock::{Clock, DAY, Timestamp};
use kiosque::db::Db;

use crate::support::newsroom::config_text;
use crate::support::node::{Node, until};
use crate::support::post::{DAILY, Post};

const READERS: i64 = 600;

/// A small file system of its own, gone with the value.
struct Small(tempfile::TempDir);

impl Small {
    /// 64 MB, more than SQLite lets its log grow; none where it cannot be mounted.
    #[expect(clippy::print_stderr, reason = "the word about the skip")]
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64m", "kiosque-test"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|done| done.status.success());
        if !mounted {
            eprintln!(
                "skipped: a full disk. A tmpfs cannot be mounted here; run it as root, outside a container"
            );
        }
        mounted.then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// The status of a page.
fn get(address: &str, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else { return String::new() };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let asked = format!("GET {path} HTTP/1.1\r\nHost: lettres.test.tg\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(asked.as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_sending_pauses_and_goes_on_alone_when_there_is_room_again() {
    let Some(small) = Small::mount() else { return };
    let url = format!("sqlite:{}", small.path().join("kiosque.db").display());
    let db = Db::open(&url).await.unwrap();
    db.migrate(&Clock::test(Timestamp::from_millis(0))).await.unwrap();
    let post = Post::to_readers(&db, READERS).await;
    let tomorrow = Clock::System.now().plus(DAY).millis();
    post.room.sql(&format!("UPDATE deliveries SET expires_at = {tomorrow}")).await;
    post.relay.slow_dot(Duration::from_millis(10));
    let config = config_text(DAILY)
        .replace("sqlite:unused.db", &url)
        .replace("maildir:outbox", &format!("smtp://{}\"\nconnections = 2 # \"", post.relay.address));
    let node = Node::start(&config);
    until("some mail", &[&node], async || post.relay.taken().len() > 60).await;

    let filler = small.path().join("filler");
    let mut file = File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    drop(file);
    until("a word about the disk", &[&node], async || node.log().contains("cannot write delivery states"))
        .await;
    let address =
        node.log().split("listening address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    until("it is not ready", &[&node], async || get(&address, "/readyz").contains("takes no writes")).await;
    let paused_at = post.relay.taken().len();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(post.relay.taken().len(), paused_at, "nothing is sent meanwhile");
    assert!(paused_at < usize::try_from(READERS).unwrap());
    let doubted = "SELECT count(*) FROM deliveries WHERE in_doubt_at IS NOT NULL";
    let doubted = usize::try_from(post.room.number(doubted).await).unwrap();
    assert!(doubted >= paused_at, "{paused_at} taken, of which {doubted} had been in doubt");
    assert!(get(&address, "/flux/tous.rss").starts_with("HTTP/1.1 "), "feeds are served");

    std::fs::remove_file(filler).unwrap();
    until("the end", &[&node], async || post.balance().await.sent == READERS).await;
    until("it is ready", &[&node], async || get(&address, "/readyz").contains("200 OK")).await;
    assert!(node.end().success());
    assert_eq!(post.relay.taken().len(), usize::try_from(READERS).unwrap(), "nobody got two");
    post.assert_promises().await;
    db.close().await;
}
