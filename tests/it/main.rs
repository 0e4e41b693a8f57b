//! Scenario tests: the program as its users meet it, on both engines.

mod config;
mod support;
