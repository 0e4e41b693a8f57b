//! A server's reply: code, enhanced status, text.

use std::fmt;

use lettre::transport::smtp::response::Response;

/// An enhanced status code (RFC 3463): class, subject, detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enhanced(pub u16, pub u16, pub u16);

/// One reply, its lines joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three-digit code.
    pub code: u16,
    /// The enhanced status at the beginning of its text, if any.
    pub enhanced: Option<Enhanced>,
    /// The text, on one line, at most 500 bytes.
    pub text: String,
}

/// Kept of a reply's text, in bytes.
const TEXT_MAX: usize = 500;

impl Reply {
    /// Whether the code is 2yz.
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether the code is 4yz.
    pub fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// Whether the code is 5yz.
    pub fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }

    /// Whether the enhanced status has this subject and detail, whatever its class.
    pub fn has_status(&self, subject: u16, detail: u16) -> bool {
        self.enhanced.is_some_and(|Enhanced(_, s, d)| (s, d) == (subject, detail))
    }
}

impl From<&Response> for Reply {
    fn from(response: &Response) -> Self {
        let mut text = String::new();
        for line in response.message() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&crate::mail::one_line(line));
        }
        if text.len() > TEXT_MAX {
            text.truncate(text.floor_char_boundary(TEXT_MAX));
        }
        Self { code: response.code().into(), enhanced: enhanced(&text), text }
    }
}

fn enhanced(text: &str) -> Option<Enhanced> {
    let mut numbers = text.split_whitespace().next()?.splitn(3, '.').map(|part| {
        let digits = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if digits { part.parse().ok() } else { None }
    });
    let status = Enhanced(numbers.next()??, numbers.next()??, numbers.next()??);
    matches!(status.0, 2 | 4 | 5).then_some(status)
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        Reply::from(&text.parse::<Response>().unwrap())
    }

    #[test]
    fn code_status_and_text_are_read() {
        let two = reply("550-5.1.1 Inconnu\r\n550 5.1.1 au bataillon\r\n");
        assert_eq!((two.code, two.enhanced), (550, Some(Enhanced(5, 1, 1))));
        assert_eq!(two.text, "5.1.1 Inconnu 5.1.1 au bataillon");
        assert!(two.has_status(1, 1) && two.is_permanent());
        assert_eq!(reply("250 ok\r\n").enhanced, None);
        assert_eq!(reply("250 3.1.4 pi\r\n").enhanced, None);
        assert_eq!(reply("250 2.0.0\r\n").enhanced, Some(Enhanced(2, 0, 0)));
    }

    #[test]
    fn a_long_or_hostile_text_is_cut_to_one_short_line() {
        let long = reply(&format!("550 {}\u{1b}[31m\r\n", "é".repeat(400)));
        assert!(long.text.len() <= TEXT_MAX && !long.text.contains('\u{1b}'));
    }
}
