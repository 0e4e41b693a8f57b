//! Row ids and states as types of their own, and lists of ids as one JSON parameter.

/// Declares a row id: a number of its own type, so that an article's cannot stand where an edition's belongs.
#[macro_export]
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, sqlx::Type,
        )]
        #[sqlx(transparent)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

/// Declares an enum that is stored as text: `text_enum! { /// What it is. State { /// Waits. Pending = "pending" } }`.
///
/// Reading a text that is not listed is an error that names it.
#[macro_export]
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stored text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    other => Err(format!(
                        "`{other}` is not a {}; expected one of {}",
                        stringify!($name),
                        [$($text),*].join(", "),
                    )),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(self.as_str())
            }
        }

        impl<D: sqlx::Database> sqlx::Type<D> for $name where str: sqlx::Type<D> {
            fn type_info() -> D::TypeInfo {
                <str as sqlx::Type<D>>::type_info()
            }
            fn compatible(ty: &D::TypeInfo) -> bool {
                <str as sqlx::Type<D>>::compatible(ty)
            }
        }

        impl<'q, D: sqlx::Database> sqlx::Encode<'q, D> for $name where &'static str: sqlx::Encode<'q, D> {
            fn encode_by_ref(
                &self,
                buf: &mut <D as sqlx::Database>::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <&'static str as sqlx::Encode<'q, D>>::encode_by_ref(&self.as_str(), buf)
            }
        }

        impl<'r, D: sqlx::Database> sqlx::Decode<'r, D> for $name where &'r str: sqlx::Decode<'r, D> {
            fn decode(value: <D as sqlx::Database>::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                Ok(<&'r str as sqlx::Decode<'r, D>>::decode(value)?.parse()?)
            }
        }
    };
}

/// Numbers as one JSON text, for `IN (list)`: SQLite's `json_each`, PostgreSQL's `jsonb_array_elements_text`.
#[must_use]
pub fn json_list(ids: impl IntoIterator<Item = i64>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    format!("[{}]", ids.join(","))
}

/// Texts as one JSON text, for `IN (list)`.
#[must_use]
pub fn json_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    serde_json::Value::from_iter(texts).to_string()
}
