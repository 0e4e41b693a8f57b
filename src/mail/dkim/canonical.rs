//! Canonical forms: RFC 6376 §3.4.2 (relaxed header), §3.4.3 (simple body).

use aws_lc_rs::digest::{Digest, SHA256, digest};

/// A header field as it stands in a message, folded or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    /// Without the colon.
    pub(super) name: &'a [u8],
    /// What follows the colon, without the last CRLF.
    pub(super) value: &'a [u8],
}

/// The header fields of a message in their order, and its body. A line that is no field is passed over.
pub(super) fn split(message: &[u8]) -> (Vec<Field<'_>>, &[u8]) {
    let mut fields = Vec::new();
    let mut rest = message;
    loop {
        if let Some(body) = rest.strip_prefix(b"\r\n") {
            return (fields, body);
        }
        if rest.is_empty() {
            return (fields, rest);
        }
        let end = field_end(rest);
        let (field, after) = rest.split_at(end);
        let field = field.strip_suffix(b"\r\n").unwrap_or(field);
        if let Some(colon) = field.iter().position(|b| *b == b':') {
            fields.push(Field { name: &field[..colon], value: &field[colon + 1..] });
        }
        rest = after;
    }
}

/// Where the first field of `text` ends: behind the first CRLF that no white space follows.
fn field_end(text: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) = text[from..].windows(2).position(|pair| pair == b"\r\n") {
        from += at + 2;
        if !matches!(text.get(from), Some(b' ' | b'\t')) {
            return from;
        }
    }
    text.len()
}

/// A name in the form names are compared in.
pub(super) fn lower(name: &[u8]) -> Vec<u8> {
    name.trim_ascii_end().to_ascii_lowercase()
}

/// Appends a field in its relaxed form, without CRLF: name in small letters, white space runs as one space, none at the ends.
pub(super) fn relax(out: &mut Vec<u8>, field: Field<'_>) {
    out.extend_from_slice(&lower(field.name));
    out.push(b':');
    let mut space = false;
    let start = out.len();
    for &byte in field.value {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => space = true,
            byte => {
                if space && out.len() > start {
                    out.push(b' ');
                }
                space = false;
                out.push(byte);
            }
        }
    }
}

/// SHA-256 of a body in its simple form: without empty lines at its end, and with one CRLF there.
pub(super) fn body_hash(body: &[u8]) -> Digest {
    let mut end = body;
    while let Some(shorter) = end.strip_suffix(b"\r\n") {
        end = shorter;
    }
    if body.len() >= end.len() + 2 {
        return digest(&SHA256, &body[..end.len() + 2]);
    }
    let mut whole = end.to_vec();
    whole.extend_from_slice(b"\r\n");
    digest(&SHA256, &whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6376 §3.4.5: the example whose white space is marked there.
    #[test]
    fn the_example_of_the_rfc_has_its_canonical_form() {
        let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        let (fields, body) = split(message);
        let mut out = Vec::new();
        for field in fields {
            relax(&mut out, field);
            out.extend_from_slice(b"\r\n");
        }
        assert_eq!(String::from_utf8_lossy(&out), "a:X\r\nb:Y Z\r\n");
        assert_eq!(body_hash(body).as_ref(), digest(&SHA256, b" C \r\nD \t E\r\n").as_ref());
    }

    /// RFC 6376 §3.4.3: "the hash of the empty body is that of CRLF".
    #[test]
    fn an_empty_body_and_one_without_a_last_line_end_have_one() {
        let crlf = digest(&SHA256, b"\r\n");
        for body in [&b""[..], b"\r\n", b"\r\n\r\n"] {
            assert_eq!(body_hash(body).as_ref(), crlf.as_ref());
        }
        assert_eq!(body_hash(b"x").as_ref(), body_hash(b"x\r\n").as_ref());
    }
}
