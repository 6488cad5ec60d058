//! Socket.IO 4 and 5 on the wire.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::time::Duration;

use quintet_socketio::Config;
use support::{Ws, calm, field, get, serve};

const V5: &str = "/socket.io/?EIO=4&transport=websocket";
const V4: &str = "/socket.io/?EIO=3&transport=websocket";

/// Opens a WebSocket of Socket.IO 5 and enters the default namespace.
async fn connected() -> Ws {
    let address = serve(calm()).await;
    let (mut ws, _) = Ws::session(address, V5).await;
    ws.send("40").await;
    assert!(ws.text().await.starts_with("40{\"sid\":"));
    assert_eq!(ws.text().await, "42[\"auth\",{}]");
    ws
}

#[tokio::test]
async fn namespaces_are_entered_with_credentials() {
    let address = serve(calm()).await;
    for (connect, accepted, auth) in [
        ("40", "40{\"sid\":\"", "42[\"auth\",{}]"),
        ("40{\"token\":\"123\"}", "40{\"sid\":\"", "42[\"auth\",{\"token\":\"123\"}]"),
        ("40/custom,", "40/custom,{\"sid\":\"", "42/custom,[\"auth\",{}]"),
        ("40/custom,{\"token\":\"abc\"}", "40/custom,{\"sid\":\"", "42/custom,[\"auth\",{\"token\":\"abc\"}]"),
    ] {
        let (mut ws, open) = Ws::session(address, V5).await;
        ws.send(connect).await;
        let answer = ws.text().await;
        assert!(answer.starts_with(accepted), "{answer}");
        assert_ne!(field(&answer, "sid"), field(&open, "sid"), "the public id is not the transport's secret");
        assert_eq!(ws.text().await, auth);
    }
}

#[tokio::test]
async fn an_unknown_namespace_is_refused_and_the_connection_stays() {
    let address = serve(calm()).await;
    let (mut ws, _) = Ws::session(address, V5).await;
    ws.send("40/random").await;
    assert_eq!(ws.text().await, "44/random,{\"message\":\"Invalid namespace\"}");
    ws.send("40/custom,").await;
    assert!(ws.text().await.starts_with("40/custom,{"));
}

#[tokio::test]
async fn two_namespaces_over_one_connection_are_left_one_by_one() {
    let mut ws = connected().await;
    ws.send("40/custom,").await;
    ws.text().await;
    assert_eq!(ws.text().await, "42/custom,[\"auth\",{}]");
    ws.send("41/custom,").await;
    ws.send("42[\"message\",\"still here\"]").await;
    assert_eq!(ws.text().await, "42[\"message-back\",\"still here\"]");
    ws.send("42/custom,[\"message\"]").await;
    assert_eq!(ws.close_code().await, Some(1002), "no client is left to receive it");
}

#[tokio::test]
async fn events_acknowledgements_and_attachments() {
    let mut ws = connected().await;
    ws.send("42[\"message\",1,\"2\",{\"3\":[true]}]").await;
    assert_eq!(ws.text().await, "42[\"message-back\",1,\"2\",{\"3\":[true]}]");
    ws.send("42456[\"message-with-ack\",1,\"2\",{\"3\":[false]}]").await;
    assert_eq!(ws.text().await, "43456[1,\"2\",{\"3\":[false]}]");
    ws.send("452-[\"message\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]").await;
    ws.send_frame(0x82, &[1, 2, 3]).await;
    ws.send_frame(0x82, &[4, 5, 6]).await;
    let back = "452-[\"message-back\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";
    assert_eq!(ws.text().await, back);
    assert_eq!(ws.frame().await, Some((0x82, vec![1, 2, 3])));
    assert_eq!(ws.frame().await, Some((0x82, vec![4, 5, 6])));
    ws.send("451-789[\"message-with-ack\",{\"_placeholder\":true,\"num\":0}]").await;
    ws.send_frame(0x82, &[7]).await;
    assert_eq!(ws.text().await, "461-789[{\"_placeholder\":true,\"num\":0}]");
    assert_eq!(ws.frame().await, Some((0x82, vec![7])));
}

/// A client that is told to send no bytes over a WebSocket.
#[tokio::test]
async fn attachments_as_base64() {
    const ASK: &str = "451-789[\"message-with-ack\",{\"_placeholder\":true,\"num\":0}]";
    const ANSWER: &str = "461-789[{\"_placeholder\":true,\"num\":0}]";
    let address = serve(calm()).await;
    for (revision, sent) in [(4, "bBwgJ"), (3, "b4BwgJ")] {
        let (mut ws, _) = Ws::session(address, &format!("/socket.io/?EIO={revision}&transport=websocket&b64=1")).await;
        if revision == 4 {
            ws.send("40").await;
        }
        assert!(ws.text().await.starts_with("40"));
        assert_eq!(ws.text().await, "42[\"auth\",{}]");
        ws.send(ASK).await;
        ws.send(sent).await;
        assert_eq!((ws.text().await.as_str(), ws.text().await.as_str()), (ANSWER, sent));
        // Larger than an event may be.
        let large = format!("{}{}", &sent[..sent.len() - 4], "AAAA".repeat(50_000));
        ws.send(ASK).await;
        ws.send(&large).await;
        assert_eq!(ws.text().await, ANSWER);
        assert!(ws.text().await == large);
        ws.send(sent).await;
        assert_eq!(ws.close_code().await, Some(1002), "no attachment is expected");
    }
}

