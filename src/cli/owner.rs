//! Whose the SQLite file is. A file written by root cannot be written by the daemon's user afterwards, so a verb that
//! would write to another user's file refuses, and prints the line that does it right.

use std::path::Path;

#[cfg(unix)]
use std::os::unix::fs::MetadataExt as _;

/// The `sudo -u` line to type instead, when this process must not write to the file. A file that is not there yet is
/// judged by its folder, and only for root, who may make files everywhere.
#[cfg(unix)]
pub fn sudo_line(file: &Path) -> Option<String> {
    let me = rustix::process::geteuid().as_raw();
    let owner = match std::fs::metadata(file) {
        Ok(file) => file.uid(),
        Err(_) if me == 0 => {
            file.ancestors().skip(1).find_map(|folder| std::fs::metadata(folder).ok())?.uid()
        }
        Err(_) => return None,
    };
    (owner != me).then(|| line(&user_name(owner), std::env::args()))
}

/// Elsewhere files have no owner in this sense.
#[cfg(not(unix))]
pub fn sudo_line(_file: &Path) -> Option<String> {
    None
}

fn line(user: &str, arguments: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = arguments.map(|word| quoted(&word)).collect();
    format!("sudo -u {user} {}", words.join(" "))
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The user's name, or `#` and the number, which sudo takes as well.
#[cfg(unix)]
fn user_name(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|user| {
        let mut fields = user.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("'#{uid}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_to_type_keeps_every_word() {
        let words =
            ["/usr/bin/kiosque", "subscriber", "import", "l'été.csv", "--consent", "formulaire papier", ""];
        assert_eq!(
            line("kiosque", words.into_iter().map(str::to_owned)),
            r"sudo -u kiosque /usr/bin/kiosque subscriber import 'l'\''été.csv' --consent 'formulaire papier' ''"
        );
    }

    #[cfg(unix)]
    #[test]
    fn our_own_file_needs_no_sudo() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosque.db");
        assert_eq!(sudo_line(&file), None);
        std::fs::write(&file, "").unwrap();
        assert_eq!(sudo_line(&file), None);
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(4_000_000_000), "'#4000000000'");
    }
}
