//! Feeds: what is in them, and their ready bytes.
