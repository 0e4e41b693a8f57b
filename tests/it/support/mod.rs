//! What scenarios stand on: a database of their own on each engine, and a scripted SMTP server.

pub mod database;
pub mod newsroom;
pub mod program;
pub mod smtp;
