//! French typography for titles, summaries and our own texts, at rendering.

use crate::french::glyphs::{Glyph, glyphs};
use crate::french::{no_break, quotes};

/// The narrow no-break space (U+202F): before `;`, `!` and `?`, and between the thousands of a number.
pub const NARROW: char = '\u{202f}';

/// The no-break space (U+00A0): before `:`, `»` and `%`, after `«`, between a number and its unit.
pub const NO_BREAK: char = '\u{a0}';

/// Which no-break spaces a piece of text may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spaces {
    /// U+202F before `; ! ?` and between thousands, U+00A0 elsewhere: HTML and plain-text bodies, pages.
    Narrow,
    /// U+00A0 throughout: subject, preheader, sender's name. Many a mail program's list view draws a box for
    /// U+202F.
    Plain,
}

/// Sets plain text (never HTML) as French is printed:
///
/// - a straight apostrophe after a letter becomes `’`, three dots `…`, straight quotes that pair `« »` (`“ ”`
///   inside others);
/// - one no-break space before `; : ! ? »` and `%`, and after `«`, in place of whatever space stands there or of
///   none;
/// - no break inside "10 000 F CFA", "7 h 30", "n° 12", "M. Lawson", "le `XXIe` siècle".
///
/// URLs, e-mail addresses, code between backticks, hours such as `18:30`, `?!`, `5'30''` and quotes that do not pair stay as they are. So
/// does text already set: doing it twice changes nothing more.
pub fn typeset(text: &str, spaces: Spaces) -> String {
    let mut glyphs = glyphs(text);
    quotes::pair(&mut glyphs);
    apostrophes(&mut glyphs);
    let glyphs = ellipses(&glyphs);
    let mut glyphs = no_break::part(&punctuation(&glyphs));
    no_break::bind(&mut glyphs);
    glyphs
        .into_iter()
        .map(|glyph| match glyph.c {
            NARROW if spaces == Spaces::Plain => NO_BREAK,
            c => c,
        })
        .collect()
}

/// `l'été` but not `5'30''` nor `'90`; also what is typed or pasted in its place (U+00B4, U+2018).
fn apostrophes(glyphs: &mut [Glyph]) {
    for i in 1..glyphs.len().saturating_sub(1) {
        let (before, after) = (glyphs[i - 1].c, glyphs[i + 1].c);
        if (glyphs[i].is('\'') || glyphs[i].is('´') || glyphs[i].is('‘'))
            && before.is_alphabetic()
            && (after.is_alphanumeric() || matches!(after, '«' | '“' | '"'))
        {
            glyphs[i].c = '’';
        }
    }
}

/// Exactly three dots: more of them are a line to fill in.
fn ellipses(glyphs: &[Glyph]) -> Vec<Glyph> {
    let mut out = Vec::with_capacity(glyphs.len());
    let mut rest = glyphs;
    while let [first, after @ ..] = rest {
        let dots = rest.iter().take_while(|glyph| glyph.is('.')).count();
        if dots == 3 {
            out.push(Glyph::free('…'));
        } else if dots > 0 {
            out.extend_from_slice(&rest[..dots]);
        } else {
            out.push(*first);
        }
        rest = if dots > 0 { &rest[dots..] } else { after };
    }
    out
}

/// The spaces before `; : ! ? » %` and after `«`.
fn punctuation(glyphs: &[Glyph]) -> Vec<Glyph> {
    let mut out: Vec<Glyph> = Vec::with_capacity(glyphs.len() + 8);
    let mut i = 0;
    while i < glyphs.len() {
        let glyph = glyphs[i];
        i += 1;
        let next = glyphs.get(i).map(|next| next.c);
        if glyph.fixed {
            out.push(glyph);
            continue;
        }
        if let Some(space) = space_before(&out, glyph.c, next) {
            let kept = out.len() - blanks_at_end(&out);
            out.truncate(kept);
            out.push(Glyph::free(space));
        }
        out.push(glyph);
        if glyph.c == '«' {
            let blanks = glyphs[i..].iter().take_while(|g| is_blank(g.c)).count();
            if glyphs.get(i + blanks).is_some_and(|inside| !matches!(inside.c, '\n' | '\r' | '»')) {
                i += blanks;
                out.push(Glyph::free(NO_BREAK));
            }
        }
    }
    out
}

/// The space to put between what is set so far and the mark `c`, in place of the blanks there; `None` to leave
/// them alone.
fn space_before(set: &[Glyph], c: char, next: Option<char>) -> Option<char> {
    let space = match c {
        ';' | '!' | '?' => NARROW,
        ':' | '»' | '%' => NO_BREAK,
        _ => return None,
    };
    let blanks = blanks_at_end(set);
    let before = set[..set.len() - blanks].last()?.c;
    let wanted = match c {
        '»' => !matches!(before, '«' | '\n' | '\r'),
        '%' => before.is_ascii_digit() && ends_word(next),
        _ if blanks > 0 => !is_opening(before) && !matches!(before, '\n' | '\r'),
        // `::`, `;;` and what an entity ends with are not French; `?!` and `!!` are.
        ':' => ends_a_word(before) && ends_word(next) && next != Some(':'),
        ';' => ends_a_word(before) && ends_word(next) && next != Some(';') && !ends_entity(set),
        _ => ends_a_word(before) && ends_word(next),
    };
    wanted.then_some(space)
}

fn blanks_at_end(set: &[Glyph]) -> usize {
    set.iter().rev().take_while(|glyph| is_blank(glyph.c)).count()
}

/// A space that stands inside a line.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | NO_BREAK | NARROW | '\u{2009}')
}

fn is_opening(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '«' | '“' | '‘' | '¿' | '¡')
}

/// Whether a mark directly after this character follows a word, rather than `(` in `(?)` or `?` in `?!`.
fn ends_a_word(c: char) -> bool {
    match c {
        ')' | ']' | '}' | '%' | '"' | '\'' | '.' | '*' => true,
        '—' | '–' => false,
        c => c.is_alphanumeric() || (!c.is_ascii() && !is_opening(c)),
    }
}

/// Whether the word is over with this character, so that `18:30`, `a:b` and `?q=1` are left alone.
fn ends_word(next: Option<char>) -> bool {
    next.is_none_or(|c| {
        c.is_whitespace()
            || matches!(c, ')' | ']' | '}' | '»' | '”' | '’' | '…' | ',' | '.' | ';' | ':' | '!' | '?' | '—')
    })
}

/// Whether what is set so far ends with `&amp` or `&#39`, before its `;`.
fn ends_entity(set: &[Glyph]) -> bool {
    let name = set.iter().rev().take_while(|g| g.c.is_ascii_alphanumeric() || g.c == '#').count();
    name > 0 && set[..set.len() - name].last().is_some_and(|glyph| glyph.c == '&')
}
