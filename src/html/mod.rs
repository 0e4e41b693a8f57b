//! HTML that comes from outside: cleaned, read, shortened.
