//! How a client speaks to the server: long polling, as the official client does it, over and over.
//!
//! What must stay true: one poll and one post at a time; whatever is lost ends the connection, and the client comes back
//! a little later.

use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use http::Method;
use serde_json::json;

use super::hearing::{self, Heard};
use super::{Client, Connection};
use crate::network::{Answer, Lost, Wire};
use crate::packets::SEPARATOR;

/// Milliseconds after which a client comes back, at most.
const BACK_MS: u64 = 600;
/// Returns of a thousand for which a client connects twice at once.
const TWICE: u64 = 120;

/// A request that is under way.
type Exchange = Pin<Box<dyn Future<Output = Result<Answer, Lost>>>>;

/// Connects a client whenever it wants to be, for as long as the server lives.
pub(crate) async fn run(client: Rc<Client>, wire: Wire) {
    loop {
        let wanted = client.wanted.notified();
        if !client.state.borrow().wanted {
            wanted.await;
            continue;
        }
        client.leaving.set(false);
        client.state.borrow_mut().connection = Some(Connection::default());
        let _ = connect(&client, &wire.to_any_node()).await;
        client.lose(&wire.sim);
        tokio::time::sleep(Duration::from_millis(wire.sim.network.below(BACK_MS))).await;
    }
}

fn exchange(wire: &Wire, method: Method, sid: &str, body: String) -> Exchange {
    let (wire, query) = (wire.clone(), format!("&sid={sid}"));
    Box::pin(async move { wire.exchange(method, &query, body).await })
}

/// The packet by which a client enters.
fn enter(client: &Client) -> String {
    let state = client.state.borrow();
    let mut auth = json!({ "userId": client.user.as_str(), "recover": true });
    if let Some(dialect) = client.dialect {
        auth["dialect"] = dialect.as_str().into();
    }
    if let Some((pid, _)) = &state.resume {
        auth["pid"] = pid.as_str().into();
        if let Some(offset) = &state.offset {
            auth["offset"] = offset.as_str().into();
        }
    }
    format!("40{auth}")
}

/// Connects with the secret that the client has, as it does in an attempt that it gives up although it reaches the server.
/// Nobody polls that connection, and it may be the newest one of its session nevertheless.
async fn connect_and_abandon(wire: Wire, packet: String) -> Result<(), Lost> {
    let opened = wire.exchange(Method::GET, "", String::new()).await?;
    wire.exchange(Method::POST, &format!("&sid={}", session_id(&opened)?), packet).await.map(drop)
}

/// The id of the session that an answer opens.
fn session_id(opened: &Answer) -> Result<String, Lost> {
    let open: serde_json::Value =
        opened.body.strip_prefix('0').and_then(|text| serde_json::from_str(text).ok()).ok_or(Lost)?;
    open.get("sid").and_then(serde_json::Value::as_str).map(str::to_owned).ok_or(Lost)
}

/// Opens a connection and keeps it until it ends.
async fn connect(client: &Rc<Client>, wire: &Wire) -> Result<(), Lost> {
    let resumes = client.state.borrow().resume.is_some();
    if resumes && !wire.sim.is_calm() && wire.sim.abandoned.per_mille(TWICE) {
        wire.sim.note(format!("{} connects twice", client.name()));
        wire.sim.count("connections abandoned");
        let abandoned = Wire { is_abandoned: true, ..wire.clone() }.to_any_node();
        tokio::task::spawn_local(connect_and_abandon(abandoned, enter(client)));
    }
    let opened = wire.exchange(Method::GET, "", String::new()).await?;
    let sid = session_id(&opened)?;
    let mut poll = exchange(wire, Method::GET, &sid, String::new());
    let mut post = Some(exchange(wire, Method::POST, &sid, enter(client)));
    loop {
        if post.is_none() {
            post = next_post(client).map(|body| exchange(wire, Method::POST, &sid, body));
        }
        if post.is_none() && client.leaving.get() {
            return Ok(());
        }
        tokio::select! {
            biased;
            () = client.vanishing.notified() => return Ok(()),
            answer = &mut poll => {
                let answer = answer?;
                for text in answer.body.split(SEPARATOR) {
                    match hearing::hear(client, &wire.sim, text, answer.given) {
                        Heard::Nothing => {}
                        Heard::Ping => push(client, "3".to_owned()),
                        Heard::End => return Ok(()),
                    }
                }
                poll = exchange(wire, Method::GET, &sid, String::new());
            }
            answer = done(&mut post), if post.is_some() => {
                answer?;
                post = None;
            }
            () = client.outgoing.notified() => {}
        }
    }
}

async fn done(post: &mut Option<Exchange>) -> Result<Answer, Lost> {
    match post {
        Some(post) => post.await,
        None => std::future::pending().await,
    }
}

fn push(client: &Client, packet: String) {
    if let Some(connection) = &mut client.state.borrow_mut().connection {
        connection.outgoing.push_back(packet);
    }
}

/// Everything that is to be sent, as one payload; none where there is nothing.
fn next_post(client: &Client) -> Option<String> {
    let mut state = client.state.borrow_mut();
    let connection = state.connection.as_mut()?;
    let packets: Vec<String> = connection.outgoing.drain(..).collect();
    (!packets.is_empty()).then(|| packets.join(&SEPARATOR.to_string()))
}
