//! The small grammar of XML: names, the declaration's settings, the space between attributes.

/// The name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// A name of XML 1.0 §2.3 with at most one colon (Namespaces in XML §4).
pub(super) fn is_name(name: &str) -> bool {
    let begins = |c: char| {
        matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
            | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}')
    };
    let goes_on = |c: char| {
        begins(c)
            || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
    };
    let proper = |part: &str| part.starts_with(begins) && part.chars().all(goes_on);
    match name.split_once(':') {
        Some((prefix, local)) => proper(prefix) && proper(local),
        None => proper(name),
    }
}

/// The `name="value"` of a declaration, each after white space; `None` for anything else.
pub(super) fn settings(text: &str) -> Option<Vec<(&str, &str)>> {
    const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];
    let mut settings = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches(BLANK);
        if trimmed.is_empty() {
            return Some(settings);
        }
        if trimmed.len() == rest.len() {
            return None;
        }
        let (name, after) = trimmed.split_once('=')?;
        let after = after.trim_start_matches(BLANK);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        settings.push((name.trim_end_matches(BLANK), value));
        rest = after;
    }
}

/// Whether an attribute follows the one before it without white space between.
pub(super) fn touch(raw: &str) -> bool {
    let mut quote = None;
    let mut closed = false;
    for c in raw.chars() {
        match quote {
            Some(open) if c == open => (quote, closed) = (None, true),
            Some(_) => {}
            None if closed && !matches!(c, ' ' | '\t' | '\r' | '\n' | '/') => return true,
            None => {
                closed = false;
                quote = matches!(c, '"' | '\'').then_some(c);
            }
        }
    }
    false
}
