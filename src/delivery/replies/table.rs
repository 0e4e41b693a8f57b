//! The table's entries: read from TOML, matched against replies.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::Class;
use crate::config::{Mistakes, Source, Span};
use crate::delivery::smtp::{Enhanced, Reply, Stage};

/// One entry: it fits when everything that is given fits.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) class: Class,
    /// In ms.
    pub(super) pause: Option<i64>,
    stages: Vec<Stage>,
    codes: Vec<Code>,
    statuses: Vec<Status>,
    text: Option<Regex>,
    groups: Vec<String>,
}

/// Three digits of which some may be any.
#[derive(Debug)]
struct Code([Option<u16>; 3]);

/// Three numbers of which some may be any.
#[derive(Debug)]
struct Status([Option<u16>; 3]);

impl Entry {
    pub(super) fn fits(&self, stage: Stage, reply: &Reply, group: &str) -> bool {
        (self.stages.is_empty() || self.stages.contains(&stage))
            && (self.codes.is_empty() || self.codes.iter().any(|code| code.fits(reply.code)))
            && (self.statuses.is_empty() || self.statuses.iter().any(|status| status.fits(reply.enhanced)))
            && (self.groups.is_empty() || self.groups.iter().any(|wanted| wanted == group))
            && self.text.as_ref().is_none_or(|text| text.is_match(&reply.text))
    }
}

impl Code {
    fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 3] = text.as_bytes().try_into().ok()?;
        if !matches!(bytes[0], b'4' | b'5') {
            return None;
        }
        let digit = |byte: u8| match byte {
            b'.' => Some(None),
            b'0'..=b'9' => Some(Some(u16::from(byte - b'0'))),
            _ => None,
        };
        Some(Self([digit(bytes[0])?, digit(bytes[1])?, digit(bytes[2])?]))
    }

    fn fits(&self, code: u16) -> bool {
        let digits = [code / 100, code / 10 % 10, code % 10];
        self.0.iter().zip(digits).all(|(wanted, digit)| wanted.is_none_or(|wanted| wanted == digit))
    }
}

impl Status {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| match part {
            "*" => Some(None),
            number => number.parse().ok().map(Some),
        });
        let status = Self([parts.next()??, parts.next()??, parts.next()??]);
        (parts.next().is_none() && status.0[0].is_none_or(|class| matches!(class, 4 | 5))).then_some(status)
    }

    fn fits(&self, status: Option<Enhanced>) -> bool {
        let Some(Enhanced(class, subject, detail)) = status else { return false };
        let numbers = [class, subject, detail];
        self.0.iter().zip(numbers).all(|(wanted, number)| wanted.is_none_or(|wanted| wanted == number))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    reply: Vec<Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    class: Spanned<String>,
    #[serde(default)]
    stage: Vec<Spanned<String>>,
    #[serde(default)]
    code: Vec<Spanned<String>>,
    #[serde(default)]
    status: Vec<Spanned<String>>,
    text: Option<Spanned<String>>,
    #[serde(default)]
    group: Vec<Spanned<String>>,
    pause: Option<Spanned<String>>,
    /// For whoever reads the file.
    #[serde(default, rename = "source")]
    _source: String,
}

/// Reads a file of entries.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub(super) fn read(source: &Source) -> Result<Vec<Entry>, Mistakes> {
    let mut mistakes = Mistakes::new(source.clone());
    let file: File = match toml::from_str(&source.text) {
        Ok(file) => file,
        Err(error) => {
            mistakes.push(error.span(), error.message().replace('\n', ", "));
            return Err(mistakes);
        }
    };
    let entries = file.reply.into_iter().filter_map(|written| entry(written, &mut mistakes)).collect();
    mistakes.into_result()?;
    Ok(entries)
}

fn entry(written: Spanned<Written>, mistakes: &mut Mistakes) -> Option<Entry> {
    let at = written.span();
    let written = written.into_inner();
    let class = match written.class.get_ref().parse() {
        Ok(Class::Doubt) => {
            mistakes.push(written.class.span(), "`class`: a refusal is never \"doubt\"");
            None
        }
        Ok(class) => Some(class),
        Err(why) => {
            mistakes.push(written.class.span(), format!("`class`: {why}"));
            None
        }
    };
    let stages = list(&written.stage, mistakes, "`stage`: expected such as \"rcpt\" or \"dot\"", |text| {
        text.parse::<Stage>().ok()
    });
    let codes =
        list(&written.code, mistakes, "`code`: expected such as \"550\", \"45.\" or \"4..\"", Code::read);
    let statuses =
        list(&written.status, mistakes, "`status`: expected such as \"5.1.1\" or \"5.7.*\"", Status::read);
    let text = written.text.as_ref().and_then(|text| {
        let regex = RegexBuilder::new(text.get_ref()).case_insensitive(true).size_limit(1 << 20).build();
        regex
            .inspect_err(|error| {
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                mistakes.push(text.span(), format!("`text`: not a regular expression: {why}"));
            })
            .ok()
    });
    let pause = written.pause.as_ref().and_then(|pause| {
        let span = pause.get_ref().parse::<Span>();
        span.inspect_err(|why| {
            mistakes.push(pause.span(), format!("`pause`: expected such as \"2h\" ({why})"))
        })
        .ok()
        .map(Span::ms)
    });
    if written.stage.is_empty()
        && written.code.is_empty()
        && written.status.is_empty()
        && written.text.is_none()
    {
        mistakes.push(at, "an entry fits every reply: give `stage`, `code`, `status` or `text`");
    }
    let groups = written.group.into_iter().map(|group| group.into_inner().to_lowercase()).collect();
    Some(Entry { class: class?, pause, stages, codes, statuses, text, groups })
}

fn list<T>(
    written: &[Spanned<String>],
    mistakes: &mut Mistakes,
    expected: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let mut values = Vec::with_capacity(written.len());
    for text in written {
        match read(text.get_ref()) {
            Some(value) => values.push(value),
            None => mistakes.push(text.span(), format!("{expected}, found \"{}\"", text.get_ref())),
        }
    }
    values
}
