//! Power loss at any moment: what was not synced may be lost, in whole or in part, and nothing acknowledged is.
//!
//! A run of the store is traced with strace: every write to its files, every sync, and every acknowledgement. At many
//! points of the trace the files are rebuilt as a disk may have them after the power has failed, the database is opened
//! and looked through. Checkpoints, with the log beginning anew, and a clean shutdown are part of the run.
//!
//! What must stay true: a sync covers what was written before it began, and counts from its end; an acknowledgement
//! counts from its beginning.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod disk;
mod trace;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crate::support::{Bench, block_on};
use disk::{Disk, Files, Random};
use quintet_domain::{ConversationId, ConversationKind, Quotas, UserId};
use quintet_store::Location;
use rusqlite::Connection;
use trace::Event;

/// The number of moments at which the power fails.
const MOMENTS: u64 = 300;
/// The number of times that the log begins anew in the traced run.
const RESTARTS: u32 = 2;
/// Maximum number of messages in the traced run.
const MESSAGES_MAX: u32 = 5_000;
/// The database, its log and the names of the user and the conversation of the run.
const DATABASE: &str = "quintet.sqlite3";
const LOG: &str = "quintet.sqlite3-wal";
const NAMES: &str = "names";
const ACKNOWLEDGED: &str = "acknowledged";

/// The traced run, in its own process, whose working folder is that of the store: it sends messages one after the other
/// and writes the number of each acknowledged one to a file. Run alone, it does nothing.
#[test]
#[ignore = "a part of `nothing_acknowledged_is_lost`, which runs it in another process"]
fn traced_run() {
    use std::io::Write;

    let Ok(names) = std::fs::read_to_string(NAMES) else { return };
    let (user, conversation) = names.split_once(' ').unwrap();
    let (user, conversation) = (UserId::trusted(user), ConversationId::trusted(conversation));
    block_on(async {
        let location = Location::Folder(std::env::current_dir().unwrap());
        let bench = Bench::open(&location, Arc::default(), Quotas { rates: false, ..Quotas::default() });
        let mut acknowledged = std::fs::File::create(ACKNOWLEDGED).unwrap();
        let (mut restarts, mut before) = (0, 0);
        for n in 1..=MESSAGES_MAX {
            bench.send(&user, &conversation, &n.to_string()).await.unwrap();
            acknowledged.write_all(format!("{n}\n").as_bytes()).unwrap();
            let bytes = bench.store.log_bytes().unwrap();
            restarts += u32::from(bytes < before);
            before = bytes;
            if restarts == RESTARTS {
                bench.store.close().await;
                return;
            }
        }
        panic!("the log did not begin anew often enough");
    });
}

/// Prepares a store in a folder, and runs [`traced_run`] on it under strace. Returns the files before, and what happened.
fn run(folder: &Path) -> (Files, Vec<Event>) {
    let strace = Command::new("strace").arg("--version").output();
    assert!(strace.is_ok_and(|output| output.status.success()), "strace is needed: `cargo xtask test` installs it");
    let names = block_on(async {
        let bench = Bench::open(&Location::Folder(folder.to_owned()), Arc::default(), Quotas::default());
        let user = bench.user("ada").await;
        let conversation = bench.conversation(&user, ConversationKind::Group, false, &[]).await;
        bench.store.close().await;
        format!("{} {}", user.as_str(), conversation.as_str())
    });
    std::fs::write(folder.join(NAMES), names).unwrap();
    let before = Files::read(folder, &[DATABASE, LOG]);
    let traces = tempfile::tempdir().unwrap();
    let path = traces.path().join("trace");
    let ran = Command::new("strace")
        .args(["-f", "-y", "-xx", "-s", "100000", "-e"])
        .arg("trace=openat,unlink,write,pwrite64,ftruncate,fallocate,fdatasync,fsync")
        .arg("-o")
        .args([path.as_os_str(), std::env::current_exe().unwrap().as_os_str()])
        .args(["--ignored", "--exact", "power_loss::traced_run"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let events = trace::read(&std::fs::read_to_string(path).unwrap(), folder);
    (before, events)
}

/// Opens what is left of a store. Returns the number of messages, or what is wrong.
fn messages_left(files: &Files, acknowledged: u32) -> Result<u32, String> {
    let folder = tempfile::tempdir().unwrap();
    files.write(folder.path());
    let failed = |error: rusqlite::Error| format!("the database cannot be read: {error}");
    let conn = Connection::open(folder.path().join(DATABASE)).map_err(failed)?;
    let checked: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(failed)?;
    if checked != "ok" {
        return Err(checked);
    }
    let orphans: i64 =
        conn.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).map_err(failed)?;
    if orphans > 0 {
        return Err(format!("{orphans} rows refer to nothing"));
    }
    let contents: Vec<String> = conn
        .prepare("SELECT content FROM message ORDER BY position")
        .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
        .map_err(failed)?;
    let expected: Vec<String> = (1..=contents.len()).map(|n| n.to_string()).collect();
    if contents != expected {
        return Err("the messages are not the first ones that were sent".to_owned());
    }
    let left = u32::try_from(contents.len()).unwrap();
    if left < acknowledged {
        return Err(format!("{left} messages are left, and {acknowledged} were acknowledged"));
    }
    Ok(left)
}

#[test]
fn nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (before, events) = run(folder.path());
    let count = |wanted: fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count();
    let acknowledged = count(|event| matches!(event, Event::Acknowledged(_)));
    let copied = count(|event| matches!(event, Event::Write { file, .. } if file == DATABASE));
    // How many pages a checkpoint copies depends on when it begins: enough are a few in each.
    assert!(acknowledged > 100 && copied > 10, "{acknowledged} acknowledgements, {copied} pages copied");

    let seed = std::process::id().into();
    eprintln!("seed {seed}, {} events, {acknowledged} messages, {copied} pages copied", events.len());
    let mut random = Random::new(seed);
    let mut moments: Vec<usize> = (0..MOMENTS).map(|_| random.below(events.len() as u64) as usize).collect();
    moments.sort_unstable();
    let (mut disk, mut played) = (Disk::new(before.clone(), true), 0);
    for moment in moments {
        disk.play(&events[played..moment]);
        played = moment;
        if let Err(wrong) = messages_left(&disk.lose_power(&mut random), disk.acknowledged) {
            panic!("seed {seed}, after event {moment}: {wrong}");
        }
    }
    // All of it survives without a loss, and a disk that ignores syncs is found out.
    disk.play(&events[played..]);
    assert_eq!(messages_left(&disk.keep_everything(), disk.acknowledged), Ok(u32::try_from(acknowledged).unwrap()));
    let found = (0..MOMENTS).any(|_| {
        let mut disk = Disk::new(before.clone(), false);
        disk.play(&events[..random.below(events.len() as u64 + 1) as usize]);
        messages_left(&disk.lose_power(&mut random), disk.acknowledged).is_err()
    });
    assert!(found, "a disk that ignores syncs loses nothing: this test finds nothing");
}
