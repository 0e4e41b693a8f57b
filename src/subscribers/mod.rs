//! Readers: addresses, subscriptions, consent, suppression.
