//! The files of several nodes over one database: all nodes reach them, or there is one node.

use crate::database::TestDatabase;
use crate::support::{Server, Start};

fn on(database: &TestDatabase, shared: bool) -> Start {
    let shared = shared.to_string();
    Server::with().env("QUINTET_DATABASE_URL", &database.url()).env("QUINTET_FILES_SHARED", &shared)
}

#[tokio::test]
async fn nodes_that_cannot_reach_all_files_do_not_start() {
    let database = TestDatabase::new();
    let alone = on(&database, false).run();
    let said = on(&database, false).fail();
    assert!(said.contains("another node uses the database") && said.contains("[files] shared = true"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    let said = on(&database, true).fail();
    assert!(said.contains("with files in a folder of its own"), "{said}");
    // It is killed, and the next one starts at once.
    drop(alone);
    let together = [on(&database, true).run(), on(&database, true).run()];
    let said = on(&database, false).fail();
    assert!(said.contains("it cannot reach files in a folder of this one"), "{said}");
    // The operator's commands write beside them all the same.
    let url = database.url();
    let (done, said) = together[0].run(&["--database", &url, "key", "add", "backend"]);
    assert!(done, "{said}");
}

#[tokio::test]
async fn a_file_of_one_node_is_had_from_the_other() {
    let (database, home) = (TestDatabase::new(), tempfile::tempdir().expect("a folder"));
    let data = home.path().join("data");
    let start = || on(&database, true).run_in(tempfile::tempdir().expect("a folder"), &data);
    let (here, there) = (start(), start());
    let (_, token) = here.http().register("alice").await;
    let file = here.http().upload(&token, "notes.txt", b"the notes").await.expect(201);
    let link = file["url"].as_str().expect("a link");
    let path = &link[link.find("/files/").expect("a path")..];
    assert_eq!(there.http().send_bytes("GET", path, &[]).await.2, b"the notes");
}
