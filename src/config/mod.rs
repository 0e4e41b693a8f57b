//! The file an operator edits.
