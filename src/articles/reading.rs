//! The reading side of an import: files opened, told apart, read by their format and prepared, on a thread that may block.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use url::Url;
use uuid::Uuid;

use crate::clock::Timestamp;

use super::feed_source::source_name;
use super::formats::input::{Input, Progress};
use super::formats::{Fault, Format, Place, Record, detect, feed, html_page, jsonl, text_page, wxr};
use super::import::{Message, Options};
use super::pipeline::prepare;

/// Largest saved page or text, in bytes.
const LARGEST_PAGE: u64 = 32 * 1024 * 1024;

/// The source's name when the operator says none.
const UNNAMED: &str = "import";

/// Where what is read goes.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) channel: mpsc::Sender<Message>,
    pub(super) options: Options,
    pub(super) progress: Arc<Progress>,
    /// The moment of what has no date.
    pub(super) now: Timestamp,
}

/// The storing side has gone: nothing more to do.
pub(super) struct Gone;

type Stream = BufReader<Chain<Cursor<Vec<u8>>, Input>>;

/// A file whose format is known.
struct Part {
    path: PathBuf,
    place: Place,
    format: Format,
    /// Standard input, which cannot be opened twice.
    stream: Option<Stream>,
    /// A copy to be removed in the end.
    _spool: Option<Spool>,
}

/// Reads every file and sends what is in it.
pub(super) fn read_all(files: &[PathBuf], sending: &Sending) {
    let _gone = sending.files(files);
}

impl Sending {
    fn files(&self, files: &[PathBuf]) -> Result<(), Gone> {
        let mut parts = Vec::with_capacity(files.len());
        for path in files {
            let place = Place { file: path.display().to_string().into(), line: None };
            match self.part(path, place.clone()) {
                Ok(part) => parts.push(part),
                Err(reason) => self.send(Message::Faulty(vec![Fault::whole(&place, reason)]))?,
            }
        }
        let mut exports = Vec::new();
        for part in parts {
            if part.format == Format::Wxr {
                exports.push(part);
                continue;
            }
            if part.format != Format::Feed {
                let name = self.options.source.as_deref().unwrap_or(UNNAMED).to_owned();
                self.send(Message::Source { name, archive: self.options.archive })?;
            }
            self.single(part)?;
        }
        if exports.is_empty() { Ok(()) } else { self.export(&exports) }
    }

    /// Opens a file and tells its format.
    fn part(&self, path: &Path, place: Place) -> Result<Part, String> {
        let open =
            || Input::open(path, Arc::clone(&self.progress)).map_err(|e| format!("cannot be opened: {e}"));
        let mut input = open()?;
        let mut head = Vec::new();
        (&mut input)
            .take(detect::ENOUGH as u64)
            .read_to_end(&mut head)
            .map_err(|e| format!("cannot be read: {e}"))?;
        let format = match self.options.format {
            Some(format) => format,
            None => detect::detect(path, &head)?,
        };
        let is_stdin = path.as_os_str() == "-";
        if !is_stdin {
            self.progress.bytes.fetch_sub(head.len() as u64, Ordering::Relaxed);
            let length = std::fs::metadata(path).map(|m| m.len()).unwrap_or_default();
            self.progress
                .total
                .fetch_add(if format == Format::Wxr { 2 * length } else { length }, Ordering::Relaxed);
            return Ok(Part { path: path.to_owned(), place, format, stream: None, _spool: None });
        }
        let mut stream = BufReader::with_capacity(detect::ENOUGH, Cursor::new(head).chain(input));
        if format != Format::Wxr {
            return Ok(Part { path: path.to_owned(), place, format, stream: Some(stream), _spool: None });
        }
        let spool = Spool::of(&mut stream).map_err(|e| format!("cannot be kept in a temporary file: {e}"))?;
        Ok(Part { path: spool.0.clone(), place, format, stream: None, _spool: Some(spool) })
    }

    fn stream(&self, part: &Part) -> Result<Stream, Fault> {
        let input = Input::open(&part.path, Arc::clone(&self.progress));
        let input = input.map_err(|e| Fault::whole(&part.place, format!("cannot be opened: {e}")))?;
        Ok(BufReader::with_capacity(detect::ENOUGH, Cursor::new(Vec::new()).chain(input)))
    }

