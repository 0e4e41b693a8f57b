//! SQLite and PostgreSQL behind one text per statement.
