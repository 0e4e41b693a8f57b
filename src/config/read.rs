//! From TOML to typed sections. serde stops at the first error; an operator wants them all, so reading goes on after
//! a mistake with a stand-in for the value, and the configuration is refused at the end.

use toml::de::{DeTable, DeValue};

use super::mistakes::{At, Mistakes, Source};
use super::secret::{self, Secret};
use super::suggest::nearest;

/// A value of the file with the dotted name of its key.
pub(super) struct Value<'a> {
    node: &'a DeValue<'a>,
    /// `None` for the file as a whole.
    at: Option<At>,
    path: String,
}

/// A string of the file that is left over from the example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleValue {
    /// Its line, from 1.
    pub line: usize,
    /// Its key, such as `publisher.phone`.
    pub key: String,
    /// What it says.
    pub value: String,
}

/// Reads one file and collects what is wrong with it.
pub(super) struct Reader {
    pub(super) source: Source,
    pub(super) mistakes: Mistakes,
    pub(super) examples: Vec<ExampleValue>,
}

/// What the sections are made of: single values, lists, tables.
pub(super) trait Setting: Sized {
    /// What the file should say here, with an example; it ends the sentence "expected …".
    const EXPECTED: &'static str;

    /// Reads the value; on a mistake notes it and returns a stand-in.
    fn read(value: &Value<'_>, reader: &mut Reader) -> Self;

    /// What a left-out key means when its declaration gives no default; `None` where it may not be left out.
    fn absent() -> Option<Self> {
        None
    }

    /// Notes that a key is left out which may not be.
    fn missing(table: &Value<'_>, key: &str, reader: &mut Reader) -> Self {
        let name = table.child_path(key);
        reader.mistakes.push(table.at(), format!("`{name}` is missing: expected {}", Self::EXPECTED));
        Self::stand_in()
    }

    /// A value of no meaning, never seen outside: a configuration with mistakes is refused.
    fn stand_in() -> Self;

    /// Adds the dotted names of every key this type reads.
    fn keys(path: &str, out: &mut Vec<String>) {
        out.push(path.to_owned());
    }
}

impl<'a> Value<'a> {
    pub(super) fn root(document: &'a DeValue<'a>) -> Value<'a> {
        Value { node: document, at: None, path: String::new() }
    }

    pub(super) fn at(&self) -> Option<At> {
        self.at.clone()
    }

    /// The value that an empty table under this key would have.
    pub(super) fn empty_child(&self, empty: &'a DeValue<'a>, key: &str) -> Value<'a> {
        Value { node: empty, at: self.at(), path: self.child_path(key) }
    }

    fn child_path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The value of a key of this table.
    pub(super) fn get(&self, key: &str) -> Option<Value<'a>> {
        let (_, node) = self.node.as_table()?.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(Value { node: node.get_ref(), at: Some(node.span()), path: self.child_path(key) })
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        self.node.as_bool()
    }

    pub(super) fn as_number(&self) -> Option<u32> {
        let integer = self.node.as_integer()?;
        u32::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    /// The items of a list; each keeps the name of the list's key.
    pub(super) fn items(&self) -> Option<Vec<Value<'a>>> {
        let items = self.node.as_array()?.iter();
        Some(
            items
                .map(|node| Value { node: node.get_ref(), at: Some(node.span()), path: self.path.clone() })
                .collect(),
        )
    }

    /// Where a key's value stands, or its table when the key is left out.
    pub(super) fn at_key(&self, key: &str) -> Option<At> {
        self.get(key).map_or_else(|| self.at(), |value| value.at())
    }
}

impl Reader {
    pub(super) fn new(source: Source) -> Reader {
        Reader { mistakes: Mistakes::new(source.clone()), source, examples: Vec::new() }
    }

    /// Notes that the value is not what was expected; `why` may say more.
    pub(super) fn wrong(&mut self, value: &Value<'_>, expected: &str, why: Option<String>) {
        let why = why.map_or_else(String::new, |why| format!(" ({why})"));
        self.mistakes.push(value.at(), format!("`{}`: expected {expected}{why}", value.path));
    }

