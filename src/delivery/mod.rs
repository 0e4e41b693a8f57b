//! Deliveries: the queue, the SMTP conversation and what becomes of each message.

pub mod maildir;
pub mod retry;
pub mod smtp;
