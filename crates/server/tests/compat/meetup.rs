//! A session of a meetup front end.

use serde_json::{Value, json};

use crate::compat::{fields, login, places, text};

const BROADCAST: &str = "_id userId date time location activity requests expiresAt __v chatId";

#[tokio::test]
async fn session() {
    for place in places("meetup") {
        let (mut ada, mut bob) = (place.app(), place.app());
        let register = |name: &str, email: &str| json!({ "name": name, "email": email, "password": "correct horse" });
        let made = ada.post("/auth/register", 200, register("Ada", "ada@example.org")).await;
        fields(&made, "message userId token");
        ada.token = text(&made["token"]);
        // A second user of the same name is not a conflict, because this client has no usernames.
        bob.post("/auth/register", 200, register("Ada", "bob@example.org")).await;
        let session = bob.post("/auth/login", 200, login("bob@example.org")).await;
        place.fields(&session, "token userId");
        bob.token = text(&session["token"]);
        let (ada_id, bob_id) = (text(&made["userId"]), text(&session["userId"]));

        let (mut ada_wire, mut bob_wire) = (place.socket(&ada).await, place.socket(&bob).await);
        assert_eq!(bob_wire.next("connected").await, json!({ "status": "connected", "userId": bob_id }));
        let proposal =
            json!({ "userId": ada_id, "date": "2030-01-05", "time": "18:30", "location": "Park", "activity": "Chess" });
        // With a slash at the end of the path, as this backend documents it.
        let broadcast = ada.post("/broadcasts/", 200, proposal.clone()).await;
        fields(&broadcast, BROADCAST);
        assert_eq!((&broadcast["date"], &broadcast["time"]), (&json!("2030-01-05"), &json!("18:30")));
        assert_eq!((&broadcast["userId"], &broadcast["__v"]), (&json!(ada_id), &json!(0)));
        assert_eq!(bob.get("/broadcasts/").await, json!([broadcast]));
        let join = json!({ "broadcastId": broadcast["_id"] });
        fields(&bob.post("/broadcasts/join", 200, join.clone()).await, "message broadcastId");
        assert_eq!(ada.get("/broadcasts").await[0]["requests"], json!([bob_id]));
        let delivered = ada_wire.next("newNotification").await;
        fields(&delivered, "userId notification");
        assert_eq!(delivered["notification"]["title"], "New Meetup Request");

        // An accepted user stays in the list of requests, and the two can chat.
        let accept = format!("/api/v1/meetups/{}/requests/{bob_id}/accept", text(&broadcast["_id"]));
        ada.http.call(&ada.token, "POST", &accept, Value::Null).await.expect(200);
        assert_eq!(bob.get("/broadcasts").await[0]["requests"], json!([bob_id]));
        let say = json!({ "chatId": broadcast["chatId"], "senderId": bob_id, "message": "I bring the board" });
        let ack = bob_wire.call("sendMessage", &say).await;
        fields(&ack, "status messageId timestamp");
        let received = ada_wire.next("receiveMessage").await;
        assert_eq!(
            (&received["chatId"], &received["message"]["message"]),
            (&broadcast["chatId"], &json!("I bring the board"))
        );
        assert_eq!(received["message"]["messageId"], ack["messageId"]);

        // A repeated request, an unknown broadcast, and another user's name.
        assert!(bob.post("/joinBroadcast", 400, join.clone()).await["message"].is_string());
        assert!(bob.post("/broadcasts/joinBroadcast", 400, join).await["message"].is_string());
        bob.post("/broadcasts/join", 400, json!({})).await;
        fields(&bob.post("/broadcasts/join", 404, json!({ "broadcastId": "nowhere" })).await, "message error code");
        bob.post("/broadcasts", 403, proposal).await;
        let taken = bob.post("/auth/register", 400, register("Ada", "ada@example.org")).await;
        assert!(taken["error"].is_string());
        let wrong = json!({ "email": "ada@example.org", "password": "wrong" });
        // When any client may have asked, the status is the one that all of them understand.
        let status = if place.is_shared { 401 } else { 400 };
        assert!(bob.post("/auth/login", status, wrong).await["error"].is_string());

        // To log out, his client drops the token and the socket.
        drop(bob_wire);
        loop {
            let presence = ada_wire.next("userPresence").await;
            fields(&presence, "userId status lastSeen");
            if (&presence["userId"], &presence["status"]) == (&json!(bob_id), &json!("offline")) {
                break;
            }
        }
        bob.token.clear();
        assert!(bob.call("GET", "/broadcasts", Value::Null).await.expect(401)["message"].is_string());
        bob.token = "bad".to_owned();
        assert!(bob.call("GET", "/broadcasts", Value::Null).await.expect(403)["message"].is_string());
    }
}
