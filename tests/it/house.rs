//! The house keeps its floors: a module uses only what stands below it.

use std::path::{Path, PathBuf};

/// From the top to the ground. Modules of one floor do not use each other, but for what `TOGETHER` names.
const FLOORS: &[&[&str]] = &[
    &["cli"],
    &["web"],
    &["daemon"],
    &["app"],
    &["delivery"],
    &["newsletters"],
    &["feeds"],
    &["subscribers"],
    &["articles"],
    &["images"],
    &["alerts"],
    &["html"],
    &["mail", "french"],
    &["db", "outbound"],
    &["telemetry"],
    &["config"],
    &["clock", "recent"],
];

#[test]
fn a_module_uses_only_what_stands_below_it() {
    let mut wrong = Vec::new();
    for (floor, modules) in FLOORS.iter().enumerate() {
        for module in *modules {
            for file in files_of(module) {
                for (line, used) in uses_of(&file) {
                    let Some(other) = FLOORS.iter().position(|floor| floor.contains(&used.as_str())) else {
                        continue;
                    };
                    if used != *module && other <= floor {
                        wrong.push(format!("{}:{line}: `{module}` uses `{used}`", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "these arrows point upwards or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_of_the_crate_has_its_floor() {
    let lib = std::fs::read_to_string("src/lib.rs").expect("src/lib.rs");
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let homeless: Vec<&str> =
        modules.filter(|module| !FLOORS.iter().any(|floor| floor.contains(module))).collect();
    assert!(homeless.is_empty(), "{homeless:?}");
}

fn files_of(module: &str) -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from(format!("src/{module}.rs"))];
    let mut folders = vec![PathBuf::from(format!("src/{module}"))];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries {
            let path = entry.expect("a folder's entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.retain(|file| file.exists() && file.extension().is_some_and(|ending| ending == "rs"));
    files
}

/// The modules that a file names as `crate::module`, with their lines; its tests may look anywhere.
fn uses_of(file: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(file).expect("a source file");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut uses = Vec::new();
    for (number, line) in code.lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for after in line.split("crate::").skip(1) {
            // `use crate::{a::b, c}` is not written here: rustfmt keeps one `use` a module.
            let names = after.trim_start_matches('{');
            let name: String = names.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            uses.push((number + 1, name));
        }
    }
    uses
}
