//! Values that the example file invents, so that nobody mails their readers in the name of "Le Journal".

/// Parts of texts that occur in the example and in no real newsroom's file.
const MARKS: [&str; 5] = ["exemple.tg", "00 00 00 00", "0000/HAAC", "A. Exemple", "rue des Cocotiers"];

/// Whether the text is one of the example's inventions.
pub(super) fn is_example(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark))
}
