//! `[site]`: the look of the public pages.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::read::section;
use super::values::parsed;

section! {
    /// `[site]`: what makes the public pages those of one newsroom.
    pub struct Site {
        /// What stands at the head of every page; empty: the publisher's name.
        pub name: String = String::new(),
        /// A picture in its place: SVG, PNG, JPEG or WebP.
        pub logo: Option<PathBuf>,
        /// The same for dark grounds.
        pub logo_dark: Option<PathBuf>,
        /// The newsroom's colour. Pages darken or lighten it until text in it can be read.
        pub colour: Colour = Colour { red: 0x0b, green: 0x5a, blue: 0x38 },
    }
}

/// A colour of sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
}

/// Not a colour as CSS writes it in hexadecimal (CSS Color 4, §5.2), without transparency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not # and three or six hexadecimal digits")]
pub struct NotAColour;

impl FromStr for Colour {
    type Err = NotAColour;

    fn from_str(text: &str) -> Result<Colour, NotAColour> {
        let digits: Option<Vec<u8>> = text
            .strip_prefix('#')
            .and_then(|digits| digits.chars().map(|c| u8::try_from(c.to_digit(16)?).ok()).collect());
        match digits.as_deref() {
            Some(&[r, g, b]) => Ok(Colour { red: r * 17, green: g * 17, blue: b * 17 }),
            Some(&[r, red, g, green, b, blue]) => {
                Ok(Colour { red: r * 16 + red, green: g * 16 + green, blue: b * 16 + blue })
            }
            _ => Err(NotAColour),
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

parsed!(Colour, "a colour such as \"#0b5a38\"", Colour { red: 0, green: 0, blue: 0 });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_css_writes_them() {
        assert_eq!("#0B5a38".parse::<Colour>().unwrap().to_string(), "#0b5a38");
        assert_eq!("#fc0".parse::<Colour>().unwrap().to_string(), "#ffcc00");
        for wrong in ["", "#", "0b5a38", "#0b5a3", "#0b5a3g", "#0b5a38ff", "vert", "#ééé"] {
            assert_eq!(wrong.parse::<Colour>(), Err(NotAColour), "{wrong}");
        }
    }
}
