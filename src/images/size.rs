//! The sizes made of a picture, and which part of it each shows.

use crate::text_enum;

text_enum! {
    /// A size made of a picture, for one use.
    Size {
        /// In a mail, above the first article: a JPEG.
        MailLead = "mail_lead",
        /// In a mail, beside another article: a JPEG.
        MailItem = "mail_item",
        /// On a page beside an article, enough for screens of two pixels a point: a WebP.
        PageItem = "page_item",
        /// On a page above the first article: a WebP.
        PageLead = "page_lead",
        /// The same for screens of two pixels a point.
        PageLead2x = "page_lead_2x",
    }
}

/// The largest of an edition's mail altogether, in bytes.
pub const MAIL_BUDGET: u64 = 250_000;

/// A picture's width and height in pixels.
pub type Pixels = (u32, u32);

/// A part of a picture, in pixels of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// How wide.
    pub width: u32,
    /// How high.
    pub height: u32,
}

impl Size {
    /// The sizes that an article gets when it appears.
    pub const OF_AN_ARTICLE: &[Self] = &[Self::MailLead, Self::MailItem, Self::PageItem];
    /// What the first article of an edition gets besides.
    pub const OF_A_LEAD: &[Self] = &[Self::PageLead, Self::PageLead2x];

    /// The greatest width, in pixels.
    #[must_use]
    pub const fn width(self) -> u32 {
        match self {
            Self::MailLead | Self::PageLead => 640,
            Self::MailItem => 160,
            Self::PageItem => 288,
            Self::PageLead2x => 1280,
        }
    }

    /// The least width that is worth showing, in pixels: a smaller picture would be blown up.
    #[must_use]
    pub const fn least(self) -> u32 {
        match self {
            Self::MailLead | Self::PageLead => 320,
            Self::MailItem | Self::PageItem => 64,
            Self::PageLead2x => 800,
        }
    }

    /// The greatest length of the file, in bytes.
    #[must_use]
    pub const fn budget(self) -> usize {
        match self {
            Self::MailLead => 60_000,
            Self::MailItem => 10_000,
            Self::PageItem => 20_000,
            Self::PageLead => 50_000,
            Self::PageLead2x => 140_000,
        }
    }

    /// Whether it is a JPEG, which every mail program shows; else a WebP.
    #[must_use]
    pub const fn is_jpeg(self) -> bool {
        matches!(self, Self::MailLead | Self::MailItem)
    }

    /// The narrowest and the widest shape, as width and height: what is higher or wider is cut.
    const fn shapes(self) -> (Pixels, Pixels) {
        match self {
            Self::MailLead | Self::PageLead | Self::PageLead2x => ((4, 3), (12, 5)),
            Self::MailItem | Self::PageItem => ((1, 1), (16, 9)),
        }
    }

    /// The part of a picture that it shows. Of a wide one the middle; of a high one what lies about its upper third, where
    /// faces are.
    #[must_use]
    pub fn frame(self, (width, height): Pixels) -> Frame {
        let (narrowest, widest) = self.shapes();
        let share = |whole: u32, (part, of): Pixels| {
            let pixels = u64::from(whole) * u64::from(part) / u64::from(of);
            u32::try_from(pixels).unwrap_or(u32::MAX).max(1)
        };
        let highest = share(width, (narrowest.1, narrowest.0));
        let broadest = share(height, widest);
        let (shown_width, shown_height) = (width.min(broadest), height.min(highest));
        Frame {
            x: (width - shown_width) / 2,
            y: (height - shown_height) / 3,
            width: shown_width,
            height: shown_height,
        }
    }

    /// How large the part is shown, never larger than it is; nothing when that is too small.
    #[must_use]
    pub fn scaled(self, frame: Frame) -> Option<Pixels> {
        let width = frame.width.min(self.width());
        let height = u64::from(frame.height) * u64::from(width) / u64::from(frame.width.max(1));
        let height = u32::try_from(height).unwrap_or(u32::MAX).max(1);
        (width >= self.least() && height >= self.least() / 4).then_some((width, height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_photograph_is_shown_whole_and_a_tall_one_about_its_upper_third() {
        let shown = |size: Size, pixels| {
            let frame = size.frame(pixels);
            (frame.x, frame.y, size.scaled(frame))
        };
        assert_eq!(shown(Size::MailLead, (3000, 2000)), (0, 0, Some((640, 426))));
        assert_eq!(shown(Size::MailItem, (3000, 2000)), (0, 0, Some((160, 106))));
        assert_eq!(shown(Size::MailLead, (2000, 3000)), (0, 500, Some((640, 480))));
        assert_eq!(shown(Size::MailItem, (2000, 3000)), (0, 333, Some((160, 160))));
        assert_eq!(shown(Size::MailItem, (3200, 900)), (800, 0, Some((160, 90))));
    }

    #[test]
    fn a_small_picture_is_not_blown_up() {
        let shown = |size: Size, pixels| size.scaled(size.frame(pixels));
        assert_eq!(shown(Size::MailLead, (400, 300)), Some((400, 300)));
        assert_eq!(shown(Size::MailLead, (300, 200)), None);
        assert_eq!(shown(Size::MailItem, (1, 1)), None);
        assert_eq!(shown(Size::PageLead2x, (640, 400)), None);
    }

    proptest! {
        #[test]
        fn whatever_is_shown_lies_in_the_picture_and_within_its_bounds(width in 1u32..20_000, height in 1u32..20_000) {
            for size in Size::ALL {
                let frame = size.frame((width, height));
                prop_assert!(frame.width >= 1 && frame.height >= 1);
                prop_assert!(frame.x + frame.width <= width && frame.y + frame.height <= height);
                if let Some((wide, high)) = size.scaled(frame) {
                    prop_assert!(wide <= size.width() && wide <= frame.width && high <= frame.height);
                    prop_assert!(u64::from(high) <= u64::from(size.width()));
                }
            }
        }
    }
}
