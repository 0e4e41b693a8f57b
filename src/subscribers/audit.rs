//! The register of who did what when with readers' data (RGPD art. 5(2) and 33): what readers said, what was suppressed and
//! lifted, what operators did. Addresses do not stand in it: what tells one reader from another is the beginning of the keyed
//! hash, which nobody can turn into an address.

use std::collections::VecDeque;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::db::{Db, Sql, Tx};
use crate::subscribers::address::AddressHash;
use crate::subscribers::own_data::moment;
use crate::subscribers::own_sql::{
    ADD_OPERATOR_ACT, AUDIT_ACTS, AUDIT_CONSENT, AUDIT_LIFTED, AUDIT_SUPPRESSED,
};
use crate::{execute, fetch_all, text_enum};

text_enum! {
    /// Where a line comes from.
    AuditKind {
        /// What a reader said, or an operator for him.
        Consent = "consent",
        /// An address must not be mailed any more.
        Suppressed = "suppressed",
        /// It may be mailed again.
        Lifted = "lifted",
        /// What an operator did, by whom.
        Operator = "operator",
    }
}

impl AuditKind {
    fn statement(self) -> Sql {
        match self {
            Self::Consent => AUDIT_CONSENT,
            Self::Suppressed => AUDIT_SUPPRESSED,
            Self::Lifted => AUDIT_LIFTED,
            Self::Operator => AUDIT_ACTS,
        }
    }
}

/// A line of the register. Moments are written as RFC 3339 in UTC.
#[derive(Debug, Clone, Serialize)]
pub struct AuditLine {
    /// When.
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
    /// Where the line comes from.
    pub kind: AuditKind,
    /// The event, the reason, or the act.
    pub what: String,
    /// The first eight bytes of the address's hash, in hexadecimal digits.
    pub reader: Option<String>,
    /// The letter's slug.
    pub newsletter: Option<String>,
    /// What the reader was shown.
    pub reference: Option<String>,
    /// By which way; what a relay said; what the operator was told.
    pub detail: Option<String>,
    /// Whose request it was; after a time only its network.
    pub network_address: Option<String>,
    /// The operator.
    pub by: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    at: Timestamp,
    what: String,
    address_hash: Option<Vec<u8>>,
    newsletter: Option<String>,
    reference: Option<String>,
    detail: Option<String>,
    network_address: Option<String>,
    who: Option<String>,
}

/// What to read of the register.
#[derive(Debug, Clone)]
pub struct AuditScope {
    /// From this moment on.
    pub since: Timestamp,
    /// And before this one.
    pub until: Timestamp,
    /// Of this address only.
    pub of: Option<AddressHash>,
}

/// The register, read line by line in the order of time; memory does not grow with its length.
#[derive(Debug)]
pub struct Audit {
    scope: AuditScope,
    sources: Vec<Source>,
}

#[derive(Debug)]
struct Source {
    kind: AuditKind,
    after: (Timestamp, i64),
    waiting: VecDeque<AuditLine>,
    over: bool,
}

/// Lines that are read at a time.
const PAGE: i64 = 500;

impl Audit {
    /// Begins to read.
    #[must_use]
    pub fn new(scope: AuditScope) -> Self {
        let after = (scope.since, -1);
        let source = |kind: &AuditKind| Source { kind: *kind, after, waiting: VecDeque::new(), over: false };
        Self { scope, sources: AuditKind::ALL.iter().map(source).collect() }
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next(&mut self, db: &Db) -> sqlx::Result<Option<AuditLine>> {
        for source in &mut self.sources {
            source.fill(db, &self.scope).await?;
        }
        let earliest = self
            .sources
            .iter_mut()
            .filter(|source| !source.waiting.is_empty())
            .min_by_key(|source| source.waiting.front().map(|line| line.at));
        Ok(earliest.and_then(|source| source.waiting.pop_front()))
    }
}

impl Source {
    async fn fill(&mut self, db: &Db, scope: &AuditScope) -> sqlx::Result<()> {
        if self.over || !self.waiting.is_empty() {
            return Ok(());
        }
        let of = scope.of.map(|hash| hash.as_bytes().to_vec());
        let sql = self.kind.statement();
        let (at, id) = self.after;
        let rows: Vec<Row> = fetch_all!(db, sql, at, id, scope.until, of, PAGE)?;
        self.over = rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        for row in rows {
            self.after = (row.at, row.id);
            self.waiting.push_back(AuditLine {
                at: row.at,
                kind: self.kind,
                what: row.what,
                reader: row.address_hash.as_deref().map(pseudonym),
                newsletter: row.newsletter,
                reference: row.reference,
                detail: row.detail,
                network_address: row.network_address,
                by: row.who,
            });
        }
        Ok(())
    }
}

fn pseudonym(hash: &[u8]) -> String {
    hex::encode(&hash[..hash.len().min(8)])
}

/// Writes down what an operator (`by`) did with readers' data: `act` such as `subscriber.export`, of one reader where it was
/// one.
///
/// # Errors
/// When the store fails.
pub async fn register_act(
    tx: &mut Tx,
    act: &str,
    of: Option<AddressHash>,
    detail: Option<&str>,
    by: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let hash = of.map(|hash| hash.as_bytes().to_vec());
    execute!(tx, ADD_OPERATOR_ACT, act, hash, detail, by, now).map(|_| ())
}
