//! XMPP (RFC 6120), as far as an idle client needs it: a stream, SASL ANONYMOUS, a resource, presence. And the two XMPP
//! servers, configured for that and nothing else.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Maximum number of clients that connect at once.
const OPENING_MAX: usize = 50;
/// Maximum time until the server answers.
const PATIENCE: Duration = Duration::from_secs(30);

const STREAM: &str = "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams'>";
const AUTH: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>";
const BIND: &str = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
/// What a client sends to connect, and the end of the answer to each step.
const STEPS: [(&str, &str); 4] =
    [(STREAM, "</stream:features>"), (AUTH, "<success"), (STREAM, "</stream:features>"), (BIND, "</iq>")];

/// The connected clients.
#[derive(Default)]
pub(crate) struct Clients(Vec<TcpStream>);

impl Clients {
    /// Connects a number of clients. Returns how long it took.
    pub(crate) fn connect(&mut self, address: SocketAddr, count: usize) -> io::Result<Duration> {
        let began = Instant::now();
        let opened: io::Result<Vec<Vec<TcpStream>>> = std::thread::scope(|scope| {
            let share = |worker: usize| count / OPENING_MAX + usize::from(worker < count % OPENING_MAX);
            let workers: Vec<_> = (0..OPENING_MAX)
                .map(|worker| scope.spawn(move || (0..share(worker)).map(|_| enter(address)).collect()))
                .collect();
            let joined = |worker: std::thread::ScopedJoinHandle<'_, io::Result<Vec<TcpStream>>>| {
                worker.join().unwrap_or_else(|_| Err(io::Error::other("a client of XMPP panicked")))
            };
            workers.into_iter().map(joined).collect()
        });
        self.0.extend(opened?.into_iter().flatten());
        Ok(began.elapsed())
    }
}

fn enter(address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut buffer = [0; 4_096];
    for (say, until) in STEPS {
        stream.write_all(say.as_bytes())?;
        let mut heard = String::new();
        while !heard.contains(until) {
            let read = stream.read(&mut buffer)?;
            if read == 0 || heard.contains("</stream:stream>") {
                return Err(io::Error::other(format!("the server of XMPP ended the stream: {heard}")));
            }
            heard.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }
    stream.write_all(b"<presence/>")?;
    Ok(stream)
}

/// The program to start, after its settings were written.
pub(crate) struct Launch {
    pub(crate) program: &'static str,
    pub(crate) args: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// Writes the settings of Prosody.
pub(crate) fn prosody(folder: &Path, port: u16) -> io::Result<Launch> {
    installed("prosody", "prosody")?;
    let (file, data) = (folder.join("prosody.cfg.lua"), folder.display());
    let settings = format!(
        r#"daemonize = false
run_as_root = true
pidfile = "{data}/prosody.pid"
data_path = "{data}"
network_backend = "epoll"
modules_enabled = {{ "saslauth" }}
modules_disabled = {{ "s2s" }}
c2s_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_require_encryption = false
log = {{ error = "*console" }}
VirtualHost "localhost"
    authentication = "anonymous"
"#
    );
    std::fs::write(&file, settings)?;
    let args = vec!["--config".to_owned(), file.display().to_string(), "-F".to_owned()];
    Ok(Launch { program: "prosody", args, environment: Vec::new() })
}

/// Writes the settings of ejabberd.
pub(crate) fn ejabberd(folder: &Path, port: u16) -> io::Result<Launch> {
    installed("ejabberd", "ejabberdctl")?;
    let file = folder.join("ejabberd.yml");
    let settings = format!(
        r#"hosts: [localhost]
loglevel: error
auth_method: [anonymous]
anonymous_protocol: sasl_anon
listen:
  - port: {port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    backlog: 1024
    shaper: none
    access: all
modules: {{}}
"#
    );
    std::fs::write(&file, settings)?;
    let words =
        ["+K", "true", "-noinput", "-mnesia", "dir", &format!("\"{}/mnesia\"", folder.display()), "-s", "ejabberd"]
            .map(str::to_owned);
    let environment = vec![
        ("ERL_LIBS", libraries()?),
        ("EJABBERD_LOG_PATH", folder.join("ejabberd.log").display().to_string()),
        ("EJABBERD_CONFIG_PATH", file.display().to_string()),
        ("ERL_CRASH_DUMP_SECONDS", "0".to_owned()),
    ];
    Ok(Launch { program: "erl", args: words.to_vec(), environment })
}

/// The folder of Debian's Erlang libraries for this architecture, which contains ejabberd's own.
fn libraries() -> io::Result<String> {
    let output = Command::new("dpkg").args(["--listfiles", "ejabberd"]).output()?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let own = listed.lines().find_map(|path| path.strip_suffix("/ebin/ejabberd.app").map(Path::new));
    let folder = own.and_then(Path::parent).map(|folder| folder.display().to_string());
    folder.ok_or_else(|| io::Error::other("Debian's package ejabberd does not say where it is"))
}

/// Returns an error that names the Debian package if a server's program is not installed.
fn installed(package: &'static str, program: &str) -> io::Result<()> {
    if ["/usr/bin", "/usr/sbin"].iter().any(|folder| Path::new(folder).join(program).exists()) {
        return Ok(());
    }
    Err(io::Error::other(format!("Debian's package {package} is not installed, so it is not measured")))
}
