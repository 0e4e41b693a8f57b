//! What lies in the demo's Maildir, read back by a parser that did not write it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mail_parser::parsers::MessageStream;
use mail_parser::{Message, MessageParser};

use crate::clock::Timestamp;
use crate::html::pages::{HeaderView, MessageView};

/// As many mails are shown as a page can hold; older ones stay in the folder.
const SHOWN: usize = 60;

/// The Maildir in which the demo's mails end.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    new: PathBuf,
}

/// A mail, read.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) view: MessageView,
    pub(super) headers: Vec<HeaderView>,
    pub(super) html: Option<String>,
    pub(super) text: String,
    pub(super) source: Vec<u8>,
}

impl Outbox {
    /// The outbox whose mails arrive in `maildir`.
    pub(super) fn new(maildir: &Path) -> Self {
        Self { new: maildir.join("new") }
    }

    /// The latest mails, the newest first. Blocks on the disk.
    pub(super) fn latest(&self) -> io::Result<Vec<MessageView>> {
        let mut files: Vec<(SystemTime, String)> = Vec::new();
        for entry in fs::read_dir(&self.new)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                files.push((entry.metadata()?.modified()?, name));
            }
        }
        files.sort_by(|a, b| b.cmp(a));
        let mut mails = Vec::new();
        for (_, name) in files.into_iter().take(SHOWN) {
            mails.extend(self.read(&name)?.map(|mail| mail.view));
        }
        Ok(mails)
    }

    /// The mail in the file `name`; none when there is no such file, or it is no mail. Blocks on the disk.
    pub(super) fn read(&self, name: &str) -> io::Result<Option<Mail>> {
        if name.contains(['/', '\0']) || name.starts_with('.') {
            return Ok(None);
        }
        match fs::read(self.new.join(name)) {
            Ok(source) => Ok(parse(name, source)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn parse(id: &str, source: Vec<u8>) -> Option<Mail> {
    let message = MessageParser::default().parse(&source)?;
    let view = MessageView {
        id: id.to_owned(),
        to: recipient(&message),
        subject: message.subject().unwrap_or_default().to_owned(),
        date: Timestamp::from_millis(message.date()?.to_timestamp() * 1000).to_utc().naive_utc(),
        size: source.len(),
    };
    let headers = message
        .headers_raw()
        .map(|(name, value)| HeaderView { name: name.to_owned(), value: readable(value) });
    let headers = headers.collect();
    // The parser would make HTML of a text where there is none.
    let html = message.html_bodies().find(|part| part.is_text_html()).and_then(|part| part.text_contents());
    let html = html.map(str::to_owned);
    let text = message.body_text(0).unwrap_or_default().into_owned();
    Some(Mail { view, headers, html, text, source })
}

/// A header's value as people read it: on one line, encoded words decoded (RFC 2047).
fn readable(raw: &str) -> String {
    let unfolded = format!("{}\n", raw.split_whitespace().collect::<Vec<_>>().join(" "));
    let decoded = MessageStream::new(unfolded.as_bytes()).parse_unstructured();
    decoded.as_text().unwrap_or_default().to_owned()
}

/// `Afi Mensah <afi@lecteurs.example>`.
fn recipient(message: &Message<'_>) -> String {
    let Some(to) = message.to().and_then(|to| to.first()) else { return String::new() };
    match (to.name(), to.address().unwrap_or_default()) {
        (Some(name), address) => format!("{name} <{address}>"),
        (None, address) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: La Minute <minute@lagune.example>\r\n\
        To: =?utf-8?q?Afi_Mensah?= <afi@lecteurs.example>\r\n\
        Subject: =?utf-8?q?Au_port=2C_la_file_raccourcit?=\r\n\
        Date: Sat, 01 Aug 2026 07:00:12 +0000\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        =C3=80 la une\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        <p>=C3=80 la une</p>\r\n--b--\r\n";

    fn outbox(mails: &[(&str, &str)]) -> (tempfile::TempDir, Outbox) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("new")).unwrap();
        for (name, mail) in mails {
            fs::write(folder.path().join("new").join(name), mail).unwrap();
        }
        let outbox = Outbox::new(folder.path());
        (folder, outbox)
    }

    #[test]
    fn a_mail_is_shown_decoded() {
        let (_folder, outbox) = outbox(&[("ed-1.2@lagune.example", MAIL)]);
        let mail = outbox.read("ed-1.2@lagune.example").unwrap().unwrap();
        assert_eq!(mail.view.to, "Afi Mensah <afi@lecteurs.example>");
        assert_eq!(mail.view.subject, "Au port, la file raccourcit");
        assert_eq!(mail.view.date.to_string(), "2026-08-01 07:00:12");
        assert_eq!(mail.view.size, MAIL.len());
        assert_eq!(mail.text.trim(), "À la une");
        assert_eq!(mail.html.as_deref().map(str::trim), Some("<p>À la une</p>"));
        let header =
            |name: &str| mail.headers.iter().find(|header| header.name == name).unwrap().value.as_str();
        assert_eq!(header("From"), "La Minute <minute@lagune.example>");
        assert_eq!(header("To"), "Afi Mensah <afi@lecteurs.example>");
        assert_eq!(header("Subject"), "Au port, la file raccourcit");
        assert_eq!(mail.source, MAIL.as_bytes());
    }

    #[test]
    fn the_newest_mail_comes_first() {
        let (folder, outbox) = outbox(&[("a", MAIL), ("b", MAIL)]);
        let old = SystemTime::UNIX_EPOCH;
        fs::File::open(folder.path().join("new/a")).unwrap().set_modified(old).unwrap();
        let ids: Vec<String> = outbox.latest().unwrap().into_iter().map(|mail| mail.id).collect();
        assert_eq!(ids, ["b", "a"]);
    }

    #[test]
    fn nothing_outside_the_folder_is_read() {
        let (folder, outbox) = outbox(&[]);
        fs::write(folder.path().join("secret"), MAIL).unwrap();
        for name in ["../secret", "..", ".", "", "absent", "a/../../secret"] {
            assert!(outbox.read(name).map(|mail| mail.is_none()).unwrap_or(true), "{name}");
        }
    }
}
