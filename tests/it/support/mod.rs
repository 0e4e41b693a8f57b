//! What scenarios stand on: a database of their own on each engine, newsrooms, and a scripted SMTP server.

pub mod children;
pub mod clean_feeds;
pub mod database;
pub mod faketime;
pub mod feed_room;
pub mod feed_site;
pub mod imap;
pub mod invariants;
pub mod link;
pub mod newsroom;
pub mod node;
pub mod own_postgres;
pub mod patience;
pub mod post;
pub mod press;
pub mod program;
pub mod reader_room;
pub mod returned;
pub mod site;
pub mod smtp;
mod smtp_script;
pub mod throttle;
