//! The quoted-printable transfer encoding (RFC 2045 §6.7), with room kept for gaps.

use crate::mail::header::hex;

/// The longest line, without its CRLF (RFC 2045 §6.7 (5)).
const LINE: usize = 76;

/// Writes text as quoted-printable, line by line.
///
/// Beyond the RFC it writes a dot at a line's start as `=2E`, so that no dot-stuffing scan is needed (RFC 5321
/// §4.5.2), and `From ` there as `=46rom `, which mailbox files would alter.
pub(super) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    column: usize,
    /// The last byte written is white space standing for itself.
    white: bool,
}

impl<'a> Encoder<'a> {
    /// Appends to `out`, which must stand at a line's start.
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, column: 0, white: false }
    }

    /// Text, of which every kind of line end becomes CRLF.
    pub(super) fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(['\r', '\n']) {
            self.line(&rest[..at], true);
            self.out.extend_from_slice(b"\r\n");
            (self.column, self.white) = (0, false);
            rest = if rest[at..].starts_with("\r\n") { &rest[at + 2..] } else { &rest[at + 1..] };
        }
        self.line(rest, false);
    }

    /// Makes room for a gap of at most `width` bytes on one line; gives its place in the buffer.
    pub(super) fn gap(&mut self, width: usize) -> usize {
        self.room_for(width);
        self.column += width;
        self.white = false;
        self.out.len()
    }

    /// Breaks the line softly unless it has just begun; gives the place in the buffer.
    pub(super) fn line_start(&mut self) -> usize {
        if self.column > 0 {
            self.out.extend_from_slice(b"=\r\n");
        }
        (self.column, self.white) = (0, false);
        self.out.len()
    }

    /// Ends the body part: white space must not end the last line.
    pub(super) fn finish(self) {
        if let Some(last) = self.out.last().copied().filter(|_| self.white) {
            self.out.pop();
            // Two bytes longer than what it replaces; a full line is broken first.
            if self.column + 2 > LINE {
                self.out.extend_from_slice(b"=\r\n");
            }
            self.out.extend_from_slice(&hex(last));
        }
    }

    fn line(&mut self, line: &str, ended: bool) {
        let bytes = line.as_bytes();
        for (at, &byte) in bytes.iter().enumerate() {
            let last = ended && at + 1 == bytes.len();
            let literal = match byte {
                b'=' => false,
                b' ' | b'\t' => !last,
                b'!'..=b'~' => true,
                _ => false,
            };
            // A literal takes one column, everything else three.
            self.room_for(if literal { 1 } else { 3 });
            let dangerous =
                self.column == 0 && (byte == b'.' || byte == b'F' && bytes[at..].starts_with(b"From "));
            self.white = literal && matches!(byte, b' ' | b'\t');
            if literal && !dangerous {
                self.out.push(byte);
                self.column += 1;
            } else {
                self.out.extend_from_slice(&hex(byte));
                self.column += 3;
            }
        }
    }

    /// Breaks the line softly unless `width` bytes and the `=` of a later break fit on it.
    fn room_for(&mut self, width: usize) {
        if self.column > 0 && self.column + width > LINE - 1 {
            self.out.extend_from_slice(b"=\r\n");
            self.column = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str) -> String {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out);
        encoder.text(text);
        encoder.finish();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn french_is_encoded_and_ascii_stays() {
        assert_eq!(encode("L’été à 7 h = chaud"), "L=E2=80=99=C3=A9t=C3=A9 =C3=A0 7 h =3D chaud");
    }

    #[test]
    fn every_line_end_becomes_crlf() {
        assert_eq!(encode("a\nb\r\nc\rd\n\ne"), "a\r\nb\r\nc\r\nd\r\n\r\ne");
    }

    #[test]
    fn a_dot_or_from_at_a_line_start_is_encoded() {
        assert_eq!(
            encode(".\n..a\nFrom b\nFrom\nx From y."),
            "=2E\r\n=2E.a\r\n=46rom b\r\nFrom\r\nx From y."
        );
        let long = format!("{}.", "x".repeat(75));
        assert_eq!(encode(&long), format!("{}=\r\n=2E", "x".repeat(75)));
    }

    #[test]
    fn white_space_never_ends_a_line() {
        assert_eq!(encode("a \nb\t\n \nc "), "a=20\r\nb=09\r\n=20\r\nc=20");
        assert_eq!(encode(&format!("{} ", "x".repeat(74))), format!("{}=\r\n=20", "x".repeat(74)));
    }

    #[test]
    fn no_line_is_longer_than_76_bytes() {
        for text in ["é".repeat(300), "x".repeat(300), "a b".repeat(100), " ".repeat(200)] {
            assert!(encode(&text).split("\r\n").all(|line| line.len() <= LINE), "{text}");
        }
    }

    #[test]
    fn a_gap_stands_whole_on_a_line() {
        for before in 0..160 {
            let mut out = Vec::new();
            let mut encoder = Encoder::new(&mut out);
            encoder.text(&"x".repeat(before));
            let at = encoder.gap(60);
            encoder.text(&"y".repeat(160));
            encoder.finish();
            out.splice(at..at, [b'T'; 60]);
            let text = String::from_utf8(out).unwrap();
            assert!(text.split("\r\n").all(|line| line.len() <= LINE), "{before}: {text}");
            assert!(text.contains(&"T".repeat(60)));
        }
    }
}