#[tokio::test]
async fn half_a_surrogate_pair_is_read_as_the_replacement_character() {
    let mut ws = connected().await;
    for (sent, back) in [
        (r#"["message","party \ud83c"]"#, r#"["message-back","party \ufffd"]"#),
        (r#"["message",{"\udf89":"\ud83c\udf89"}]"#, r#"["message-back",{"\ufffd":"\ud83c\udf89"}]"#),
        (r#"["message","\\ud83c"]"#, r#"["message-back","\\ud83c"]"#),
    ] {
        ws.send(&format!("42{sent}")).await;
        assert_eq!(ws.text().await, format!("42{back}"));
    }
    let (mut ws, _) = Ws::session(serve(calm()).await, V5).await;
    ws.send(r#"40{"name":"\ud83c","\ud83c":1}"#).await;
    assert!(ws.text().await.starts_with("40{"));
    assert_eq!(ws.text().await, r#"42["auth",{"name":"\ufffd","\ufffd":1}]"#);
}

#[tokio::test]
async fn an_invalid_packet_closes_the_connection() {
    for packet in ["4abc", "42{}", "42abc[\"message\",1]", "40", "42[\"connect\"]", "43", "48", "45-[\"a\"]", "42[]"] {
        let mut ws = connected().await;
        ws.send(packet).await;
        assert_eq!(ws.close_code().await, Some(1002), "{packet}");
    }
    let mut ws = connected().await;
    ws.send("451-[\"a\"]").await;
    ws.send("42[\"message\",\"instead of the attachment\"]").await;
    assert_eq!(ws.close_code().await, Some(1002));
    let address = serve(calm()).await;
    let (mut ws, _) = Ws::session(address, V5).await;
    ws.send("42[\"message\",\"before CONNECT\"]").await;
    assert_eq!(ws.close_code().await, Some(1002));
}

#[tokio::test]
async fn a_connection_that_never_connects_is_closed() {
    let address = serve(Config { connect_timeout: Duration::from_millis(100), ..calm() }).await;
    let (mut ws, _) = Ws::session(address, V5).await;
    assert_eq!(ws.close_code().await, Some(1000));
}

#[tokio::test]
async fn the_server_waits_for_an_acknowledgement_up_to_its_timeout() {
    let mut ws = connected().await;
    ws.send("42[\"ask-me\"]").await;
    assert_eq!(ws.text().await, "421[\"question\",42]");
    ws.send("431[\"yes\",7]").await;
    assert_eq!(ws.text().await, "42[\"answered\",[\"yes\",7]]");
    ws.send("42[\"ask-me\"]").await;
    assert_eq!(ws.text().await, "422[\"question\",42]");
    assert_eq!(ws.text().await, "42[\"unanswered\",\"the client did not answer in time\"]");
    ws.send("432[\"too late\"]").await;
    ws.send("4399[\"never asked\"]").await;
    ws.send("42[\"message\",\"and nothing is broken\"]").await;
    assert_eq!(ws.text().await, "42[\"message-back\",\"and nothing is broken\"]");
}

#[tokio::test]
async fn a_client_of_revision_4_is_in_the_default_namespace_without_asking() {
    let address = serve(calm()).await;
    let (mut ws, _) = Ws::session(address, V4).await;
    assert_eq!(ws.text().await, "40");
    assert_eq!(ws.text().await, "42[\"auth\",{}]");
    ws.send("42[\"message\",1]").await;
    assert_eq!(ws.text().await, "42[\"message-back\",1]");
    ws.send("40/custom?token=a%20b&n=1,").await;
    assert_eq!(ws.text().await, "40/custom,");
    assert_eq!(ws.text().await, "42/custom,[\"auth\",{\"token\":\"a b\",\"n\":\"1\"}]");
    ws.send("40/random").await;
    assert_eq!(ws.text().await, "44/random,\"Invalid namespace\"");
    ws.send("451-[\"message\",{\"_placeholder\":true,\"num\":0}]").await;
    ws.send_frame(0x82, &[4, 9, 8]).await;
    assert_eq!(ws.text().await, "451-[\"message-back\",{\"_placeholder\":true,\"num\":0}]");
    assert_eq!(ws.frame().await, Some((0x82, vec![4, 9, 8])));
    let polled = get(address, "/socket.io/?EIO=3&transport=polling&b64=1").await;
    assert_eq!(polled.status, 200);
}
