//! Logs without addresses or tokens, and metrics.
