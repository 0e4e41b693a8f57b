//! The `kiosque` program: parses the arguments and runs a verb of [`kiosque::cli`].

fn main() {}
