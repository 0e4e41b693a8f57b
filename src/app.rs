//! What every face of the program is handed: built once, shared by all.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

use crate::clock::Clock;
use crate::config::{Config, DatabaseTarget};
use crate::db::{self, Db, HeartbeatFile, Keys, Roles, SchemaState, Sql};
use crate::delivery::{self, Waker};
use crate::feeds::{self, FeedStore, Publication};
use crate::french::style::Style;
use crate::html::look::Look;
use crate::html::sample_pages;
use crate::html::templates::Templates;
use crate::newsletters::declaration::{self, Declarations};
use crate::newsletters::declaration_reading;
use crate::newsletters::{self, desk::Desk, sample_view};
use crate::outbound::Outbound;
use crate::subscribers;
use crate::{alerts, articles, images};

/// The parts of a running program. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The configuration.
    pub config: Arc<Config>,
    /// The store.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// The secrets that tokens are made with.
    pub keys: Arc<Keys>,
    /// Every feed's ready bytes; whoever serves keeps them up with [`feeds::watch`](mod@feeds::watch).
    pub feeds: FeedStore,
    /// The templates of mails and pages.
    pub templates: Arc<Templates>,
    /// The newsroom's name, logo and colours on pages.
    pub look: Arc<Look>,
    /// The categories and newsletters that the configuration declares, checked.
    pub declarations: Arc<Declarations>,
    /// What calls other sites.
    pub outbound: Outbound,
    /// What makes editions.
    pub desk: Desk,
    /// Wakes this process's pump, if it has one, when something was put in the queue.
    pub waker: Waker,
    /// What this process does when it serves.
    pub roles: Roles,
    /// Whether the store takes writes, as the heartbeat of a serving process found.
    pub pulse: Pulse,
}

/// Whether the last heartbeat could be written. Cheap to clone; clones are one.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<AtomicBool>);

impl Pulse {
    /// Whether it could; true before the first.
    #[must_use]
    pub fn beats(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }

    /// Notes how the latest went.
    pub fn set(&self, written: bool) {
        self.0.store(!written, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("engine", &self.db.engine()).finish_non_exhaustive()
    }
}

impl App {
    /// Opens the store that the configuration names, as it is: the schema must be current.
    ///
    /// # Errors
    /// When the store cannot be opened or its schema is not this program's; the message names the verb that helps.
    pub async fn open(config: Config) -> anyhow::Result<Self> {
        let db = open_store(&config).await?;
        match db.schema_state().await? {
            SchemaState::Current => {}
            SchemaState::Empty => {
                anyhow::bail!("the database is empty; run `kiosque migrate` or `kiosque serve` first")
            }
            SchemaState::Older => return Err(db::MigrateError::Older.into()),
            SchemaState::Newer => return Err(db::MigrateError::Newer.into()),
        }
        let clock = db.clock().await.context("cannot read the database's clock")?;
        Self::build(config, db, clock).await
    }

    /// Puts the parts together on an open, migrated store and a clock of the caller's choice: the door for tests.
    ///
    /// # Errors
    /// When the store's keys cannot be read, or the declarations or templates hold mistakes.
    pub async fn build(config: Config, db: Db, clock: Clock) -> anyhow::Result<Self> {
        let keys = Arc::new(Keys::load(&db).await?);
        let declarations = Arc::new(declaration_reading::check(&config)?);
        let (templates, look) = dress(&config)?;
        let (templates, look) = (Arc::new(templates), Arc::new(look));
        let feeds = FeedStore::new(Publication::of(&config));
        let outbound = Outbound::new(&config);
        let config = Arc::new(config);
        let desk = Desk {
            db: db.clone(),
            config: config.clone(),
            newsletters: Arc::new(declarations.newsletters.clone()),
            templates: templates.clone(),
        };
        Ok(Self {
            config,
            db,
            clock,
            keys,
            feeds,
            templates,
            look,
            declarations,
            outbound,
            desk,
            waker: Waker::default(),
            roles: Roles::ALL,
            pulse: Pulse::default(),
        })
    }

    /// The same program with another configuration: the store, the time and what others hold on to stay; feeds, templates and
    /// all that is declared are new. The feeds are empty until they are refreshed.
    ///
    /// # Errors
    /// As [`App::build`]; nothing has changed then.
    pub async fn renewed(&self, config: Config) -> anyhow::Result<Self> {
        let new = Self::build(config, self.db.clone(), self.clock.clone()).await?;
        Ok(Self { waker: self.waker.clone(), roles: self.roles, pulse: self.pulse.clone(), ..new })
    }

    /// Where this node keeps the last beat it saw of the database: beside a SQLite file, else in `[node] data`.
    #[must_use]
    pub fn heartbeat_file(&self) -> HeartbeatFile {
        heartbeat_file(&self.config, self.db.file())
    }

    /// Makes the declared categories and newsletters true in the database: the file declares, the database remembers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_up(&self) -> anyhow::Result<()> {
        let now = self.clock.now();
        let host = self.config.public_url.host();
        articles::declare(&self.db, &self.config.categories, host, now).await?;
        articles::declare_feeds(&self.db, &self.config.configured_feeds, host, now).await?;
        newsletters::newsletter::declare(&self.db, &self.declarations.newsletters, now).await?;
        Ok(())
    }
}

/// Reads the templates and the pictures that the configuration names. With an operator's own templates every mail and page is
/// written once: one that asks for what it is not given must be known now, not at the slot. The program's own are tried by
/// its tests.
///
/// # Errors
/// What is wrong with a template, with file and line, or with a picture.
pub fn dress(config: &Config) -> anyhow::Result<(Templates, Look)> {
    let templates = Templates::load_in(config.templates.as_deref(), Style::from(&config.french))
        .context("the templates cannot be used")?;
    let look = Look::load(config)?;
    let templates = templates.coloured(&look.palette);
    let chosen = declaration::chosen_templates(config, &templates)?;
    if config.templates.is_some() {
        sample_view::try_out(&templates, &chosen).context("the mail templates cannot be used")?;
        sample_pages::try_out(&templates).context("the page templates cannot be used")?;
    }
    Ok((templates, look))
}

/// Opens the store that the configuration names. The schema is not looked at.
///
/// # Errors
/// When its address cannot be read or it cannot be opened.
pub async fn open_store(config: &Config) -> anyhow::Result<Db> {
    match config.database.url.read()? {
        DatabaseTarget::Sqlite(file) => Db::open_sqlite(&file).await,
        DatabaseTarget::Postgres(url) => Db::open(&url).await,
    }
}

/// Where a node of this configuration keeps the last beat it saw; `sqlite` is the database's file, if it is one.
#[must_use]
pub fn heartbeat_file(config: &Config, sqlite: Option<&Path>) -> HeartbeatFile {
    match sqlite {
        Some(file) => HeartbeatFile::beside(file),
        None => {
            let folder = config.node.data.clone();
            HeartbeatFile::inside(&folder.unwrap_or_else(|| config.source().path("data/node")))
        }
    }
}

/// Every statement of the program, for the test that prepares each one on both engines.
#[must_use]
pub fn statements() -> Vec<Sql> {
    [
        db::statements(),
        alerts::statements(),
        images::statements(),
        articles::statements(),
        feeds::statements(),
        subscribers::statements(),
        newsletters::statements(),
        delivery::statements(),
    ]
    .concat()
}
