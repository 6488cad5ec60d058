//! TLS to a PostgreSQL server: what is checked of its certificate, and what is said about one that is not trusted.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::support::Server;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A PostgreSQL server with TLS, which ends with the test, because its input ends.
struct Postgres {
    url: String,
    _process: (Child, ChildStdin),
    _folder: tempfile::TempDir,
}

impl Postgres {
    /// Starts a server whose certificate is for 127.0.0.1 alone, and writes those of its authority and of another one.
    fn start(authority: &Path, other: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority_of = |path: &Path| {
            let mut params = CertificateParams::new(Vec::new()).expect("parameters");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let key = KeyPair::generate().expect("a key");
            std::fs::write(path, params.self_signed(&key).expect("a certificate").pem()).expect("written");
            Issuer::new(params, key)
        };
        let issuer = authority_of(authority);
        authority_of(other);
        let (key, params) = (KeyPair::generate().expect("a key"), CertificateParams::new(vec!["127.0.0.1".to_owned()]));
        let certificate = params.expect("parameters").signed_by(&key, &issuer).expect("a certificate");
        std::fs::write(folder.path().join("server.crt"), certificate.pem()).expect("written");
        std::fs::write(folder.path().join("server.key"), key.serialize_pem()).expect("written");
        // The port is free again when the server takes it.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let mut child = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/postgres.sh"))
            .arg(port.to_string())
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("xtask/postgres.sh runs");
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url).expect("text");
        assert!(url.starts_with("postgres://postgres@127.0.0.1:"), "{url}");
        Self { url: url.trim().to_owned(), _process: (child, input), _folder: folder }
    }
}

/// The number of a server's sessions that are encrypted, and that of all.
async fn sessions(url: &str) -> (i64, i64) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connected");
    let connection = tokio::spawn(connection);
    let sql = "SELECT count(*) FILTER (WHERE s.ssl), count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
         WHERE a.application_name = 'quintet'";
    let row = client.query_one(sql, &[]).await.expect("a row");
    drop(client);
    connection.await.expect("driven").expect("closed");
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn the_certificate_of_the_server_is_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let (authority, other) = (folder.path().join("authority.pem"), folder.path().join("other.pem"));
    let postgres = Postgres::start(&authority, &other);
    let with = |host: &str, parameters: &str| {
        let url = format!("{}?{parameters}", postgres.url.replace("127.0.0.1", host));
        Server::with().env("QUINTET_DATABASE_URL", &url)
    };
    let root = |path: &Path| format!("sslrootcert={}", path.display());
    let full = |path: &Path| format!("sslmode=verify-full&{}", root(path));
    let plain = format!("{}?sslmode=disable", postgres.url);

    let server = with("127.0.0.1", &full(&authority)).run();
    server.http().register("alice").await;
    let (encrypted, all) = sessions(&plain).await;
    assert!(encrypted == all && all > 1, "{encrypted} of {all}");
    drop(server);

    for (host, parameters, why) in [
        ("127.0.0.1", full(&other), "certificate"),
        ("localhost", full(&authority), "certificate"),
        // The authorities of the operating system do not know this one.
        ("127.0.0.1", "sslmode=verify-full".to_owned(), "certificate"),
        ("127.0.0.1", format!("sslmode=require&{}", root(&other)), "certificate"),
        ("127.0.0.1", full(&folder.path().join("nothing.pem")), "nothing.pem cannot be read"),
    ] {
        let said = with(host, &parameters).fail();
        assert!(said.contains(why) && said.trim().lines().count() == 1, "{host} {parameters}: {said}");
    }
    // Without an authority, the connection is encrypted and whoever answers is believed.
    let server = with("localhost", "sslmode=require").run();
    let (encrypted, all) = sessions(&plain).await;
    assert!(encrypted == all && all > 1, "{encrypted} of {all}");
    drop(server);

    // What the operator's scripts see is the status.
    let url = format!("{}?{}", postgres.url, full(&other));
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.args(["--database", &url, "user", "list", "--data"]).arg(folder.path().join("data"));
    let output = command.output().expect("the command runs");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
}
