//! The `kiosque` program: parses the arguments and runs a verb of [`kiosque::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    kiosque::cli::main()
}
