//! The files of an import: as they are, or the CSV files of a ZIP; and what their bytes mean.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use encoding_rs::{Decoder, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use zip::ZipArchive;
use zip::result::ZipError;

use super::ImportError;

/// What a ZIP may unpack to, in bytes: some ten million readers.
const MAX_UNPACKED: u64 = 4 << 30;

/// A CSV file.
#[derive(Debug)]
pub(super) struct Source {
    /// What it is called in messages: the path, for a member of a ZIP `ARCHIVE/MEMBER`.
    pub(super) name: PathBuf,
    /// In bytes.
    pub(super) size: u64,
    file: File,
}

impl Source {
    /// Opens the files, in their order; a ZIP stands for the CSV files in it.
    pub(super) fn open(paths: &[PathBuf]) -> Result<Vec<Self>, ImportError> {
        let mut sources = Vec::new();
        for path in paths {
            let error = |error| ImportError::File(path.clone(), error);
            let mut file = File::open(path).map_err(error)?;
            let mut head = [0; 4];
            let length = read_up_to(&mut file, &mut head).map_err(error)?;
            file.seek(SeekFrom::Start(0)).map_err(error)?;
            if head[..length].starts_with(b"PK\x03\x04") {
                let before = sources.len();
                unpack(path, file, &mut sources)
                    .map_err(|why| ImportError::File(path.clone(), io::Error::other(why)))?;
                if sources.len() == before {
                    return Err(ImportError::NoCsv(path.clone()));
                }
            } else {
                let size = file.metadata().map_err(error)?.len();
                sources.push(Self { name: path.clone(), size, file });
            }
        }
        Ok(sources)
    }

    /// These bytes, as a file of this name.
    pub(super) fn of(name: &str, bytes: &[u8]) -> io::Result<Self> {
        let mut file = tempfile::tempfile()?;
        io::Write::write_all(&mut file, bytes)?;
        Ok(Self { name: name.into(), size: bytes.len() as u64, file })
    }

    /// What the operator knows the file by, without its folder.
    pub(super) fn short_name(&self) -> String {
        self.name.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its text from the beginning, in UTF-8, and the byte that ends its lines.
    pub(super) fn text(&mut self) -> io::Result<(Text<'_>, u8)> {
        self.file.seek(SeekFrom::Start(0))?;
        let survey = Survey::of(&mut self.file)?;
        self.file.seek(SeekFrom::Start(survey.mark))?;
        let line_break = if survey.line_feeds == 0 && survey.returns > 0 { b'\r' } else { b'\n' };
        let text = Text {
            file: &mut self.file,
            decoder: survey.decoder(),
            text: Vec::new(),
            at: 0,
            read: survey.mark,
            over: false,
        };
        Ok((text, line_break))
    }
}

/// Unpacks the CSV files of a ZIP into files that have no name and go with the process.
fn unpack(path: &Path, file: File, sources: &mut Vec<Source>) -> Result<(), ZipError> {
    let mut archive = ZipArchive::new(file)?;
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let member = archive.by_index(index)?;
        // What is written nowhere needs no safe path.
        let inside = member.name()?.into_owned();
        let name = inside.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let text = Path::new(&name)
            .extension()
            .is_some_and(|end| ["csv", "txt", "tsv"].iter().any(|kind| end.eq_ignore_ascii_case(kind)));
        if member.is_dir() || !text || name.starts_with('.') || inside.starts_with("__MACOSX") {
            continue;
        }
        let mut unpacked = tempfile::tempfile()?;
        let size = io::copy(&mut member.take(left + 1), &mut unpacked)?;
        left = left.checked_sub(size).ok_or_else(|| {
            ZipError::Io(io::Error::other(format!("it unpacks to more than {MAX_UNPACKED} bytes")))
        })?;
        sources.push(Source { name: path.join(name), size, file: unpacked });
    }
    Ok(())
}

