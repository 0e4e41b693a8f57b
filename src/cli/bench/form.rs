//! `kiosque bench form`: whether the form's answers tell who is known, by their bytes or by their time.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, ensure};
use serde::Serialize;
use tempfile::TempDir;

use super::super::Failure;
use super::ask::Asker;
use super::figures::{median, percentile};
use crate::app::App;
use crate::cli::output::{Format, Table, json, say};
use crate::clock::{Clock, MINUTE};
use crate::config::Config;
use crate::daemon::{self, Stop};
use crate::db::{Db, Purpose};
use crate::mail::Address;
use crate::subscribers::{self, AddressHash, Enrolment, FormTime, Reason, Scope, UnsubscribeToken};
use crate::web;
use crate::web::server::{self, Limits};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Askings of each kind of address
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    tries: u32,
    /// Connections at a time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    connections: u32,
    #[command(flatten)]
    format: Format,
}

/// What an address is to us before it is typed.
const KINDS: [&str; 5] = ["unknown", "pending", "confirmed", "left", "complained"];

const CONFIG: &str = r#"
    public_url = "http://localhost"
    [database]
    url = "sqlite:kiosque.db"
    [http]
    listen = "127.0.0.1:0"
    [publisher]
    name = "Le Journal"
    law = []
    email = "redaction@exemple.tg"
    [form]
    per_hour = 1000000
    [[relay]]
    url = "maildir:outbox"
    [[category]]
    name = "Politique"
    [[newsletter]]
    slug = "matinale"
    title = "La Matinale"
    from = "La Matinale <matinale@exemple.tg>"
    bounce_to = "retours@exemple.tg"
    schedule = "0 7 * * *"
    timezone = "Africa/Lome"
"#;

#[derive(Debug, Serialize)]
struct Report {
    tries: u32,
    connections: u32,
    /// How many different bodies were answered: one.
    bodies: usize,
    kinds: Vec<Line>,
    /// Between the fastest and the slowest median (ms).
    largest_difference_ms: f64,
}

#[derive(Debug, Serialize)]
struct Line {
    address: &'static str,
    median_ms: f64,
    p99_ms: f64,
}

/// Runs the measurement and prints its table.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let report = measure(&arguments).await?;
    if arguments.format.json {
        return Ok(json(&report)?);
    }
    say(format!(
        "{} askings of each kind over {} connections, {} body",
        report.tries, report.connections, report.bodies
    ));
    let mut table = Table::new(&["address", "#median ms", "#p99 ms"]);
    for line in &report.kinds {
        table.row([line.address.to_owned(), format!("{:.2}", line.median_ms), format!("{:.2}", line.p99_ms)]);
    }
    say(table.render());
    say(format!("largest difference of medians: {:.2} ms", report.largest_difference_ms));
    Ok(())
}

async fn measure(arguments: &Arguments) -> anyhow::Result<Report> {
    let folder = TempDir::with_prefix("kiosque-bench-")?;
    let config = Config::from_toml_str(CONFIG, folder.path())?;
    let db = Db::open_sqlite(&folder.path().join("kiosque.db")).await?;
    db.migrate(&Clock::System).await?;
    let app = App::build(config, db, Clock::System).await?;
    app.take_up().await?;
    prepare(&app).await?;
    let listener = server::bind("http.listen", SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    let stop = Stop::default();
    let serving = tokio::spawn(server::serve(
        listener,
        web::router(&app),
        Limits::default(),
        daemon::asked(stop.watch()),
    ));
    let form = FormTime::write(&app.keys, app.clock.now().plus(-MINUTE));
    let mut clients = Vec::new();
    for client in 0..arguments.connections {
        let (form, tries) = (form.clone(), arguments.tries / arguments.connections);
        clients.push(tokio::task::spawn_blocking(move || ask(address, client, tries, &form)));
    }
    let (mut times, mut bodies) = ([const { Vec::new() }; KINDS.len()], BTreeSet::new());
    for client in clients {
        let (its_times, its_bodies) = client.await??;
        for (all, its) in times.iter_mut().zip(its_times) {
            all.extend(its);
        }
        bodies.extend(its_bodies);
    }
    stop.ask();
    serving.await?;
    ensure!(bodies.len() == 1, "{} different bodies: the answers tell who is known", bodies.len());
    let line = |(address, times): (&'static str, &Vec<f64>)| Line {
        address,
        median_ms: median(times),
        p99_ms: percentile(times, 0.99),
    };
    let kinds: Vec<Line> = KINDS.into_iter().zip(&times).map(line).collect();
    let medians: Vec<f64> = kinds.iter().map(|line| line.median_ms).collect();
    Ok(Report {
        tries: arguments.tries / arguments.connections * arguments.connections,
        connections: arguments.connections,
        bodies: bodies.len(),
        largest_difference_ms: percentile(&medians, 1.0) - percentile(&medians, 0.0),
        kinds,
    })
}

/// Makes the addresses what they are called.
async fn prepare(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin_durable().await?;
    let newsletter = subscribers::find_newsletter(&mut tx, "matinale").await?.context("the newsletter")?;
    for kind in ["confirmed", "left"] {
        let mailbox = Address::parse(&address_of(kind, 0, 0))?.into();
        let new = Enrolment { mailbox: &mailbox, newsletter: &newsletter, consent: "bench", origin: "bench" };
        subscribers::enrol(&mut tx, &app.keys, &new, now).await?;
    }
    let complained = Address::parse(&address_of("complained", 0, 0))?;
    let hash = AddressHash::of(&app.keys, &complained);
    subscribers::suppress(&mut tx, hash, complained.domain(), Reason::Complaint, None, now).await?;
    tx.commit().await?;
    let leaver = Address::parse(&address_of("left", 0, 0))?;
    let leaver = subscribers::show(&app.db, &app.keys, &leaver).await?.context("the reader who leaves")?;
    let subscription = leaver.subscriptions.first().context("his subscription")?.id;
    let token = UnsubscribeToken::write(app.keys.current(Purpose::Token), subscription);
    subscribers::leave(&app.db, &app.keys, &token, Scope::This, "bench", now).await?;
    Ok(())
}

/// One address a kind, but a new one each time for who is unknown.
fn address_of(kind: &str, client: u32, number: u32) -> String {
    match kind {
        "unknown" => format!("unknown-{client}-{number}@lecteurs.example"),
        kind => format!("{kind}@lecteurs.example"),
    }
}

type Times = [Vec<f64>; KINDS.len()];

/// Asks for every kind in turn, so that what slows the machine slows all of them.
fn ask(to: SocketAddr, client: u32, tries: u32, form: &str) -> anyhow::Result<(Times, BTreeSet<Vec<u8>>)> {
    let mut asker = Asker::connect(to)?;
    let (mut times, mut bodies) = ([const { Vec::new() }; KINDS.len()], BTreeSet::new());
    for number in 0..tries {
        for (kind, times) in KINDS.into_iter().zip(&mut times) {
            let address = address_of(kind, client, number).replace('@', "%40");
            let fields = format!("address={address}&newsletter=matinale&form={form}");
            let asked = Instant::now();
            let answer = asker.post("/lettres", &fields)?;
            times.push(asked.elapsed().as_secs_f64() * 1e3);
            ensure!(answer.status == 200, "the form answers {}", answer.status);
            bodies.insert(answer.body);
        }
    }
    Ok((times, bodies))
}
