//! Newsletters: schedules, slots, editions, variants.
