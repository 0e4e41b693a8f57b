//! What every face of the program is handed: built once, shared by all.
