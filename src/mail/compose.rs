//! From a draft to an encoded message: headers in a fixed order, two quoted-printable parts, gaps.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Datelike, Utc};
use thiserror::Error;

use crate::mail::address::{Address, AddressError, Mailbox, is_forbidden};
use crate::mail::encoded::{self, Encoded, GREETING_END, Gap, MARKS, TOKEN_MAX};
use crate::mail::header;
use crate::mail::quoted_printable::Encoder;

/// A message before it is encoded. Text and HTML may hold [`TOKEN_MARK`](crate::mail::TOKEN_MARK) and its sisters
/// where the reader's tokens go.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The sender, the same in every message of a newsletter.
    pub from: Mailbox,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<Mailbox>,
    /// One line; see [`crate::mail::one_line`].
    pub subject: String,
    /// The plain-text part.
    pub text: String,
    /// The HTML part: a whole document.
    pub html: String,
    /// Fixed for all readers, or none and each message brings its own.
    pub date: Option<DateTime<Utc>>,
    /// The headers of a mailing list; none for a message to one person.
    pub list: Option<ListHeaders>,
    /// Made by a program, not to be answered by one (RFC 3834).
    pub auto: bool,
}

/// What makes a message a newsletter's (RFC 2919, RFC 2369, RFC 8058).
#[derive(Debug, Clone)]
pub struct ListHeaders {
    /// The newsletter's name as people read it.
    pub list_name: String,
    /// Stable for ever, in the form of a host name: `matinale.lettres.exemple.tg`.
    pub list_id: String,
    /// Google's `Feedback-ID`: three free fields and the sender's, separated by colons.
    pub feedback_id: String,
    /// Where a POST unsubscribes: an https URL that contains [`TOKEN_MARK`](crate::mail::TOKEN_MARK). Plain
    /// http is taken for loopback only.
    pub unsubscribe: String,
    /// Where a mail unsubscribes, the token as its tag; see [`unsubscribe_to`]. It stands behind the URL, which mail
    /// programs prefer.
    pub unsubscribe_to: Option<Address>,
}

/// Why an address cannot take the mails that unsubscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnsubscribeToError {
    /// It is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Its local part is too long for a tag behind it, or would have to be escaped in a `mailto:` (RFC 6068).
    #[error("expected an address such as desabo@example.org, at most 25 plain letters before the @")]
    LocalPart,
}

/// Reads an address to which a tag of [`TOKEN_MAX`] characters can be added and that stands in a `mailto:` as it is.
///
/// # Errors
/// When it is none.
pub fn unsubscribe_to(text: &str) -> Result<Address, UnsubscribeToError> {
    let address = Address::parse(text)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let fits = address.local_part().len() <= 25 && address.local_part().bytes().all(plain);
    if fits { Ok(address) } else { Err(UnsubscribeToError::LocalPart) }
}

