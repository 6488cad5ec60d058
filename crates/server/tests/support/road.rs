//! A way to the database that can be cut and mended.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::database::TestDatabase;

/// A way to the database that can be cut.
pub struct Road {
    port: u16,
    is_cut: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Road {
    pub fn to(database: &TestDatabase) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let road = Self {
            port: listener.local_addr().expect("an address").port(),
            is_cut: Arc::default(),
            streams: Arc::default(),
        };
        let (socket, is_cut, streams) = (database.socket(), Arc::clone(&road.is_cut), Arc::clone(&road.streams));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("a connection");
                let mut streams = streams.lock().expect("no test has failed");
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let server = UnixStream::connect(&socket).expect("the server listens");
                streams.push(client.try_clone().expect("a handle"));
                let (back, to_client) = (server.try_clone().expect("a handle"), client.try_clone().expect("a handle"));
                std::thread::spawn(move || carry(client, &server, |server| drop(server.shutdown(Shutdown::Both))));
                std::thread::spawn(move || carry(back, &to_client, |client| drop(client.shutdown(Shutdown::Both))));
            }
        });
        road
    }

    /// The URL of the database by this road.
    pub fn url(&self, database: &TestDatabase) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}?sslmode=disable", self.port, database.name())
    }

    pub fn cut(&self) {
        let mut streams = self.streams.lock().expect("no test has failed");
        self.is_cut.store(true, Ordering::SeqCst);
        for stream in streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

/// Carries bytes until one end is closed, and closes the other.
fn carry<T>(mut from: impl Read, to: &T, close: impl FnOnce(&T))
where
    for<'t> &'t T: Write,
{
    let mut bytes = [0; 65_536];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let mut writer = to;
        if writer.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    close(to);
}
