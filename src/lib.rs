//! kiosque keeps a newsroom's articles, serves them as feeds and mails scheduled digests in French.
//!
//! The modules stand on floors: each uses only what stands below it (`tests/it/house.rs` reads the `use` lines).
//! From top to bottom: [`cli`]; [`web`]; [`daemon`]; [`app`]; [`delivery`]; [`newsletters`]; [`feeds`];
//! [`subscribers`]; [`articles`]; [`images`]; [`alerts`]; [`mail`], [`french`] and [`html`]; [`db`] and [`outbound`]; [`config`], [`clock`], [`recent`] and
//! [`telemetry`].

pub mod alerts;
pub mod app;
pub mod articles;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod db;
pub mod delivery;
pub mod feeds;
pub mod french;
pub mod html;
pub mod images;
pub mod mail;
pub mod newsletters;
pub mod outbound;
pub mod recent;
pub mod subscribers;
pub mod telemetry;
pub mod web;