fn read_up_to(file: &mut File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < bytes.len() {
        match file.read(&mut bytes[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// What all the bytes of a file say of their meaning.
#[derive(Debug, Default)]
struct Survey {
    /// Bytes of the mark at the beginning.
    mark: u64,
    wide: Option<&'static encoding_rs::Encoding>,
    /// Characters of several bytes that are UTF-8, and bytes that are not.
    multibyte: u64,
    broken: u64,
    line_feeds: u64,
    returns: u64,
}

impl Survey {
    fn of(file: &mut impl Read) -> io::Result<Self> {
        let mut survey = Self::default();
        let mut bytes = vec![0; 64 * 1024];
        let mut kept = 0;
        let mut first = true;
        loop {
            let read = file.read(&mut bytes[kept..])?;
            let end = kept + read;
            if std::mem::take(&mut first) {
                // A pipe could give one byte at a time; a file gives what it has.
                survey.look_at_mark(&bytes[..end]);
            }
            kept = survey.count(&bytes[..end], read == 0);
            if read == 0 {
                return Ok(survey);
            }
            bytes.copy_within(end - kept..end, 0);
        }
    }

    fn look_at_mark(&mut self, head: &[u8]) {
        if let Some((encoding, length)) = encoding_rs::Encoding::for_bom(head) {
            self.mark = length as u64;
            self.wide = (encoding != UTF_8).then_some(encoding);
        } else if head.len() >= 4 && head[1] == 0 && head[3] == 0 && head[0] != 0 {
            self.wide = Some(UTF_16LE);
        } else if head.len() >= 4 && head[0] == 0 && head[2] == 0 && head[1] != 0 {
            self.wide = Some(UTF_16BE);
        }
    }

    /// Counts; gives how many bytes at the end begin a character whose rest is still to come.
    fn count(&mut self, mut bytes: &[u8], at_end: bool) -> usize {
        loop {
            let (valid, error) = match std::str::from_utf8(bytes) {
                Ok(_) => (bytes.len(), None),
                Err(error) => (error.valid_up_to(), Some(error.error_len())),
            };
            for &byte in &bytes[..valid] {
                self.line_feeds += u64::from(byte == b'\n');
                self.returns += u64::from(byte == b'\r');
                self.multibyte += u64::from(byte >= 0xC0);
            }
            match error {
                None => return 0,
                Some(None) if !at_end => return bytes.len() - valid,
                Some(length) => {
                    self.broken += 1;
                    bytes = &bytes[valid + length.unwrap_or(bytes.len() - valid)..];
                }
            }
        }
    }

    /// UTF-8 unless more than a few bytes are not: then what spreadsheets in France write, Windows-1252, in which every
    /// text is text. A few in a file of UTF-8 are damage, and cost their lines alone.
    fn decoder(&self) -> Option<Decoder> {
        if let Some(encoding) = self.wide {
            return Some(encoding.new_decoder_without_bom_handling());
        }
        (self.broken * 20 > self.multibyte).then(|| WINDOWS_1252.new_decoder_without_bom_handling())
    }
}

/// A file's text in UTF-8.
pub(super) struct Text<'a> {
    file: &'a mut File,
    /// None when the bytes are UTF-8 as they are.
    decoder: Option<Decoder>,
    text: Vec<u8>,
    at: usize,
    read: u64,
    over: bool,
}

impl Text<'_> {
    /// How many of the file's bytes have been read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read
    }
}

impl Read for Text<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(into.len());
        into[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Text<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.text.len() && !self.over {
            let mut bytes = [0; 32 * 1024];
            let length = self.file.read(&mut bytes)?;
            self.read += length as u64;
            self.over = length == 0;
            self.at = 0;
            match &mut self.decoder {
                None => {
                    self.text.clear();
                    self.text.extend_from_slice(&bytes[..length]);
                }
                Some(decoder) => {
                    let room = decoder.max_utf8_buffer_length(length).unwrap_or(4 * bytes.len());
                    self.text.resize(room, 0);
                    let (_, _, written, _) =
                        decoder.decode_to_utf8(&bytes[..length], &mut self.text, length == 0);
                    self.text.truncate(written);
                }
            }
        }
        Ok(&self.text[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, u8) {
        let mut source = Source::of("x.csv", bytes).unwrap();
        let (mut text, line_break) = source.text().unwrap();
        let mut bytes = Vec::new();
        text.read_to_end(&mut bytes).unwrap();
        (String::from_utf8_lossy(&bytes).into_owned(), line_break)
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn the_encodings_of_spreadsheets_are_told_apart() {
        let text = "Prénom;Ville\r\nÉlodie;Œuvre\r\n";
        assert_eq!(read(text.as_bytes()).0, text);
        assert_eq!(read(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()).0, text);
        assert_eq!(read(b"Pr\xE9nom;Ville\r\n\xC9lodie;\x8Cuvre\r\n").0, text);
        for marked in [text.to_owned(), format!("\u{feff}{text}")] {
            assert_eq!(read(&utf16(&marked, u16::to_le_bytes)).0, text);
            assert_eq!(read(&utf16(&marked, u16::to_be_bytes)).0, text);
        }
        assert_eq!(read(b"").0, "");
    }

    #[test]
    fn a_damaged_byte_does_not_change_what_all_others_mean() {
        let mut bytes = "Élodie\n".repeat(40_000).into_bytes();
        bytes.extend_from_slice(b"Fran\xE7ois\n");
        let (text, _) = read(&bytes);
        assert!(text.starts_with("Élodie\n") && text.ends_with("Fran\u{fffd}ois\n"));
    }

    #[test]
    fn a_character_may_lie_across_two_reads() {
        let text = format!("x{}", "é".repeat(100_000));
        assert_eq!(read(text.as_bytes()).0, text);
    }

    #[test]
    fn the_end_of_lines_is_seen() {
        assert_eq!(read(b"a\r\nb\r\n").1, b'\n');
        assert_eq!(read(b"a\rb\r").1, b'\r');
    }
}
