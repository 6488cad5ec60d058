//! Ids, headers and tables that lead a request astray.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::Mac;
use tokio::io::AsyncWriteExt;

use crate::database::TestDatabase;
use crate::hop::played::{Played, keyed, session_of};
use crate::hop::{OPEN, SECRET, count, internal, is_unknown, node, opened, two};
use crate::support::Http;

#[tokio::test]
async fn forged_ids_and_headers_lead_nowhere() {
    let database = TestDatabase::new();
    let (here, there) = two(|| node(&database)).await;
    let own = opened(&here.http().send("GET", OPEN, &[], "").await);
    let before = (count(&there, "answered").await, count(&there, "gone").await);
    let id = own.rsplit_once('=').expect("an id").1;
    assert_eq!(id.len(), 52);
    let another = session_of(1, "another secret of 32 bytes or more");
    for forged in [another.as_str(), &id[..48], &format!("A{}", &id[1..]), &format!("{}A", &id[..51]), "x", ""] {
        if forged != id {
            let answer = there.http().send("POST", &format!("{OPEN}&sid={forged}"), &[], "3").await;
            assert!(is_unknown(&answer), "{forged}: {}", answer.text);
        }
    }
    assert_eq!((count(&there, "answered").await, count(&there, "gone").await), before, "nobody was asked");
    // An id that names a node which nobody knows.
    let nobody = format!("{OPEN}&sid={}", session_of(4_711, SECRET));
    assert!(is_unknown(&there.http().send("POST", &nobody, &[], "3").await));
    assert_eq!((count(&there, "answered").await, count(&there, "gone").await), (before.0, before.1 + 1));

    // What a client writes into the header is not passed on, and not read.
    let played = Played::start(&database, 7).await;
    let forged = ("X-Quintet-Introduction", "9.9.9.9:9 0.0.0.0:3000=auto,trust https AAAA");
    let sent = [forged, forged, ("connection", "x-private"), ("x-private", "1"), ("host", "chat.example")];
    let (mut asked, answer) = played.asked(&there, &sent).await;
    let [introduction] = asked.header("x-quintet-introduction")[..] else { panic!("{}", asked.text) };
    assert!(introduction.starts_with("127.0.0.1:") && !introduction.contains("trust"), "{introduction}");
    assert_eq!(asked.header("host"), ["chat.example"]);
    assert_eq!(asked.header("x-private"), [""; 0]);
    assert!(asked.text.starts_with(&format!("POST {} HTTP/1.1\r\n", played.path)), "{}", asked.text);
    let introduction = introduction.to_owned();
    asked.stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await.expect("written");
    assert_eq!(answer.await.expect("no panic").text, "hello");

    // The listener for other nodes takes nothing without an introduction, and no introduction to another node.
    for server in [&here, &there] {
        let http = Http::new(internal(server));
        for headers in [&[][..], &[forged], &[("x-quintet-introduction", introduction.as_str())]] {
            for path in [OPEN, &own, &played.path, "/api/v1/me", "/"] {
                let answer = http.send("POST", path, headers, "3").await;
                assert_eq!(answer.status, 403, "{path}: {}", answer.text);
            }
        }
    }
}

/// A table that leads in a circle is followed for one step.
#[tokio::test]
async fn a_request_is_passed_on_once() {
    let database = TestDatabase::new();
    let (here, there) = two(|| node(&database)).await;
    for (number, server) in [(7, &here), (8, &there)] {
        let address = internal(server);
        database.run(&format!("INSERT INTO node VALUES ({number}, 'http://{address}', now() + interval '1 hour')"));
        let path = format!("{OPEN}&sid={}", session_of(number, SECRET));
        let answer = there.http().send("POST", &path, &[], "3").await;
        // It was introduced to a node that is not there.
        assert!(is_unknown(&answer), "{}", answer.text);
        assert_eq!(count(&here, "answered").await, 1, "the one by which it learnt of the other node");
    }
    // Even an introduction to the right node leads to its engine, and nowhere else.
    let node = database
        .number(&format!("SELECT id FROM node WHERE address = 'http://{}' AND id NOT IN (7, 8)", internal(&here)));
    let other = database
        .number(&format!("SELECT id FROM node WHERE address = 'http://{}' AND id NOT IN (7, 8)", internal(&there)));
    let path = format!("{OPEN}&sid={}", session_of(other.cast_unsigned(), SECRET));
    let said = "127.0.0.1:9 127.0.0.1:3000=auto http";
    let mut mac = keyed(SECRET, b"quintet request\0");
    mac.update(&node.cast_unsigned().to_be_bytes());
    for part in ["POST", &path, said] {
        mac.update(part.as_bytes());
        mac.update(b"\0");
    }
    let introduction = format!("{said} {}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    let answer =
        Http::new(internal(&here)).send("POST", &path, &[("x-quintet-introduction", &introduction)], "3").await;
    assert!(is_unknown(&answer), "{}", answer.text);
    assert_eq!(count(&here, "answered").await, 1);
}
