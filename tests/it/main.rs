//! Scenario tests: the program as its users meet it, on both engines.

mod config;
mod delivery_smtp;
mod support;
