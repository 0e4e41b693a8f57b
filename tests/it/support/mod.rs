//! What scenarios stand on: a database of their own on each engine.

pub mod database;