    /// A file that stands for itself.
    fn single(&self, mut part: Part) -> Result<(), Gone> {
        let stream = match part.stream.take() {
            Some(stream) => stream,
            None => match self.stream(&part) {
                Ok(stream) => stream,
                Err(fault) => return self.send(Message::Faulty(vec![fault])),
            },
        };
        if part.format == Format::Jsonl {
            return jsonl::Reader::new(stream, part.place).try_for_each(|record| self.record(record));
        }
        let mut bytes = Vec::new();
        let read = stream.take(LARGEST_PAGE + 1).read_to_end(&mut bytes);
        let fault = match read {
            Err(error) => Some(format!("cannot be read: {error}")),
            Ok(read) if read as u64 > LARGEST_PAGE => {
                Some("larger than 32 MiB: that is no article page".to_owned())
            }
            Ok(_) => None,
        };
        if let Some(reason) = fault {
            return self.send(Message::Faulty(vec![Fault::whole(&part.place, reason)]));
        }
        let (url, date) = (self.options.url.as_ref(), self.options.date);
        if part.format == Format::Feed {
            return match feed::read(&bytes, url, &part.place, self.now) {
                Ok(document) => self.feed(document, url),
                Err(fault) => self.send(Message::Faulty(vec![fault])),
            };
        }
        self.record(match part.format {
            Format::Html => html_page::read(&bytes, &part.place, url, date),
            _ => text_page::read(&bytes, &part.place, url, date),
        })
    }

    /// The entries of a feed. Their source is the site: the feed's own host when nobody names another.
    pub(super) fn feed(&self, document: feed::Document, url: Option<&Url>) -> Result<(), Gone> {
        let host = document.own_addresses.iter().find_map(|own| Url::parse(own).ok());
        let host = url.or(host.as_ref()).map(source_name);
        let name = self.options.source.clone().or(host).unwrap_or_else(|| UNNAMED.to_owned());
        self.send(Message::Source { name, archive: self.options.archive })?;
        document.records.into_iter().try_for_each(|record| self.record(record))
    }

    /// A WordPress export, all its parts: a first time for pictures and people, a second time for the posts.
    fn export(&self, parts: &[Part]) -> Result<(), Gone> {
        let mut scan = wxr::Scan::default();
        for part in parts {
            // What is wrong in it is said when its posts are read.
            if let Ok(stream) = self.stream(part) {
                let _told_later = scan.part(stream, &part.place);
            }
        }
        let host = scan.host().unwrap_or(UNNAMED).to_owned();
        let library = scan.finish();
        let name = self.options.source.clone().unwrap_or(host);
        self.send(Message::Source { name, archive: true })?;
        for part in parts {
            match self.stream(part) {
                Ok(stream) => {
                    let mut posts = wxr::Reader::new(stream, part.place.clone(), library.clone());
                    posts.try_for_each(|record| self.record(record))?;
                }
                Err(fault) => self.send(Message::Faulty(vec![fault]))?,
            }
        }
        self.send(Message::Terms(library.terms()))
    }

    fn record(&self, record: Record) -> Result<(), Gone> {
        self.send(match record {
            Record::Draft(draft) => match prepare(*draft) {
                Ok(article) => Message::Article(Box::new(article)),
                Err(fault) => Message::Faulty(vec![fault]),
            },
            Record::Retraction { external_id } => Message::Retraction(external_id),
            Record::LeftOut(reason) => Message::LeftOut(reason),
            Record::Faulty(faults) => Message::Faulty(faults),
        })
    }

    fn send(&self, message: Message) -> Result<(), Gone> {
        self.channel.blocking_send(message).map_err(|_| Gone)
    }
}

/// A copy of standard input, removed when it is no longer needed.
struct Spool(PathBuf);

impl Spool {
    fn of(input: &mut impl Read) -> io::Result<Self> {
        let spool = Self(std::env::temp_dir().join(format!("kiosque-import-{}.xml", Uuid::new_v4())));
        io::copy(input, &mut File::create_new(&spool.0)?)?;
        Ok(spool)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let _left_to_the_system = std::fs::remove_file(&self.0);
    }
}
