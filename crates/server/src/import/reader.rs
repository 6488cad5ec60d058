//! The files that are imported, line by line: first all of them in their order, then single lines of messages again.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;

use super::lines::Line;
use crate::failure::Failure;

/// Where a line stands: the number of the file, the number of the line, and its first byte. Places are ordered as they are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    file: usize,
    line: usize,
    byte: u64,
}

/// The mark of UTF-8 at the beginning of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The open files.
pub(super) struct Files(Vec<(PathBuf, BufReader<File>)>);

impl Files {
    /// Opens the files at the given paths, which are read in this order.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(super) fn open(paths: Vec<PathBuf>) -> Result<Self, Failure> {
        let open = |path: PathBuf| {
            let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.is_file(), file)));
            match opened {
                Ok((true, file)) => Ok((path, BufReader::new(file))),
                // Lines of messages are read twice.
                Ok((false, _)) => Err(format!("{} is not a file on a disk: write the lines to one", path.display())),
                Err(error) => Err(format!("cannot read {}: {error}", path.display())),
            }
        };
        paths.into_iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Reads all lines, in their order, and hands each to `each`, or the sentence that says why it is none.
    ///
    /// # Errors
    /// A sentence for the operator, if a file cannot be read; and what `each` fails with.
    pub(super) fn each(
        &mut self,
        mut each: impl FnMut(Place, Result<Line, String>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for (number, (path, file)) in self.0.iter_mut().enumerate() {
            let mut place = Place { file: number, line: 0, byte: 0 };
            let mut bytes = Vec::new();
            loop {
                bytes.clear();
                let read = file.read_until(b'\n', &mut bytes);
                let length = read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                if length == 0 {
                    break;
                }
                place.line += 1;
                // Some programs begin a file with a mark of its encoding.
                let line = bytes.strip_prefix(BYTE_ORDER_MARK).filter(|_| place.line == 1).unwrap_or(&bytes);
                if !line.iter().all(u8::is_ascii_whitespace) {
                    each(place, parse(line))?;
                }
                place.byte += length as u64;
            }
        }
        Ok(())
    }

    /// Reads one line again.
    ///
    /// # Errors
    /// A sentence, if it is no line any more.
    pub(super) fn again(&mut self, place: Place) -> Result<Line, String> {
        let Some((_, file)) = self.0.get_mut(place.file) else { return Err("the file is missing".to_owned()) };
        let mut bytes = Vec::new();
        let read = file.stream_position().and_then(|at| match at == place.byte {
            true => Ok(at),
            false => file.seek(SeekFrom::Start(place.byte)),
        });
        read.and_then(|_| file.read_until(b'\n', &mut bytes)).map_err(|error| error.to_string())?;
        parse(&bytes)
    }

    /// Says where a line stands.
    pub(super) fn named(&self, place: Place) -> String {
        let path = self.0.get(place.file).map(|(path, _)| path.display().to_string()).unwrap_or_default();
        format!("{path}:{}", place.line)
    }
}

fn parse(bytes: &[u8]) -> Result<Line, String> {
    serde_json::from_slice(bytes).map_err(|error| {
        // The position within the line is that of the column; the line is always the first.
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or(&text);
        // What is said about a field says where to look.
        match text.contains('`') && !text.starts_with("invalid type") {
            true => text.to_owned(),
            false => format!(
                "{text}; a line has the form {{\"user\": {{…}}}}, {{\"conversation\": {{…}}}} or {{\"message\": {{…}}}}"
            ),
        }
    })
}
