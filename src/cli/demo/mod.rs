//! `kiosque demo`: the whole program on one machine, with articles of its own.

pub mod content;
