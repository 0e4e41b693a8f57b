//! Serving, beside nginx over the same bytes: server on one core, client on another, round about.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::ask::Asker;
use super::figures::median;
use super::load::Tools;
use super::newsroom;
use super::servers::{Server, cores};
use crate::feeds::Format;

/// A way of asking, measured on both.
#[derive(Debug)]
pub(super) struct Compared {
    pub what: &'static str,
    pub nginx: Vec<f64>,
    pub kiosque: Vec<f64>,
}

impl Compared {
    /// Ours over theirs, of the medians.
    pub(super) fn ratio(&self) -> f64 {
        median(&self.kiosque) / median(&self.nginx)
    }
}

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    pub rounds: u32,
    pub seconds: u32,
}

/// What is served, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub plain: usize,
    pub gzip: usize,
}

/// Requests a second and, at a third of nginx's rate, the 99th percentile in ms. `kiosque` must run on the first of
/// [`cores`].
pub(super) fn compare(
    tools: &Tools,
    kiosque: &Server,
    folder: &Path,
    effort: Effort,
) -> anyhow::Result<(Sizes, Vec<Compared>, Vec<Compared>)> {
    let path = newsroom::feed(0, Format::Rss);
    let sizes = write_files(kiosque, &path, folder)?;
    let (server_core, client_core) = cores().unzip();
    let nginx = Server::nginx(&tools.nginx, folder, server_core)?;
    let etags = [(&nginx, "/feed.rss"), (kiosque, path.as_str())]
        .map(|(server, path)| Ok(Asker::connect(server.address)?.ask("HEAD", path, "")?.etag));
    let [nginx_etag, our_etag]: [anyhow::Result<String>; 2] = etags;
    let (nginx_etag, our_etag) = (nginx_etag?, our_etag?);
    let gzip = || "Accept-Encoding: gzip".to_owned();
    let same = |etag: &str| format!("If-None-Match: {etag}");
    let ways = [
        ("plain", "Accept-Encoding: identity".to_owned(), "Accept-Encoding: identity".to_owned()),
        ("gzip", gzip(), gzip()),
        ("304", same(&nginx_etag), same(&our_etag)),
    ];
    let (theirs, ours) = (nginx.url("/feed.rss"), kiosque.url(&path));

    let mut rates: Vec<Compared> = ways.iter().map(|(what, ..)| Compared::none(what)).collect();
    for round in 0..effort.rounds {
        for (compared, (_, their_field, our_field)) in rates.iter_mut().zip(&ways) {
            let rate = |url: &str, field: &str| tools.rate(client_core, url, field, effort.seconds);
            compared.both(round, || rate(&theirs, their_field), || rate(&ours, our_field))?;
        }
    }
    let mut latencies = Vec::new();
    for (rate, (what, their_field, our_field)) in rates.iter().zip(&ways) {
        let third = median(&rate.nginx) / 3.0;
        let p99 = |url: &str, field: &str| tools.p99(client_core, url, field, third, effort.seconds);
        let mut compared = Compared::none(what);
        for round in 0..effort.rounds {
            compared.both(round, || p99(&theirs, their_field), || p99(&ours, our_field))?;
        }
        latencies.push(compared);
    }
    Ok((sizes, rates, latencies))
}

impl Compared {
    fn none(what: &'static str) -> Self {
        Self { what, nginx: Vec::new(), kiosque: Vec::new() }
    }

    /// Measures both, now one first and now the other.
    fn both(
        &mut self,
        round: u32,
        nginx: impl Fn() -> anyhow::Result<f64>,
        kiosque: impl Fn() -> anyhow::Result<f64>,
    ) -> anyhow::Result<()> {
        if round.is_multiple_of(2) {
            self.nginx.push(nginx()?);
            self.kiosque.push(kiosque()?);
        } else {
            self.kiosque.push(kiosque()?);
            self.nginx.push(nginx()?);
        }
        Ok(())
    }
}

/// The bytes that we serve, where nginx finds them.
fn write_files(kiosque: &Server, path: &str, folder: &Path) -> anyhow::Result<Sizes> {
    let root = folder.join("www");
    fs::create_dir_all(&root)?;
    let mut asker = Asker::connect(kiosque.address)?;
    let plain = asker.ask("GET", path, "")?.body;
    let gzip = asker.ask("GET", path, "gzip")?;
    anyhow::ensure!(gzip.coding == "gzip", "the feed comes without gzip");
    // gzip_static wants both of one time; which does not matter.
    let written = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for (name, bytes) in [("feed.rss", &plain), ("feed.rss.gz", &gzip.body)] {
        fs::write(root.join(name), bytes)?;
        File::options().write(true).open(root.join(name))?.set_modified(written)?;
    }
    Ok(Sizes { plain: plain.len(), gzip: gzip.body.len() })
}
