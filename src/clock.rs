//! The time: the machine's, the database's, or a test's.
