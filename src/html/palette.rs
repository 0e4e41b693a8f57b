//! The colours of the public pages, made of the newsroom's one: dark or light enough to be read by day and by night.

use crate::config::Colour;
use serde::Serialize;

/// Contrast of text that everybody can read (WCAG 2.2, 1.4.3).
pub const READABLE: f64 = 4.5;

const WHITE: Colour = Colour { red: 0xff, green: 0xff, blue: 0xff };
const BLACK: Colour = Colour { red: 0, green: 0, blue: 0 };

/// The grounds text stands on by day: the page and what lies on it. `pages/style.css` has the same.
const DAY: Grounds = Grounds { paper: Colour { red: 0xfa, green: 0xf8, blue: 0xf4 }, card: WHITE };
/// The same by night.
const NIGHT: Grounds = Grounds {
    paper: Colour { red: 0x13, green: 0x15, blue: 0x13 },
    card: Colour { red: 0x1c, green: 0x1f, blue: 0x1d },
};

struct Grounds {
    paper: Colour,
    card: Colour,
}

/// What `pages/style.css` is given. Each is written `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Palette {
    /// The newsroom's colour as it is: for what is not read.
    pub brand: String,
    /// By day.
    pub day: Shades,
    /// By night.
    pub night: Shades,
}

/// The newsroom's colour where it is read, and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shades {
    /// The ground of pages.
    pub paper: String,
    /// The ground of forms, tables and what else lies on a page.
    pub card: String,
    /// Text, links and filled buttons: at least 4.5 : 1 on `paper`, `card` and `tint`.
    pub accent: String,
    /// Text on `accent`.
    pub on_accent: String,
    /// A ground with a breath of the colour.
    pub tint: String,
}

impl Palette {
    /// The colours of a newsroom whose own is `brand`.
    #[must_use]
    pub fn of(brand: Colour) -> Palette {
        Palette {
            brand: brand.to_string(),
            day: shades(brand, &DAY, BLACK, WHITE),
            night: shades(brand, &NIGHT, WHITE, NIGHT.paper),
        }
    }
}

/// Moves `brand` towards `end` until it can be read.
fn shades(brand: Colour, grounds: &Grounds, end: Colour, on_accent: Colour) -> Shades {
    let mixed = (0..=100).map(|percent| {
        let accent = mix(brand, end, percent);
        (accent, mix(grounds.card, accent, 7))
    });
    let readable = |(accent, tint): &(Colour, Colour)| {
        [grounds.paper, grounds.card, *tint, on_accent]
            .iter()
            .all(|ground| contrast(*accent, *ground) >= READABLE)
    };
    let (accent, tint) = mixed.clone().find(readable).unwrap_or((end, grounds.card));
    Shades {
        paper: grounds.paper.to_string(),
        card: grounds.card.to_string(),
        accent: accent.to_string(),
        on_accent: on_accent.to_string(),
        tint: tint.to_string(),
    }
}

/// `one` with so many hundredths of `other`.
fn mix(one: Colour, other: Colour, percent: u32) -> Colour {
    let part = |one: u8, other: u8| {
        let sum = u32::from(one) * (100 - percent) + u32::from(other) * percent;
        u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
    };
    Colour {
        red: part(one.red, other.red),
        green: part(one.green, other.green),
        blue: part(one.blue, other.blue),
    }
}

/// The contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").
#[must_use]
pub fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// WCAG 2.2, "relative luminance".
fn luminance(colour: Colour) -> f64 {
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(colour.red) + 0.7152 * part(colour.green) + 0.0722 * part(colour.blue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Colour {
        text.parse().unwrap()
    }

    fn must_be_readable(shades: &Shades) {
        for ground in [&shades.paper, &shades.card, &shades.tint, &shades.on_accent] {
            let contrast = contrast(read(&shades.accent), read(ground));
            assert!(contrast >= READABLE, "{} on {ground}: {contrast:.2}", shades.accent);
        }
    }

    #[test]
    fn black_on_white_is_21_and_a_colour_on_itself_1() {
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 1e-9);
        assert!((contrast(read("#0b5a38"), read("#0b5a38")) - 1.0).abs() < 1e-9);
        assert!((contrast(read("#767676"), WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_colour_that_can_be_read_by_day_stays_as_it_is() {
        let palette = Palette::of(read("#0b5a38"));
        assert_eq!((palette.brand.as_str(), palette.day.accent.as_str()), ("#0b5a38", "#0b5a38"));
        assert_ne!(palette.night.accent, "#0b5a38");
    }

    proptest! {
        #[test]
        fn whatever_the_newsrooms_colour_text_in_it_can_be_read(red: u8, green: u8, blue: u8) {
            let palette = Palette::of(Colour { red, green, blue });
            must_be_readable(&palette.day);
            must_be_readable(&palette.night);
        }
    }
}
