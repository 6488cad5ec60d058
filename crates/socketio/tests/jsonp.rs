//! JSONP polling on the wire, as clients of socket.io 2.x do it: polls are scripts, and POSTs are forms.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::net::SocketAddr;

use quintet_socketio::{Config, Origins};
use support::{Answer, calm, field, get, request, serve};

const JSONP: &str = "/engine.io/?EIO=3&transport=polling&b64=1&j=7";

/// Submits a form whose field `d` has this value, which is form-encoded.
async fn submit(address: SocketAddr, target: &str, value: &str) -> Answer {
    let form = &["Content-Type: application/x-www-form-urlencoded"];
    request(address, "POST", target, form, format!("d={value}").as_bytes()).await
}

/// Opens a session and returns the target of its requests.
async fn session(address: SocketAddr) -> String {
    let open = get(address, JSONP).await;
    format!("{JSONP}&sid={}", field(&open.text().replace('\\', ""), "sid"))
}

#[tokio::test]
async fn a_poll_is_a_script() {
    let address = serve(calm()).await;
    let open = get(address, JSONP).await;
    assert!(open.head.contains("content-type: text/javascript; charset=utf-8"), "{}", open.head);
    assert!(open.text().starts_with("___eio[7](\"") && open.text().ends_with("}\");"), "{}", open.text());
    let target = session(address).await;
    for (form, script) in [
        ("6%3A4hello", r#"___eio[7]("6:4hello");"#),
        ("3%3A4%22%5C", r#"___eio[7]("3:4\"\\");"#),
        ("3%3A4%E2%80%A8%E2%80%A9", r#"___eio[7]("3:4\u2028\u2029");"#),
        ("4%3A4a+%2B", r#"___eio[7]("4:4a +");"#),
        // A line end, and the two characters of an escape.
        ("4%3A4a%5Cnb", r#"___eio[7]("4:4a\nb");"#),
        ("5%3A4a%5C%5Cnb", r#"___eio[7]("5:4a\\nb");"#),
        ("10%3Ab4AQIDBA%3D%3D", r#"___eio[7]("10:b4AQIDBA==");"#),
        ("3%3A4%F0%9F%98%80", "___eio[7](\"3:4\u{1f600}\");"),
    ] {
        let posted = submit(address, &target, form).await;
        assert_eq!((posted.status, posted.text()), (200, "ok"), "{form}");
        assert!(posted.head.contains("content-type: text/html"), "{}", posted.head);
        assert!(posted.head.contains("frame-ancestors *"), "it is shown in a frame of the page: {}", posted.head);
        assert_eq!(get(address, &target).await.text(), script, "{form}");
    }
    let large = format!("9001%3A4{}", "x".repeat(9_000));
    assert_eq!(submit(address, &target, &large).await.text(), "ok");
    let polled = request(address, "GET", &target, &["Accept-Encoding: gzip"], b"").await;
    assert!(polled.head.contains("content-encoding: gzip"), "{}", polled.head);
    // A form that says nothing is no error, and a malformed payload is one, as with official servers.
    let empty = request(address, "POST", &target, &[], b"e=1").await;
    assert_eq!((empty.status, empty.text()), (200, "ok"));
    assert_eq!(submit(address, &target, "6%3A4hell").await.status, 400);
}

#[tokio::test]
async fn nothing_of_the_request_becomes_part_of_the_script() {
    let address = serve(calm()).await;
    let open = get(address, "/engine.io/?EIO=3&transport=polling&j=1%5D(alert(2))%3B%2F%2F").await;
    assert!(open.text().starts_with("___eio[12](\""), "{}", open.text());
    let open = get(address, "/engine.io/?EIO=4&transport=polling&j=0").await;
    assert!(open.text().starts_with("___eio[0](\"0{"), "revision 4 has no clients that ask for it: {}", open.text());
}

/// A script is asked for without an `Origin`, so that a page of any origin could open a session by one.
#[tokio::test]
async fn the_page_of_a_script_needs_a_listed_origin() {
    let origins = Origins::Listed(vec!["https://page.example".parse().expect("an origin")]);
    let address = serve(Config { origins, ..calm() }).await;
    for (header, status) in [
        ("Referer: https://page.example/chat?x", 200),
        ("Referer: https://page.example.evil/", 403),
        ("Referer: https://other.example/https://page.example", 403),
        ("X-Nothing: 1", 403),
        ("Origin: https://page.example", 200),
        ("Origin: https://other.example", 403),
    ] {
        assert_eq!(request(address, "GET", JSONP, &[header], b"").await.status, status, "{header}");
    }
    let own = format!("Referer: http://{address}/");
    assert_eq!(request(address, "GET", JSONP, &[&own], b"").await.status, 200);
}
