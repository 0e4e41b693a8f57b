//! One edition from its articles to the relay's replies, in a process of its own: what is pinned, timed and weighed.

use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::super::servers::{Memory, on_core};
use super::mailroom::{self, DOMAIN, NEWSLETTER};
use crate::app::App;
use crate::cli::output::say;
use crate::config::Config;
use crate::db::NodeId;
use crate::delivery::{self, Pump, Relay, Settings, Signing};
use crate::mail::dkim::{self, Algorithm, Name, Signer, SigningKey};
use crate::newsletters::variant::weigh;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct StepArguments {
    /// A configuration that `bench digest` wrote
    file: PathBuf,
    /// What to do
    #[arg(value_delimiter = ',')]
    phases: Vec<Phase>,
}

/// A part of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Articles filed, the edition frozen, its variants rendered and stored
    Release,
    /// A row for every reader
    FanOut,
    /// Every row sent
    Send,
    /// Some messages signed with RSA, by themselves
    Sign,
}

impl Phase {
    fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::FanOut => "fan-out",
            Self::Send => "send",
            Self::Sign => "sign",
        }
    }
}

/// What a phase took, as the process that did it says on a line of its own.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Took {
    pub phase: Phase,
    pub seconds: f64,
    /// Of both kinds, user and system, of the whole process.
    pub cpu_seconds: f64,
    /// Variants stored, rows written, messages sent.
    pub rows: u64,
    /// Of a message without what is one reader's own, on average; of a release alone.
    pub bytes: u64,
    /// Resident at its end, and the most since the process began (MB).
    pub resident: f64,
    pub peak: f64,
}

impl Took {
    /// Rows a second.
    pub(super) fn rate(&self) -> f64 {
        self.rows as f64 / self.seconds
    }
}

/// So many give a steady average.
const SIGNATURES: i64 = 2000;

/// How often the end of the queue is looked for.
const LOOK: Duration = Duration::from_millis(10);

/// Runs the phases and says what each took.
pub(in crate::cli) async fn step(arguments: StepArguments) -> anyhow::Result<()> {
    let app = App::open(Config::load(&arguments.file)?).await?;
    let folder = arguments.file.parent().unwrap_or(Path::new("."));
    for phase in arguments.phases {
        if phase == Phase::Release {
            mailroom::file_news(&app, folder).await?;
        }
        let (began, cpu) = (Instant::now(), cpu_seconds()?);
        let mut edition = None;
        let mut rows = 0;
        match phase {
            Phase::Release => edition = Some(app.desk.run(NEWSLETTER, app.clock.now()).await?),
            Phase::FanOut => rows = fan_out(&app).await?,
            Phase::Send => rows = send(&app).await?,
            Phase::Sign => rows = sign()?,
        }
        let seconds = began.elapsed().as_secs_f64();
        let Memory { resident, peak } = Memory::of("self")?;
        let mut took =
            Took { phase, seconds, cpu_seconds: cpu_seconds()? - cpu, rows, bytes: 0, resident, peak };
        if let Some(edition) = edition {
            (took.rows, took.bytes) = weigh(&app.db, edition).await?;
        }
        say(serde_json::to_string(&took)?);
    }
    app.db.close().await;
    Ok(())
}

async fn fan_out(app: &App) -> anyhow::Result<u64> {
    let done = delivery::fan_out(&app.desk, &app.clock).await?;
    Ok(done.iter().map(|(_, rows)| rows).sum())
}

/// Runs the pump until nothing is open. Gives how many of the last edition's rows were sent.
async fn send(app: &App) -> anyhow::Result<u64> {
    let pump = Pump::new(
        app.db.clone(),
        app.clock.clone(),
        app.keys.clone(),
        NodeId::new(),
        Relay::all(&app.config)?,
        Settings::of(&app.declarations.newsletters, 1),
    )
    .signing_with(Signing::of(&app.config)?);
    let (stop, stopped) = watch::channel(false);
    let (ran, waited) = tokio::join!(pump.run(stopped), async {
        let waited = until_idle(app).await;
        stop.send_replace(true);
        waited
    });
    ran.and(waited)?;
    let balances = delivery::balances(&app.db, crate::clock::Timestamp::from_millis(0)).await?;
    let last = balances.last().context("no edition")?;
    anyhow::ensure!(last.missing() == 0 && Some(last.sent) == last.eligible, "not all were sent: {last:?}");
    Ok(u64::try_from(last.sent)?)
}

/// Signs messages as long as digests. Gives how many.
fn sign() -> anyhow::Result<u64> {
    let signer = Signer {
        domain: Name::domain(DOMAIN)?,
        selector: Name::selector("rsa")?,
        key: SigningKey::generate(Algorithm::Rsa)?,
    };
    let line = format!("{}\r\n", "x".repeat(74));
    let message = format!("From: a@{DOMAIN}\r\nSubject: x\r\n\r\n{}", line.repeat(460)).into_bytes();
    for at in 0..SIGNATURES {
        dkim::sign(&message, [&signer], at)?;
    }
    Ok(SIGNATURES.unsigned_abs())
}

async fn until_idle(app: &App) -> anyhow::Result<()> {
    while delivery::is_at_work(&app.db).await? {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// What this process has used of its cores.
fn cpu_seconds() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("times are read from /proc")?;
    // The second field, the program's name, may hold anything but its closing parenthesis.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    let (user, system) = ticks(11).zip(ticks(12)).context("/proc/self/stat has other fields")?;
    Ok((user + system) / 100.0)
}

/// The process, from outside; it ends with the value.
#[derive(Debug)]
pub(super) struct Steps {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Steps {
    /// Starts the phases with the configuration `file`.
    pub(super) fn start(core: Option<usize>, file: &Path, phases: &[Phase]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let words: Vec<&str> = phases.iter().map(|phase| phase.word()).collect();
        let mut child = on_core(core, &program)
            .args(["bench", "digest-step"])
            .arg(file)
            .arg(words.join(","))
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a step")?;
        let lines = BufReader::new(child.stdout.take().context("a step without output")?).lines();
        Ok(Self { child, lines })
    }

    /// What the next phase took, once it is over.
    pub(super) fn next(&mut self) -> anyhow::Result<Took> {
        let line = self.lines.next().context("a step ended before its time; see above")??;
        serde_json::from_str(&line).with_context(|| format!("a step said: {line}"))
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        // One that has said everything is closing its store.
        if self.lines.next().is_some() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
