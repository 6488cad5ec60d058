//! What strace wrote (`-f -y -xx`): the changes of the files of a folder, their syncs, and the acknowledgements.
//!
//! What must stay true: a call that another thread interrupts stands in two lines. A write counts from the first of them,
//! a sync from its end.

use std::collections::HashMap;
use std::path::Path;

/// Something that happened to the files of the folder.
#[derive(Debug)]
pub enum Event {
    Create {
        file: String,
    },
    Remove {
        file: String,
    },
    Write {
        file: String,
        offset: usize,
        data: Vec<u8>,
    },
    Truncate {
        file: String,
        length: usize,
    },
    SyncBegins {
        sync: u64,
    },
    /// `file` is `None` for the folder itself.
    SyncEnds {
        sync: u64,
        file: Option<String>,
    },
    /// A message was acknowledged.
    Acknowledged(u32),
}

/// A sync in progress on a thread.
struct Sync {
    number: u64,
    file: Option<String>,
}

/// Reads a trace.
pub fn read(trace: &str, folder: &Path) -> Vec<Event> {
    let folder = folder.canonicalize().unwrap().to_str().unwrap().to_owned();
    let mut events = Vec::new();
    let mut syncing: HashMap<&str, Sync> = HashMap::new();
    let mut number = 0;
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.starts_with("<... ") {
            if call.contains("sync resumed>") && succeeded(call) {
                let Sync { number, file } = syncing.remove(thread).unwrap();
                events.push(Event::SyncEnds { sync: number, file });
            }
            continue;
        }
        let unfinished = call.ends_with("<unfinished ...>");
        let Some((name, arguments)) = call.split_once('(') else { continue };
        if !unfinished && !succeeded(call) {
            continue;
        }
        match name {
            "fdatasync" | "fsync" => {
                number += 1;
                // Files of no interest have no changes either.
                let file = file_of(arguments, &folder).unwrap_or_else(|| "elsewhere".to_owned());
                let file = Some(file).filter(|file| !file.is_empty());
                events.push(Event::SyncBegins { sync: number });
                if unfinished {
                    syncing.insert(thread, Sync { number, file });
                } else {
                    events.push(Event::SyncEnds { sync: number, file });
                }
            }
            "openat" => {
                let created = arguments.contains("O_CREAT");
                let path = quoted(arguments).map(|path| String::from_utf8(path).unwrap()).unwrap_or_default();
                if let Some(file) = path.strip_prefix(&folder).filter(|_| created) {
                    let file = file.trim_start_matches('/').to_owned();
                    if is_of_database(&file) {
                        events.push(Event::Create { file });
                    }
                }
            }
            "unlink" => {
                let path = quoted(arguments).map(|path| String::from_utf8(path).unwrap()).unwrap_or_default();
                if let Some(file) = path.strip_prefix(&folder) {
                    events.push(Event::Remove { file: file.trim_start_matches('/').to_owned() });
                }
            }
            "write" | "pwrite64" | "ftruncate" | "fallocate" => {
                let Some(file) = file_of(arguments, &folder) else { continue };
                if name == "write" && file == super::ACKNOWLEDGED {
                    let text = String::from_utf8(quoted(arguments).unwrap()).unwrap();
                    events.push(Event::Acknowledged(text.trim().parse().unwrap()));
                } else if is_of_database(&file) {
                    events.push(change(name, file, arguments));
                }
            }
            _ => {}
        }
    }
    events
}

fn change(name: &str, file: String, arguments: &str) -> Event {
    match name {
        "pwrite64" => {
            let data = quoted(arguments).unwrap();
            let rest = arguments.rsplit_once('"').unwrap().1;
            let offset = numbers(rest).last().copied().filter(|_| numbers(rest).len() >= 2).unwrap();
            assert_eq!(data.len(), numbers(rest)[0], "the trace is cut off");
            Event::Write { file, offset, data }
        }
        "ftruncate" => {
            let rest = arguments.split_once('>').unwrap().1;
            Event::Truncate { file, length: numbers(rest)[0] }
        }
        // The model has no such call.
        _ => panic!("the store uses {name} on {file}"),
    }
}

/// The numbers among the arguments, without the result.
fn numbers(arguments: &str) -> Vec<usize> {
    let arguments = arguments.split_once(')').map_or(arguments, |(arguments, _)| arguments);
    let arguments = arguments.split_once(" <unfinished").map_or(arguments, |(arguments, _)| arguments);
    arguments.split(',').filter_map(|number| number.trim().parse().ok()).collect()
}

/// Whether files of this name are part of the database.
fn is_of_database(file: &str) -> bool {
    file == super::DATABASE || file == super::LOG
}

/// The file of the descriptor in a call's first argument, relative to the folder; empty for the folder itself.
fn file_of(arguments: &str, folder: &str) -> Option<String> {
    let path = unescaped(arguments.split_once('<')?.1.split_once('>')?.0);
    let path = String::from_utf8(path).ok()?;
    path.strip_prefix(folder).map(|file| file.trim_start_matches('/').to_owned())
}

/// The content of the first text in quotes.
fn quoted(arguments: &str) -> Option<Vec<u8>> {
    Some(unescaped(arguments.split_once('"')?.1.split_once('"')?.0))
}

/// The bytes of a text that strace wrote in hexadecimal digits.
fn unescaped(text: &str) -> Vec<u8> {
    if !text.contains("\\x") {
        return text.as_bytes().to_vec();
    }
    text.split("\\x").skip(1).map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn succeeded(call: &str) -> bool {
    call.rsplit_once(" = ").is_some_and(|(_, result)| !result.starts_with('-'))
}
