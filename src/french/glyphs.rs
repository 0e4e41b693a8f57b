//! Text cut into characters of which some are not to be touched: addresses of pages and of people.

/// One character of a text being set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glyph {
    pub(crate) c: char,
    /// Part of a URL or an e-mail address.
    pub(crate) fixed: bool,
}

impl Glyph {
    pub(crate) fn free(c: char) -> Self {
        Self { c, fixed: false }
    }

    /// Whether this is the character `c`, free to be replaced.
    pub(crate) fn is(self, c: char) -> bool {
        self.c == c && !self.fixed
    }
}

/// Cuts a text, fixing the URLs and e-mail addresses in it.
pub(crate) fn glyphs(text: &str) -> Vec<Glyph> {
    let mut glyphs: Vec<Glyph> = text.chars().map(Glyph::free).collect();
    for word in glyphs.split_mut(|glyph| glyph.c.is_whitespace()) {
        let chars: Vec<char> = word.iter().map(|glyph| glyph.c).collect();
        if let Some(range) = url(&chars).or_else(|| mail_address(&chars)) {
            word[range].iter_mut().for_each(|glyph| glyph.fixed = true);
        }
    }
    glyphs
}

/// `https://…`, `www.…` or `exemple.tg/…` in a word, without the punctuation that ends the sentence.
fn url(word: &[char]) -> Option<std::ops::Range<usize>> {
    let start = if let Some(colon) = find(word, "://") {
        colon - word[..colon].iter().rev().take_while(|c| c.is_ascii_alphanumeric()).count()
    } else if let Some(www) = find(word, "www.") {
        www
    } else {
        let slash = word.iter().position(|c| *c == '/')?;
        let host =
            word[..slash].iter().rev().take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-')).count();
        let top = word[..slash].iter().rev().take_while(|c| c.is_alphabetic()).count();
        if top < 2 || host < top + 2 || word[slash - top - 1] != '.' {
            return None;
        }
        slash - host
    };
    let punctuation = |c: &&char| {
        matches!(c, '»' | '”' | '"' | '’' | '\'' | ')' | ']' | '>' | ',' | '.' | ';' | ':' | '…' | '!' | '?')
    };
    let end = word.len() - word[start..].iter().rev().take_while(punctuation).count();
    Some(start..end)
}

/// `nom@exemple.tg` in a word. An apostrophe is part of it: `o'brien@exemple.tg` is an address.
fn mail_address(word: &[char]) -> Option<std::ops::Range<usize>> {
    let at = word.iter().position(|c| *c == '@')?;
    let local = |c: &&char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'');
    let domain = |c: &&char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let start = at - word[..at].iter().rev().take_while(local).count();
    let mut end = at + 1 + word[at + 1..].iter().take_while(domain).count();
    while matches!(word[end - 1], '.' | '-') {
        end -= 1;
    }
    (start < at && end > at + 1).then_some(start..end)
}

fn find(word: &[char], text: &str) -> Option<usize> {
    let wanted: Vec<char> = text.chars().collect();
    word.windows(wanted.len()).position(|window| window == wanted)
}
