//! Straight quotes that pair.

use crate::french::glyphs::Glyph;

/// Turns straight quotes that open and close in the same line into `« »`, or `“ ”` inside others. In a line where
/// they do not pair all stay straight, save an inch mark (`15"`), which counts for nothing.
pub(crate) fn pair(glyphs: &mut [Glyph]) {
    glyphs.split_mut(|glyph| glyph.c == '\n').for_each(pair_line);
}

fn pair_line(line: &mut [Glyph]) {
    let mut open: Vec<usize> = Vec::new();
    let mut pairs: Vec<(usize, usize, bool)> = Vec::new();
    let mut guillemets = 0usize;
    for i in 0..line.len() {
        match line[i].c {
            '«' => guillemets += 1,
            '»' => guillemets = guillemets.saturating_sub(1),
            '"' if !line[i].fixed => match role(line, i) {
                Role::Opens => open.push(i),
                Role::Closes => match open.pop() {
                    Some(start) => pairs.push((start, i, guillemets + open.len() > 0)),
                    None if line[i - 1].c.is_ascii_digit() => {}
                    None => return,
                },
                Role::Neither => {}
            },
            _ => {}
        }
    }
    if !open.is_empty() {
        return;
    }
    for (start, end, inside) in pairs {
        (line[start].c, line[end].c) = if inside { ('“', '”') } else { ('«', '»') };
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Opens,
    Closes,
    Neither,
}

/// An opening quote has a word after it and none before; a closing one the other way round.
fn role(line: &[Glyph], i: usize) -> Role {
    let before = i.checked_sub(1).map(|j| line[j].c);
    let after = line.get(i + 1).map(|glyph| glyph.c);
    let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let opens = !blank(after)
        && (blank(before)
            || matches!(
                before,
                Some('(' | '[' | '{' | '«' | '“' | '‘' | '’' | '\'' | '"' | '-' | '—' | '–' | '/')
            ));
    let closes = !blank(before)
        && (blank(after)
            || matches!(
                after,
                Some(
                    '.' | ','
                        | ';'
                        | ':'
                        | '!'
                        | '?'
                        | '…'
                        | ')'
                        | ']'
                        | '}'
                        | '»'
                        | '”'
                        | '’'
                        | '\''
                        | '"'
                        | '-'
                        | '—'
                        | '–'
                        | '/'
                )
            ));
    match (opens, closes) {
        (true, false) => Role::Opens,
        (false, true) => Role::Closes,
        _ => Role::Neither,
    }
}
