//! A session of a messenger front end.

use serde_json::{Value, json};

use crate::compat::{contents, fields, login, places, text};

const MESSAGE: &str = "_id id sender recipient group content isRead createdAt updatedAt type sequence";
const GROUP: &str = "_id name description creator memberCount isMember createdAt";
const ACCOUNT: &str = "id _id firstName lastName email country avatar role createdAt";

#[tokio::test]
async fn session() {
    for place in places("messenger") {
        let (mut ada, mut bob) = (place.app(), place.app());
        let mut ids = Vec::new();
        // A first name of two words stays one name.
        for (app, first, email) in [(&mut ada, "Ada Mary", "ada@example.org"), (&mut bob, "Bob", "bob@example.org")] {
            let up = json!({ "firstName": first, "lastName": "Example", "email": email, "country": "Norway", "password": "correct horse" });
            let made = app.post("/auth/signup", 201, up).await;
            fields(&made, "message userId");
            let session = app.post("/auth/login", 200, login(email)).await;
            place.fields(&session, "message token user");
            place.fields(&session["user"], ACCOUNT);
            assert_eq!((&session["user"]["firstName"], &session["user"]["id"]), (&json!(first), &made["userId"]));
            assert_eq!((&session["user"]["lastName"], &session["user"]["role"]), (&json!("Example"), &json!("user")));
            app.token = text(&session["token"]);
            ids.push(text(&made["userId"]));
        }
        let profile = ada.get("/users/profile").await;
        fields(&profile, ACCOUNT);
        assert_eq!(profile["country"], "Norway");
        let people = ada.get("/users").await;
        assert_eq!(people, json!([{ "_id": ids[1], "firstName": "Bob", "lastName": "Example", "email": "" }]));
        let (with_bob, with_ada) = (format!("/users/{}/messages", ids[1]), format!("/users/{}/messages", ids[0]));
        assert_eq!(ada.get(&with_bob).await, json!([]));

        // Sent over HTTP and received over the socket, and the other way round.
        let (mut wire, mut ada_wire) = (place.socket(&bob).await, place.socket(&ada).await);
        let sent = ada.post(&with_bob, 201, json!({ "content": "hello" })).await;
        fields(&sent, MESSAGE);
        fields(&sent["sender"], "_id id username firstName lastName avatar");
        assert_eq!((&sent["recipient"], &sent["group"]), (&json!(ids[1]), &Value::Null));
        assert_eq!(wire.next("privateMessage").await, sent);
        assert_eq!(ada.get("/users").await[0]["email"], "", "his address is his alone, whatever they share");
        wire.call("privateMessage", &json!({ "recipientId": ids[0], "content": "hello yourself" })).await;
        assert_eq!(ada_wire.next("privateMessage").await["content"], "hello yourself");
        // Reading the list marks the messages as read.
        assert_eq!(contents(&bob.get(&with_ada).await), ["hello", "hello yourself"]);
        assert_eq!(ada_wire.next("messagesSeen").await["messageIds"], json!([sent["_id"]]));
        let again = bob.get(&with_ada).await;
        assert_eq!((&again[0]["isRead"], &again[1]["isRead"]), (&json!(true), &json!(false)));

        let group = ada.post("/groups", 201, json!({ "name": "Hikers", "description": "We walk." })).await;
        fields(&group, "message group");
        fields(&group["group"], &format!("{GROUP} members"));
        let id = text(&group["group"]["_id"]);
        let seen_by_bob = bob.get("/groups").await;
        fields(&seen_by_bob[0], GROUP);
        assert_eq!((&seen_by_bob[0]["isMember"], &seen_by_bob[0]["description"]), (&json!(false), &json!("We walk.")));
        let before_joining = bob.get(&format!("/groups/{id}")).await;
        fields(&before_joining, &format!("{GROUP} members"));
        assert_eq!((&before_joining["memberCount"], &before_joining["members"]), (&json!(1), &json!([])));
        fields(&bob.post(&format!("/groups/{id}/join"), 200, json!({})).await, "message");
        let up = ada.post(&format!("/groups/{id}/messages"), 201, json!({ "content": "up?" })).await;
        fields(&up, MESSAGE);
        assert_eq!((wire.next("groupMessage").await, &up["group"]), (up.clone(), &json!(id)));
        wire.call("groupMessage", &json!({ "groupId": id, "content": "up!" })).await;
        assert_eq!(contents(&ada.get(&format!("/groups/{id}/messages")).await), ["up?", "up!"]);
        let link = json!({ "fileUrl": "https://example.org/map.pdf", "fileName": "map.pdf", "type": "file" });
        let file = bob.post(&format!("/groups/{id}/messages"), 201, link).await;
        assert_eq!((&file["fileUrl"], &file["fileName"]), (&json!("https://example.org/map.pdf"), &json!("map.pdf")));
        let members = &bob.get(&format!("/groups/{id}")).await["members"];
        assert_eq!(members[1], json!({ "_id": ids[1], "firstName": "Bob", "lastName": "Example" }));
        bob.post(&format!("/groups/{id}/leave"), 200, json!({})).await;
        assert_eq!(bob.get("/groups").await[0]["memberCount"], 1);

        let profile = ada.put("/users/profile", 200, json!({ "lastName": "Lovelace King" })).await;
        fields(&profile, "message user");
        let user = &profile["user"];
        assert_eq!((&user["firstName"], &user["lastName"]), (&json!("Ada Mary"), &json!("Lovelace King")));
        let change = json!({ "currentPassword": "correct horse", "newPassword": "battery staple" });
        ada.token = text(&ada.put("/users/change-password", 200, change).await["token"]);
        ada.get("/users/profile").await;

        // The new password closed her connection, like a log-out.
        assert_eq!(wire.next("userOffline").await, json!(ids[0]));
        ada.token.clear();
        place.fields(&ada.call("GET", "/users", Value::Null).await.expect(401), "message code");
        let invalid = bob.post("/auth/signup", 400, json!({ "firstName": "X" })).await;
        fields(&invalid, "message errors code");
        assert!(invalid["errors"].as_array().is_some_and(|errors| errors.len() == 1), "{invalid}");
        let unknown = bob.post("/auth/login", 401, json!({ "email": "x@example.org", "password": "x" })).await;
        place.fields(&unknown, "message code");
    }
}