/// Why a draft cannot be encoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ComposeError {
    /// A header's text holds a control, line-break or text-direction character.
    #[error("{0}: control and text-direction characters cannot stand in a header")]
    Character(&'static str),
    /// A header's text is longer than it may be.
    #[error("{0} is longer than {1} bytes")]
    TooLong(&'static str, usize),
    /// The list id is not a host name, or the feedback id has other characters than letters, digits, `:`, `-`, `.`, `_`.
    #[error("{0}: not an identifier")]
    Identifier(&'static str),
    /// The unsubscribe URL is not https or has no place for the token.
    #[error("List-Unsubscribe needs an https URL with the token's mark")]
    Unsubscribe,
    /// A year that a mail cannot carry.
    #[error("the date is out of range")]
    Date,
}

/// Encodes a draft. Equal drafts give equal bytes.
pub fn compose(draft: &Draft) -> Result<Encoded, ComposeError> {
    check_text("Subject", &draft.subject, 900)?;
    if draft.date.is_some_and(|date| !(1970..=9999).contains(&date.year())) {
        return Err(ComposeError::Date);
    }
    let (text, text_gaps) = encode_part(&draft.text, false);
    let (html, html_gaps) = encode_part(&draft.html, true);
    let boundary = boundary(&text, &html);

    let mut message = Encoded { bytes: Vec::new(), gaps: Vec::new(), html_len: html.len() };
    write_headers(&mut message, draft, &boundary)?;
    for (kind, part, gaps) in [("text/plain", text, text_gaps), ("text/html", html, html_gaps)] {
        message.bytes.extend_from_slice(
            format!(
                "\r\n--{boundary}\r\nContent-Type: {kind}; charset=utf-8\r\n\
                 Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            )
            .as_bytes(),
        );
        let start = message.bytes.len();
        message.gaps.extend(gaps.into_iter().map(|(at, gap)| (start + at, gap)));
        message.bytes.extend_from_slice(&part);
    }
    message.bytes.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Ok(message)
}

/// The fields of reliability.md §1.2, always in this order: a resend and its signature depend on it.
fn write_headers(message: &mut Encoded, draft: &Draft, boundary: &str) -> Result<(), ComposeError> {
    let Encoded { bytes: out, gaps, .. } = message;
    mailbox_field(out, "From", &draft.from);
    out.extend_from_slice(b"To: ");
    gaps.push((out.len(), Gap::To));
    out.extend_from_slice(b"\r\n");
    header::unstructured(out, "Subject", &draft.subject);
    out.extend_from_slice(b"Date: ");
    match draft.date {
        Some(date) => out.extend_from_slice(encoded::date(date).as_bytes()),
        None => gaps.push((out.len(), Gap::Date)),
    }
    out.extend_from_slice(b"\r\nMessage-ID: <");
    gaps.push((out.len(), Gap::MessageId));
    out.extend_from_slice(b">\r\n");
    if let Some(reply_to) = &draft.reply_to {
        mailbox_field(out, "Reply-To", reply_to);
    }
    header::verbatim(out, "MIME-Version", "1.0");
    if let Some(list) = &draft.list {
        check_list(list)?;
        out.extend_from_slice(b"List-Id: ");
        header::phrase_and_angle(out, "List-Id: ".len(), &list.list_name, &list.list_id);
        out.extend_from_slice(b"\r\nList-Unsubscribe: <");
        let Some((before, Gap::Token, after)) = split_mark(&list.unsubscribe) else {
            return Err(ComposeError::Unsubscribe);
        };
        out.extend_from_slice(before.as_bytes());
        gaps.push((out.len(), Gap::Token));
        out.extend_from_slice(after.as_bytes());
        if let Some(address) = &list.unsubscribe_to {
            out.extend_from_slice(format!(">,\r\n <mailto:{}+", address.local_part()).as_bytes());
            gaps.push((out.len(), Gap::Token));
            out.extend_from_slice(format!("@{}", address.domain()).as_bytes());
        }
        out.extend_from_slice(b">\r\n");
        header::verbatim(out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        header::verbatim(out, "Feedback-ID", &list.feedback_id);
        header::verbatim(out, "Precedence", "bulk");
    }
    if draft.auto {
        header::verbatim(out, "Auto-Submitted", "auto-generated");
        header::verbatim(out, "X-Auto-Response-Suppress", "All");
    }
    header::verbatim(out, "Content-Language", "fr");
    out.extend_from_slice(
        format!("Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n").as_bytes(),
    );
    Ok(())
}

fn mailbox_field(out: &mut Vec<u8>, name: &str, mailbox: &Mailbox) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    header::mailbox(out, name.len() + 2, mailbox);
    out.extend_from_slice(b"\r\n");
}

fn check_text(field: &'static str, text: &str, longest: usize) -> Result<(), ComposeError> {
    if text.chars().any(is_forbidden) {
        return Err(ComposeError::Character(field));
    }
    if text.len() > longest { Err(ComposeError::TooLong(field, longest)) } else { Ok(()) }
}

fn check_list(list: &ListHeaders) -> Result<(), ComposeError> {
    check_text("List-Id", &list.list_name, 200)?;
    let identifier = |text: &str, extra: &[u8]| {
        !text.is_empty()
            && text.len() <= 200
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(&b))
    };
    if !identifier(&list.list_id, b"-._") {
        return Err(ComposeError::Identifier("List-Id"));
    }
    if !identifier(&list.feedback_id, b"-._:") {
        return Err(ComposeError::Identifier("Feedback-ID"));
    }
    let Some((before, Gap::Token, after)) = split_mark(&list.unsubscribe) else {
        return Err(ComposeError::Unsubscribe);
    };
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"\\,".contains(&b));
    let url = url::Url::parse(&format!("{before}x{after}")).map_err(|_| ComposeError::Unsubscribe)?;
    let loopback = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let scheme = url.scheme() == "https" || url.scheme() == "http" && loopback;
    if scheme && plain(before) && plain(after) && list.unsubscribe.len() <= 800 {
        Ok(())
    } else {
        Err(ComposeError::Unsubscribe)
    }
}

/// The text around the first mark, in either of its forms, and what it waits for.
fn split_mark(text: &str) -> Option<(&str, Gap, &str)> {
    let found = MARKS.iter().filter_map(|(mark, gap)| Some((text.find(mark)?, mark.len(), *gap)));
    let (at, length, gap) = found.min_by_key(|(at, ..)| *at)?;
    Some((&text[..at], gap, &text[at + length..]))
}

/// How many bytes a part takes on its way, as [`compose`] encodes it: quoted-printable, with the longest token in each gap.
#[must_use]
pub fn encoded_len(text: &str) -> usize {
    let (bytes, gaps) = encode_part(text, false);
    bytes.len() + gaps.iter().map(|(_, gap)| gap.longest()).sum::<usize>()
}

/// One body part in quoted-printable, and the places of its gaps. A greeting that a template begins and does not end, or the
/// other way round, is none, so that nothing of a mail is ever left out by mistake.
fn encode_part(text: &str, html: bool) -> (Vec<u8>, Vec<(usize, Gap)>) {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    let mut gaps = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    let mut rest = text;
    let mut greeting = false;
    while let Some((before, gap, after)) = split_mark(rest) {
        encoder.text(before);
        rest = after;
        match gap {
            Gap::Greeting => {
                if !greeting && after.contains(GREETING_END) {
                    greeting = true;
                    gaps.push((encoder.line_start(), gap));
                }
            }
            Gap::FirstName | Gap::GreetingEnd if !greeting => {}
            Gap::FirstName if html => gaps.push((encoder.line_start(), Gap::FirstNameInHtml)),
            Gap::FirstName => gaps.push((encoder.line_start(), gap)),
            Gap::GreetingEnd => {
                greeting = false;
                gaps.push((encoder.line_start(), gap));
            }
            _ => gaps.push((encoder.gap(TOKEN_MAX), gap)),
        }
    }
    encoder.text(rest);
    encoder.finish();
    (out, gaps)
}

/// From the content, so that it is the same every time. `=_` never occurs in quoted-printable (RFC 2045 §6.7).
fn boundary(text: &[u8], html: &[u8]) -> String {
    let mut both = Vec::with_capacity(text.len() + html.len() + 1);
    both.extend_from_slice(text);
    both.push(0);
    both.extend_from_slice(html);
    let hash = digest(&SHA256, &both);
    format!("=_{}", hex::encode(&hash.as_ref()[..12]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{FIRST_NAME_MARK, GREETING_BEGIN, Personal, TOKEN_MARK};
    use mail_parser::{MessageParser, MimeHeaders};
    use proptest::prelude::*;

    fn draft(text: &str, html: &str) -> Draft {
        Draft {
            from: Mailbox::parse("La Matinale <matinale@lettres.exemple.tg>").unwrap(),
            reply_to: Some(Mailbox::parse("redaction@exemple.tg").unwrap()),
            subject: "Élections : ce qu’il faut savoir".to_owned(),
            text: text.to_owned(),
            html: html.to_owned(),
            date: DateTime::from_timestamp(1_795_404_600, 0),
            list: Some(ListHeaders {
                list_name: "Le Journal – La Matinale".to_owned(),
                list_id: "matinale.lettres.exemple.tg".to_owned(),
                feedback_id: "12:matinale:digest:kiosque".to_owned(),
                unsubscribe: format!("https://lettres.exemple.tg/u/{TOKEN_MARK}"),
                unsubscribe_to: None,
            }),
            auto: true,
        }
    }

    fn personal(token: &str) -> Personal {
        let to = Mailbox::new(Some("Koffi Ébé"), Address::parse("koffi@exemple.tg").unwrap()).unwrap();
        let date = DateTime::from_timestamp(1_795_408_200, 0).unwrap();
        Personal::new(to, "ed-12.abc@lettres.exemple.tg".to_owned(), date, token.to_owned()).unwrap()
    }

    #[test]
    fn a_newsletter_carries_its_headers_in_a_fixed_order() {
        let draft = draft(
            &format!("Bonjour,\n.\nSe désinscrire : https://lettres.exemple.tg/u/{TOKEN_MARK}\n"),
            "<p>Été <a href=\"https://lettres.exemple.tg/u/%EE%87%B0%EE%87%B1\">Quitter</a></p>",
        );
        let message = compose(&draft).unwrap().splice(&personal("k1-Ab_9"));
        insta::assert_snapshot!(String::from_utf8(message).unwrap().replace('\r', ""), @r#"
        From: La Matinale <matinale@lettres.exemple.tg>
        To: =?utf-8?q?Koffi_=C3=89b=C3=A9?= <koffi@exemple.tg>
        Subject: =?utf-8?q?=C3=89lections_=3A_ce_qu=E2=80=99il_faut_savoir?=
        Date: Mon, 23 Nov 2026 03:30:00 +0000
        Message-ID: <ed-12.abc@lettres.exemple.tg>
        Reply-To: redaction@exemple.tg
        MIME-Version: 1.0
        List-Id: =?utf-8?q?Le_Journal_=E2=80=93_La_Matinale?=
         <matinale.lettres.exemple.tg>
        List-Unsubscribe: <https://lettres.exemple.tg/u/k1-Ab_9>
        List-Unsubscribe-Post: List-Unsubscribe=One-Click
        Feedback-ID: 12:matinale:digest:kiosque
        Precedence: bulk
        Auto-Submitted: auto-generated
        X-Auto-Response-Suppress: All
        Content-Language: fr
        Content-Type: multipart/alternative;
         boundary="=_8541a4c30817dd681599b7b8"

        --=_8541a4c30817dd681599b7b8
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        Bonjour,
        =2E
        Se d=C3=A9sinscrire : https://lettres.exemple.tg/u/=
        k1-Ab_9

        --=_8541a4c30817dd681599b7b8
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        <p>=C3=89t=C3=A9 <a href=3D"https://lettres.exemple.tg/u/=
        k1-Ab_9">Quitter</a></=
        p>
        --=_8541a4c30817dd681599b7b8--
        "#);
    }

    #[test]
    fn the_domain_of_the_sender_is_found_however_his_name_is_folded() {
        let mut draft = draft("x", "<p>x</p>");
        for from in [
            "m@Lettres.exemple.tg",
            "La Matinale <m@lettres.exemple.tg>",
            "L’édition du soir, très longue, de A à Z <m@lettres.exemple.tg>",
        ] {
            draft.from = Mailbox::parse(from).unwrap();
            assert_eq!(
                compose(&draft).unwrap().from_domain().as_deref(),
                Some("lettres.exemple.tg"),
                "{from}"
            );
        }
    }

    #[test]
    fn a_mail_unsubscribes_too_where_somebody_reads_it() {
        let mut draft = draft("a", "<p>b</p>");
        let list = draft.list.as_mut().unwrap();
        list.unsubscribe_to = Some(unsubscribe_to("desabo@lettres.exemple.tg").unwrap());
        let token = "A".repeat(38);
        let message = String::from_utf8(compose(&draft).unwrap().splice(&personal(&token))).unwrap();
        let field = format!(
            "\r\nList-Unsubscribe: <https://lettres.exemple.tg/u/{token}>,\r\n <mailto:desabo+{token}@lettres.exemple.tg>\r\nList-Unsubscribe-Post:"
        );
        assert!(message.contains(&field), "{message}");
        assert_eq!(unsubscribe_to("desabo%41@exemple.tg"), Err(UnsubscribeToError::LocalPart));
        assert_eq!(
            unsubscribe_to(&format!("{}@exemple.tg", "a".repeat(26))),
            Err(UnsubscribeToError::LocalPart)
        );
        assert!(matches!(unsubscribe_to("desabo"), Err(UnsubscribeToError::Address(_))));
    }

    #[test]
    fn who_gave_a_first_name_is_greeted_and_of_all_others_not_even_a_space_is_left() {
        let html =
            format!("<p>É</p>{GREETING_BEGIN}<p>Bonjour {FIRST_NAME_MARK},</p>\n{GREETING_END}<p>.suite</p>");
        let text = format!("Le 1er\n\n{GREETING_BEGIN}Bonjour {FIRST_NAME_MARK},\n\n{GREETING_END}.Suite\n");
        let encoded = compose(&draft(&text, &html)).unwrap();
        assert_eq!(Encoded::from_bytes(&encoded.to_bytes()), Ok(encoded.clone()));
        let parts = |first_name: Option<&str>| {
            let bytes = encoded.splice(&personal("t").greeting(first_name.map(str::to_owned)));
            for line in
                String::from_utf8(bytes.clone()).unwrap().split("\r\n").skip_while(|line| !line.is_empty())
            {
                assert!(line.len() <= 76 && !line.starts_with('.'), "{line}");
            }
            let read = MessageParser::default().parse(&bytes).unwrap().into_owned();
            let part = |part: Option<std::borrow::Cow<'_, str>>| part.unwrap().replace("\r\n", "\n");
            (part(read.body_text(0)), part(read.body_html(0)))
        };
        let named = |name: &str, escaped: &str| {
            (
                format!("Le 1er\n\nBonjour {name},\n\n.Suite\n"),
                format!("<p>É</p><p>Bonjour {escaped},</p>\n<p>.suite</p>"),
            )
        };
        let nobody = ("Le 1er\n\n.Suite\n".to_owned(), "<p>É</p><p>.suite</p>".to_owned());
        assert_eq!(parts(None), nobody);
        assert_eq!(parts(Some("Ama")), named("Ama", "Ama"));
        assert_eq!(parts(Some(".<b>&")), named(".<b>&", ".&lt;b&gt;&amp;"));
        let long = "Ɖ".repeat(40);
        assert_eq!(parts(Some(&long)), named(&long, &long));
        for none in ["", "Ama\r\nBcc: x", &"a".repeat(41)] {
            assert_eq!(parts(Some(none)), nobody, "{none:?}");
        }
        // A template's mistake swallows nothing.
        for wrong in [format!("a{GREETING_BEGIN}b"), format!("a{GREETING_END}{FIRST_NAME_MARK}b")] {
            let message = compose(&draft(&wrong, "<p>x</p>")).unwrap().splice(&personal("t"));
            assert!(String::from_utf8(message).unwrap().contains("\r\nab\r\n"), "{wrong}");
        }
    }

    #[test]
    fn a_message_to_one_person_has_no_list_headers_and_its_own_date() {
        let draft = Draft { list: None, date: None, ..draft("a", "<p>b</p>") };
        let message = String::from_utf8(compose(&draft).unwrap().splice(&personal("t"))).unwrap();
        assert!(message.contains("\r\nDate: Mon, 23 Nov 2026 04:30:00 +0000\r\n"), "{message}");
        assert!(message.contains("\r\nAuto-Submitted: auto-generated\r\n"));
        for name in ["List-", "Precedence", "Feedback-ID"] {
            assert!(!message.contains(name), "{name}");
        }
    }

    #[test]
    fn a_stored_message_comes_back_the_same_and_equal_drafts_give_equal_bytes() {
        let draft = draft("a", &"é".repeat(400));
        let encoded = compose(&draft).unwrap();
        assert_eq!(Encoded::from_bytes(&encoded.to_bytes()), Ok(encoded.clone()));
        assert_eq!(compose(&draft).unwrap(), encoded);
        assert_eq!(encoded.html_len(), encoded_len(&draft.html));
        assert_eq!(encoded.splice(&personal("t")), encoded.splice(&personal("t")));
    }

    #[test]
    fn what_would_break_a_header_is_refused() {
        let with = |change: &dyn Fn(&mut Draft)| {
            let mut draft = draft("a", "b");
            change(&mut draft);
            compose(&draft).unwrap_err()
        };
        let list = |change: &dyn Fn(&mut ListHeaders)| {
            with(&|draft: &mut Draft| draft.list.iter_mut().for_each(change))
        };
        assert_eq!(with(&|d| d.subject = "a\r\nBcc: x@y.tg".to_owned()), ComposeError::Character("Subject"));
        assert_eq!(with(&|d| d.subject = "a\u{202E}b".to_owned()), ComposeError::Character("Subject"));
        assert_eq!(with(&|d| d.subject = "a".repeat(901)), ComposeError::TooLong("Subject", 900));
        assert_eq!(list(&|l| l.list_name = "a\nb".to_owned()), ComposeError::Character("List-Id"));
        assert_eq!(list(&|l| l.list_id = "a b".to_owned()), ComposeError::Identifier("List-Id"));
        assert_eq!(list(&|l| l.feedback_id = "a\r\nb".to_owned()), ComposeError::Identifier("Feedback-ID"));
        for url in
            ["https://exemple.tg/u/", "http://exemple.tg/u/\u{E1F0}\u{E1F1}", "javascript:\u{E1F0}\u{E1F1}"]
        {
            assert_eq!(list(&|l| l.unsubscribe = url.to_owned()), ComposeError::Unsubscribe, "{url}");
        }
        let mut loopback = draft("a", "b");
        loopback
            .list
            .iter_mut()
            .for_each(|l| l.unsubscribe = format!("http://127.0.0.1:8080/u/{TOKEN_MARK}"));
        assert!(compose(&loopback).is_ok());
    }

    /// Line ends as a mail reader sees them.
    fn lines(text: &str) -> String {
        text.replace("\r\n", "\n").replace('\r', "\n")
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_somebody_elses_parser(
            text in "([^\0]|\u{E1F0}\u{E1F1}|\r\n|[. =-]){0,400}",
            html in "([ -~éœ’«»\u{202F}\r\n]|\u{E1F0}\u{E1F1}|😀){0,400}",
            subject in "[^\\p{Cc}]{1,200}",
            token in "[A-Za-z0-9_-]{1,60}",
        ) {
            let mut draft = draft(&text, &html);
            draft.subject = crate::mail::one_line(&subject);
            prop_assume!(draft.subject.len() <= 900 && !draft.subject.is_empty());
            let encoded = compose(&draft).unwrap();
            prop_assert_eq!(&Encoded::from_bytes(&encoded.to_bytes()).unwrap(), &encoded);
            let message = encoded.splice(&personal(&token));

            let ascii = String::from_utf8(message.clone()).unwrap();
            prop_assert!(ascii.is_ascii());
            let (head, body) = ascii.split_once("\r\n\r\n").unwrap();
            prop_assert!(!ascii.replace("\r\n", "").contains(['\r', '\n']), "a bare CR or LF");
            prop_assert!(head.split("\r\n").all(|line| line.len() <= 998));
            prop_assert!(body.split("\r\n").all(|line| line.len() <= 76));
            prop_assert!(ascii.split("\r\n").all(|line| !line.starts_with('.')));

            let parsed = MessageParser::default().parse(&message).unwrap();
            prop_assert_eq!(parsed.headers().len(), 16);
            prop_assert_eq!(parsed.subject(), Some(draft.subject.as_str()));
            prop_assert_eq!(parsed.parts.len(), 3);
            prop_assert_eq!(parsed.parts[1].content_transfer_encoding(), Some("quoted-printable"));
            let expected = |source: &str| lines(&source.replace(TOKEN_MARK, &token));
            prop_assert_eq!(lines(parsed.parts[1].text_contents().unwrap()), expected(&text));
            prop_assert_eq!(lines(parsed.parts[2].text_contents().unwrap()), expected(&html));
            let url = parsed.header_raw("List-Unsubscribe").unwrap();
            prop_assert_eq!(url.trim(), format!("<https://lettres.exemple.tg/u/{token}>"));
        }
    }
}
