//! What was measured, as tables and as JSON.

use serde::Serialize;

use super::super::figures::{median, spread};
use super::measure::{Distance, Effort, FanOut, ROUND_TRIP, Rate, Rows, Sender, VARIANTS, Weight};
use crate::cli::output::Table;

/// Everything that was measured; what was not asked for is left out.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    version: &'static str,
    effort: Effort,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance: Option<Distance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fan_out: Option<FanOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<Weight>,
}

impl Report {
    /// What the figures are for.
    pub(super) const WHAT_TO_COMPARE: &str = "\
Compare ratios of one run, not rates of two: machines differ, and other work on one moves both sides alike.
smtp-source writes ready bytes and forgets them; kiosque claims each row, builds the reader’s own message, keeps its hash
and state durable (synchronous=FULL) before the body and after the reply. PostgreSQL’s own processes run on any core.";

    pub(super) fn new(effort: Effort) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self { version, effort, rate: None, distance: None, fan_out: None, memory: Vec::new() }
    }

    pub(super) fn heading(&self) -> String {
        let mut text = format!(
            "Digests of 35 kB into smtp-sink, {} connections, sink and sender on a core each; kiosque {}",
            self.effort.sessions, self.version
        );
        if cfg!(debug_assertions) {
            text.push_str("\nThis is a debug build: its figures mean nothing. cargo build --release");
        }
        text
    }

    pub(super) fn rate_table(&self) -> String {
        let Some(rate) = &self.rate else { return String::new() };
        let mut table = Table::new(&[
            "messages a second",
            "#median (lowest–highest)",
            "#of smtp-source",
            "aim",
            "#CPU µs a message",
            "#peak MB",
        ]);
        let base = median(&rate.source);
        let none = String::new;
        table.row(["smtp-source -d".into(), spread(&rate.source, 0), "1.00".into(), none(), none(), none()]);
        let mut sender = |name: &str, aim: &str, sender: &Sender| {
            table.row([
                name.to_owned(),
                spread(&sender.rates, 0),
                format!("{:.2}", median(&sender.rates) / base),
                aim.to_owned(),
                format!("{:.0}", median(&sender.cpu)),
                format!("{:.0}", sender.peak),
            ]);
        };
        sender("kiosque, SQLite", "≥ 0.90", &rate.sqlite);
        sender("kiosque, SQLite, RSA-2048", "", &rate.signed);
        if let Some(postgres) = &rate.postgres {
            sender("kiosque, PostgreSQL", "", postgres);
        }
        let allowed = rate.allowed();
        let signing = format!(
            "A signature takes {:.0} µs: that allows {allowed:.0} messages a second, of which {:.2} were sent (aim ≥ 0.80)",
            median(&rate.signature),
            median(&rate.signed.rates) / allowed
        );
        format!(
            "{} messages of {:.1} kB in {VARIANTS} variants, {} rounds\n{}\n{signing}",
            self.effort.messages,
            rate.size as f64 / 1000.0,
            self.effort.rounds,
            table.render()
        )
    }

    pub(super) fn distance_table(&self) -> String {
        let Some(distance) = &self.distance else { return String::new() };
        let mut table = Table::new(&["one connection, far away", "#messages a second", "aim"]);
        table.row(["smtp-source -d".into(), format!("{:.1}", distance.source), String::new()]);
        table.row(["kiosque".into(), format!("{:.1}", distance.kiosque), "≥ 38".into()]);
        format!("{} ms round trip\n{}", ROUND_TRIP.as_millis(), table.render())
    }

    pub(super) fn fan_out_table(&self) -> String {
        let Some(fan_out) = &self.fan_out else { return String::new() };
        let mut table = Table::new(&[
            "fan-out",
            "#rows",
            "#rows a second",
            "aim",
            "#another’s waits, median ms",
            "#p99",
            "#longest",
            "aim",
            "#peak MB",
        ]);
        let mut engine = |name: &str, aim: &str, rows: &Rows| {
            table.row([
                name.to_owned(),
                rows.rows.to_string(),
                format!("{:.0}", rows.per_second),
                aim.to_owned(),
                format!("{:.1}", rows.wait_median),
                format!("{:.1}", rows.wait_p99),
                format!("{:.1}", rows.wait_longest),
                "≤ 50".to_owned(),
                format!("{:.0}", rows.peak),
            ]);
        };
        engine("SQLite", "≥ 150000", &fan_out.sqlite);
        if let Some(postgres) = &fan_out.postgres {
            engine("PostgreSQL", "", postgres);
        }
        table.render()
    }

    pub(super) fn memory_table(&self) -> String {
        let mut table = Table::new(&[
            "#variants",
            "#readers",
            "#release s",
            "#its peak MB",
            "#fan-out rows/s",
            "#messages/s",
            "#peak MB",
            "aim",
        ]);
        for weight in &self.memory {
            table.row([
                weight.variants.to_string(),
                weight.readers.to_string(),
                format!("{:.1}", weight.release_seconds),
                format!("{:.0}", weight.release_peak),
                format!("{:.0}", weight.fan_out_per_second),
                format!("{:.0}", weight.sent_per_second),
                format!("{:.0}", weight.peak),
                "≤ 150".to_owned(),
            ]);
        }
        table.render()
    }
}