    /// The string of a value, fetched from its variable or file if it stands elsewhere.
    pub(super) fn text(&mut self, value: &Value<'_>, expected: &str) -> Option<String> {
        let Some(written) = value.node.as_str() else {
            let found = value.node.type_str();
            self.wrong(value, expected, Some(format!("found {} {found}", article(found))));
            return None;
        };
        if super::example::is_example(written) {
            let (line, _) = self.source.line_column(value.at().map_or(0, |at| at.start));
            self.examples.push(ExampleValue { line, key: value.path.clone(), value: written.to_owned() });
        }
        match secret::resolve(&value.path, written, &self.source.folder) {
            Ok(text) => Some(text),
            Err(error) => {
                self.mistakes.push(value.at(), error.to_string());
                None
            }
        }
    }

    /// The string of a value, to be fetched when used.
    pub(super) fn secret(&mut self, value: &Value<'_>, expected: &str) -> Option<Secret> {
        match value.node.as_str() {
            Some("") => self.wrong(value, expected, Some("it is empty".into())),
            Some(written) => return Some(Secret::new(&value.path, written, &self.source.folder)),
            None => self.wrong(value, expected, Some(format!("found {}", value.node.type_str()))),
        }
        None
    }

    /// Reads one key of a table.
    pub(super) fn field<T: Setting>(&mut self, table: &Value<'_>, key: &str, default: Option<T>) -> T {
        if let Some(value) = table.get(key) {
            return T::read(&value, self);
        }
        default.or_else(T::absent).unwrap_or_else(|| T::missing(table, key, self))
    }

    /// Notes every key of the table that is not one of `known`.
    pub(super) fn refuse_unknown(&mut self, table: &Value<'_>, known: &[&str]) {
        let Some(entries) = table.node.as_table() else {
            self.wrong(table, "a table", Some(format!("found {}", table.node.type_str())));
            return;
        };
        for name in
            entries.iter().map(|(name, _)| name).filter(|name| !known.contains(&name.get_ref().as_ref()))
        {
            let advice = match nearest(name.get_ref(), known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let path = table.child_path(name.get_ref());
            self.mistakes.push(name.span(), format!("unknown key `{path}`; {advice}"));
        }
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// Parses the text, noting every error of syntax; what could be understood is returned all the same.
pub(super) fn parse<'a>(text: &'a str, reader: &mut Reader) -> DeValue<'a> {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let message = error.message().replace('\n', ", ");
        reader.mistakes.push(error.span(), message);
    }
    DeValue::Table(document.into_inner())
}

/// Declares a section: its struct, and for each key the Rust name, the type and the default. A key without default
/// must be given unless its type is an `Option`, a list or a section that may be left out. `then` names a function
/// that checks the keys against each other.
macro_rules! section {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$doc:meta])* pub $field:ident $(as $key:literal)? : $type:ty $(= $default:expr)?,)*
    } $(then $check:path)?) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl crate::config::read::Setting for $name {
            const EXPECTED: &'static str = "a table";

            fn read(value: &crate::config::read::Value<'_>, reader: &mut crate::config::read::Reader) -> Self {
                reader.refuse_unknown(value, &[$(section!(@key $field $($key)?)),*]);
                let section = Self {
                    $($field: reader.field(value, section!(@key $field $($key)?), section!(@default $($default)?)),)*
                };
                $($check(&section, value, reader);)?
                section
            }

            fn missing(
                table: &crate::config::read::Value<'_>,
                key: &str,
                reader: &mut crate::config::read::Reader,
            ) -> Self {
                // so that each of its keys is named, or its default taken
                let empty = toml::de::DeValue::Table(toml::de::DeTable::new());
                Self::read(&table.empty_child(&empty, key), reader)
            }

            fn stand_in() -> Self {
                Self { $($field: <$type as crate::config::read::Setting>::stand_in(),)* }
            }

            fn keys(path: &str, out: &mut Vec<String>) {
                $({
                    let key = section!(@key $field $($key)?);
                    let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                    <$type as crate::config::read::Setting>::keys(&path, out);
                })*
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@default) => { None };
    (@default $default:expr) => { Some($default) };
}

/// Declares an enum read from one of a few words.
macro_rules! choice {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* } expected $expected:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// The word of the configuration.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<$name, String> {
                match text {
                    $($word => Ok($name::$variant),)*
                    other => Err(format!("found \"{other}\"")),
                }
            }
        }

        crate::config::values::parsed!($name, $expected, [$($name::$variant),*][0]);
    };
}

pub(super) use {choice, section};
