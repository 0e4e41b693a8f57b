//! How long a text takes to read.

use crate::french::typography::NO_BREAK;

/// Words a minute that adults read in French: 195 ± 26 (Trauzettel-Klosinski and Dietz, "Standardized assessment of
/// reading performance: the new International Reading Speed Texts", 2012, table 1).
const WORDS_A_MINUTE: usize = 195;

/// The words of a plain text: what stands between spaces and holds a letter or a digit.
pub fn words(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

/// "3 min de lecture"; at least one minute, the nearest whole one.
pub fn reading_time(words: usize) -> String {
    let minutes = ((words + WORDS_A_MINUTE / 2) / WORDS_A_MINUTE).max(1);
    format!("{minutes}{NO_BREAK}min de lecture")
}
