//! Files and standard input as streams that count what went through.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far an import is; read it while the import runs.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes read so far. A WordPress export is read twice.
    pub bytes: AtomicU64,
    /// Bytes there are to read; 0 when nobody knows.
    pub total: AtomicU64,
    /// Articles dealt with so far.
    pub articles: AtomicU64,
}

/// An open stream.
#[derive(Debug)]
pub struct Input {
    from: From,
    progress: Arc<Progress>,
}

#[derive(Debug)]
enum From {
    File(File),
    Stdin(io::Stdin),
    Bytes(io::Cursor<Vec<u8>>),
}

impl Input {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path, progress: Arc<Progress>) -> io::Result<Self> {
        let from =
            if path.as_os_str() == "-" { From::Stdin(io::stdin()) } else { From::File(File::open(path)?) };
        Ok(Self { from, progress })
    }

    /// A stream of bytes at hand.
    #[must_use]
    pub fn bytes(bytes: Vec<u8>) -> Self {
        Self { from: From::Bytes(io::Cursor::new(bytes)), progress: Arc::default() }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.from {
            From::File(file) => file.read(buffer)?,
            From::Stdin(stdin) => stdin.read(buffer)?,
            From::Bytes(bytes) => bytes.read(buffer)?,
        };
        self.progress.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
