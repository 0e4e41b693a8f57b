//! Articles, their categories and the doors they come in by.
