//! The client against servers that are slow, huge, silent, gone, or lead elsewhere.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use quintet_outbound::{ANSWER_BYTES_MAX, Answer, Networks, Outbound, OutboundError, Reach, check_url};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that reads one request of each connection, writes an answer, and then keeps the connection open or ends it.
async fn server(answer: Vec<u8>, ends: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answered(stream, answer.clone(), ends));
        }
    });
    address
}

async fn answered(mut stream: TcpStream, answer: Vec<u8>, ends: bool) {
    let mut head = [0; 4_096];
    let _ = stream.read(&mut head).await;
    // A client that has read enough ends the connection.
    let _ = stream.write_all(&answer).await;
    if !ends {
        std::future::pending::<()>().await;
    }
}

fn outbound(allowed: &[&str]) -> Outbound {
    Outbound::new(Networks::parse(allowed.iter().copied()).expect("networks"))
}

async fn post(outbound: &Outbound, reach: Reach, url: &str) -> Result<Answer, OutboundError> {
    outbound.post(reach, url, Default::default(), Bytes::from_static(b"{}"), Duration::from_millis(500)).await
}

#[tokio::test]
async fn an_answer_is_returned_whatever_its_status() {
    let outbound = outbound(&["127.0.0.1"]);
    for status in [200, 204, 404, 500] {
        let address = server(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n").into_bytes(), false).await;
        let answer = post(&outbound, Reach::Guarded, &format!("http://{address}/x")).await.expect("an answer");
        assert_eq!((answer.status, answer.is_success(), answer.cut_off), (status, status < 300, None));
    }
}

#[tokio::test]
async fn addresses_of_the_own_network_are_refused_as_literals_and_after_a_look_up() {
    let address = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec(), false).await;
    let port = address.port();
    let guarded = outbound(&[]);
    for host in ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "0"] {
        let why = post(&guarded, Reach::Guarded, &format!("http://{host}:{port}/")).await.expect_err(host).to_string();
        assert!(why.contains("is not on the public internet"), "{host}: {why}");
        assert_eq!(
            check_url(&format!("http://{host}:{port}/"), guarded.allowed()).is_ok(),
            host == "localhost",
            "{host}"
        );
    }
    for url in [format!("http://127.0.0.1:{port}/"), format!("http://localhost:{port}/")] {
        assert!(post(&guarded, Reach::Trusted, &url).await.is_ok(), "the operator names what it likes");
        assert!(post(&outbound(&["127.0.0.0/8"]), Reach::Guarded, &url).await.is_ok(), "the operator allows it");
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let redirect = b"HTTP/1.1 307 X\r\nlocation: http://169.254.169.254/latest?secret\r\ncontent-length: 0\r\n\r\n";
    let address = server(redirect.to_vec(), false).await;
    let why =
        post(&outbound(&["127.0.0.1"]), Reach::Guarded, &format!("http://{address}/")).await.expect_err("refused");
    let sentence = "127.0.0.1 answered with 307, a redirect to 169.254.169.254, and no redirect is followed.";
    assert_eq!(why.to_string(), sentence);
}

#[tokio::test]
async fn what_is_read_and_waited_for_is_bounded() {
    let outbound = outbound(&["127.0.0.1"]);
    let huge = [b"HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n".to_vec(), vec![b'x'; 9_000_000]].concat();
    let address = server(huge, false).await;
    let answer = post(&outbound, Reach::Guarded, &format!("http://{address}/")).await.expect("an answer");
    assert_eq!((answer.status, answer.body.len()), (200, ANSWER_BYTES_MAX));
    assert_eq!(answer.cut_off.as_deref(), Some("The answer was read up to its first 4096 bytes."));

    let address = server(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec(), false).await;
    let answer = post(&outbound, Reach::Guarded, &format!("http://{address}/")).await.expect("an answer");
    assert_eq!(
        (answer.body.as_ref(), answer.cut_off.as_deref()),
        (&b"abc"[..], Some("The answer did not end within 0.5 s."))
    );

    let address = server(Vec::new(), false).await;
    let why = post(&outbound, Reach::Guarded, &format!("http://{address}/")).await.expect_err("silence");
    assert_eq!(why.to_string(), "127.0.0.1 has not answered within 0.5 s.");

    let address = server(b"no HTTP at all\r\n\r\n".to_vec(), true).await;
    let why = post(&outbound, Reach::Guarded, &format!("http://{address}/path?secret")).await.expect_err("no HTTP");
    assert!(why.to_string().starts_with("127.0.0.1 gave no answer: ") && !why.to_string().contains("secret"), "{why}");

    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let why = post(&outbound, Reach::Guarded, &format!("http://{gone}/")).await.expect_err("nobody");
    assert!(why.to_string().starts_with("127.0.0.1 cannot be connected to: "), "{why}");
}

#[test]
fn what_is_an_address() {
    let none = Networks::default();
    for (url, sentence) in [
        ("example.org", "The address is not a URL: relative URL without a base."),
        ("ftp://example.org/", "The address begins with `ftp:`, and must begin with `https:` or `http:`."),
        ("https://a:b@example.org/", "The address must not have a user or a password."),
    ] {
        assert_eq!(check_url(url, &none).expect_err(url).to_string(), sentence);
    }
    for good in ["https://example.org/hook?x=1", "http://93.184.216.34:8080/"] {
        assert_eq!(check_url(good, &none).as_deref(), Ok(good));
    }
    assert_eq!(check_url(" https://exämple.org/a\0b ", &none).as_deref(), Ok("https://xn--exmple-cua.org/a%00b"));
}
