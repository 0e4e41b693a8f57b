//! Scenario tests: the program as its users meet it, on both engines.

#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on fails, in its helpers too")]

mod alerts;
mod api;
mod articles;
mod backup;
mod cli;
mod cli_newsroom;
mod config;
mod delivery;
mod delivery_crash;
mod delivery_defects;
mod delivery_faults;
mod delivery_kill;
mod delivery_overlap;
mod delivery_relay;
mod delivery_run;
mod delivery_smtp;
mod dkim;
mod editions;
mod feed_check;
mod feed_http;
mod feed_polling;
mod feed_views;
mod feed_wire;
mod feed_xml;
mod feeds;
mod former_paths;
mod house;
mod leases;
mod nodes;
mod opml;
mod outbound;
mod reader_pages;
mod readers;
mod retention;
mod retractions;
mod source_feeds;
mod store;
mod support;
mod templates;
mod timelines;
mod variants;
mod web;
mod websub;
mod wordpress;
