//! A server's reply: code, enhanced status, text; and the reading of it from bytes.

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

/// The longest reply taken, in bytes: EHLO answers of large hosts have about 500.
const REPLY_MAX: usize = 64 * 1024;

/// What came is not an SMTP reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoReply(pub String);

/// Reads the first whole reply of `bytes` (RFC 5321 §4.2), and how many of them it takes; none while its last line is
/// still to come. A lone LF ends a line and a code may stand alone: hosts do both.
///
/// # Errors
/// When it is no reply, or one without end.
pub fn parse(bytes: &[u8]) -> Result<Option<(Response, usize)>, NoReply> {
    let mut from = 0;
    let mut text = String::new();
    while let Some(length) = bytes[from..].iter().position(|b| *b == b'\n') {
        let line = &bytes[from..from + length];
        from += length + 1;
        if from > REPLY_MAX {
            break;
        }
        let Some(last) = append_line(&mut text, line) else {
            return Err(no_reply(&String::from_utf8_lossy(line)));
        };
        if last {
            return text.parse().map(|reply| Some((reply, from))).map_err(|_| no_reply(&text));
        }
    }
    if bytes.len() > REPLY_MAX { Err(no_reply("a reply without end")) } else { Ok(None) }
}

/// Adds a line without its LF to a reply in lettre's strict form; tells whether it is the last.
fn append_line(text: &mut String, line: &[u8]) -> Option<bool> {
    let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
    let code = line.as_bytes().first_chunk::<3>()?;
    if !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    text.push_str(&line);
    let last = match line.as_bytes().get(3) {
        None => {
            text.push(' ');
            true
        }
        Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return None,
    };
    text.push_str("\r\n");
    Some(last)
}

fn no_reply(text: &str) -> NoReply {
    NoReply(crate::mail::one_line(text).chars().take(120).collect())
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

    fn whole(bytes: &[u8]) -> Option<(u16, usize)> {
        parse(bytes).unwrap().map(|(reply, length)| (reply.code().into(), length))
    }

    #[test]
    fn a_reply_is_whole_with_its_last_line() {
        assert_eq!(whole(b"250-a\r\n250 b\r\n354 c\r\n"), Some((250, 14)));
        assert_eq!(whole(b"250\r\n"), Some((250, 5)), "a code alone");
        assert_eq!(whole(b"250 b\n"), Some((250, 6)), "a lone LF ends a line");
        assert_eq!(whole(b"250-a\r\n250 b\r"), None);
        assert_eq!(whole(b""), None);
    }

    #[test]
    fn what_is_no_reply_is_told_from_what_is_not_whole() {
        for garbage in
            ["\n", "25\n", "abc def\r\n", "250x\r\n", "HTTP/1.1 400 Bad Request\r\n", "250-a\r\n550 b\r\n"]
        {
            assert!(parse(garbage.as_bytes()).is_err(), "{garbage}");
        }
        assert!(parse("250-x\r\n".repeat(20_000).as_bytes()).is_err());
        assert!(parse(&vec![b'2'; REPLY_MAX + 1]).is_err());
    }

    #[test]
    fn the_replies_that_the_fuzzer_starts_from_are_read_to_their_end() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/replies");
        let mut read = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let mut rest = bytes.as_slice();
            while let Ok(Some((response, length))) = parse(rest) {
                let reply = Reply::from(&response);
                assert!((200..600).contains(&reply.code) && reply.text.len() <= TEXT_MAX);
                assert!(!reply.text.contains(char::is_control), "{reply}");
                rest = &rest[length..];
                read += 1;
            }
        }
        assert!(read > 20, "{read}");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_the_same_whole_or_in_pieces(bytes: Vec<u8>, cut: usize) {
            let cut = cut % (bytes.len() + 1);
            if let Ok(Some((reply, length))) = parse(&bytes[..cut]) {
                proptest::prop_assert_eq!(parse(&bytes).unwrap(), Some((reply, length)));
            }
        }
    }
}
