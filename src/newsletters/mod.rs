//! Newsletters: schedules, slots, editions, variants.

mod crontab;
pub mod schedule;
#[cfg(test)]
mod schedule_tests;
pub mod slot;
pub mod zone;
