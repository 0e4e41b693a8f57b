//! Text cut into characters of which some are not to be touched: addresses of pages and of people, code.

/// One character of a text being set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glyph {
    pub(crate) c: char,
    /// Part of a URL, an e-mail address or code.
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

/// Cuts a text, fixing the URLs, the e-mail addresses and the code between backticks in it.
pub(crate) fn glyphs(text: &str) -> Vec<Glyph> {
    let mut glyphs: Vec<Glyph> = text.chars().map(Glyph::free).collect();
    for word in glyphs.split_mut(|glyph| glyph.c.is_whitespace()) {
        let chars: Vec<char> = word.iter().map(|glyph| glyph.c).collect();
        if let Some(range) = url(&chars).or_else(|| mail_address(&chars)) {
            word[range].iter_mut().for_each(|glyph| glyph.fixed = true);
        }
    }
    glyphs.split_mut(|glyph| glyph.c == '\n').for_each(fix_code);
    glyphs
}

/// Fixes what stands between two backticks of a line, and them.
fn fix_code(line: &mut [Glyph]) {
    let ticks: Vec<usize> = (0..line.len()).filter(|i| line[*i].c == '`').collect();
    for pair in ticks.chunks_exact(2) {
        line[pair[0]..=pair[1]].iter_mut().for_each(|glyph| glyph.fixed = true);
    }
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
