//! Deliveries: the queue, the SMTP conversation and what becomes of each message.
