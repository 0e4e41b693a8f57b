//! Texts that others wrote, before they stand in a mail of ours.

use std::borrow::Cow;

use crate::html::text::xml_safe;
use crate::mail::without_mark;

/// Takes out of a text what would break a mail: the marks that each reader's own links replace, and characters that XML
/// forbids, for one in a title, a note or a relay's answer would make the whole mail unreadable to MJML.
pub(super) fn presentable(text: &mut String) {
    if let Cow::Owned(repaired) = xml_safe(text) {
        *text = repaired;
    }
    if let Cow::Owned(cleaned) = without_mark(text) {
        *text = cleaned;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::TOKEN_MARK;

    #[test]
    fn marks_and_control_characters_go_and_everything_else_stays() {
        let mut text = format!("Le\u{1b}[31m port\0{TOKEN_MARK} l\u{92}été\n\u{202f}!");
        presentable(&mut text);
        assert_eq!(text, "Le[31m port l’été\n\u{202f}!");
        // What a control character parted does not become a mark.
        let mut text = "%EE%87\u{1b}%B0%EE%87%B1".to_owned();
        presentable(&mut text);
        assert!(!text.contains("%EE%87%B0"), "{text}");
    }
}
