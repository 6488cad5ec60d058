//! Roles on the whole server: who can have one, how long it lasts, and what it says in conversations, for each store.

use quintet_domain::{
    AddService, AdoptUser, ChangeProfile, Claims, ConversationKind, JoinConversation, Login, NewUser, Profile,
    ProfileChange, Refusal, RegisterUser, RemoveMember, RevokeTokens, Scopes, ServerRole, SetDisabled, SetPassword,
    SetServerRole, UserId,
};
use quintet_store::Party;

use crate::support::{Bench, actor, every_store};

every_store!(
    only_people_have_a_role,
    a_role_lasts_until_it_is_taken_away,
    a_role_goes_with_the_person,
    a_role_gives_no_rights_in_conversations,
);

async fn set(bench: &Bench, user: &UserId, role: ServerRole) -> Result<(), Refusal> {
    bench.write(SetServerRole { user: user.clone(), role }).await
}

async fn role(bench: &Bench, user: &UserId) -> Option<ServerRole> {
    let account = bench.store.account(Party::Server, user.clone()).await.expect("read");
    account.map(|account| account.server_role)
}

async fn only_people_have_a_role(bench: Bench) {
    let owner = bench.user("owner").await;
    let room = bench.conversation(&owner, ConversationKind::Room, true, &[]).await;
    let guest = UserId::trusted("guest-1");
    let (profile, conversation) = (Profile::default(), room);
    bench.write(JoinConversation { actor: actor(&guest), conversation, profile, history: false }).await.expect("in");
    let add = AddService { name: "shop".into(), hash: "hash".into(), scopes: Scopes::all() };
    let shop = bench.write(add).await.expect("a service").user.id.clone();
    let gone = bench.user("gone").await;
    bench.erase(&gone).await;
    let no_person = Refusal::forbidden("Only people with an account have a role on the whole server.");
    for user in [&guest, &shop, &gone, &UserId::trusted("nobody")] {
        let is_known = [&guest, &shop].contains(&user);
        let expected = if is_known { no_person.clone() } else { Refusal::not_found("user", user) };
        for given in ServerRole::ALL {
            assert_eq!(set(&bench, user, given).await, Err(expected.clone()), "{user} {given:?}");
        }
        assert!(matches!(role(&bench, user).await, None | Some(ServerRole::User)), "{user}");
    }
    for given in ServerRole::ALL {
        set(&bench, &owner, given).await.expect("a person");
        assert_eq!(role(&bench, &owner).await, Some(given));
    }
}

async fn a_role_lasts_until_it_is_taken_away(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    set(&bench, &a, ServerRole::Moderator).await.expect("a moderator");
    set(&bench, &b, ServerRole::Admin).await.expect("an admin");
    let change = ProfileChange { name: Some("Another".into()), ..ProfileChange::default() };
    bench.write(ChangeProfile { user: a.clone(), change }).await.expect("changed");
    bench.write(SetPassword { user: a.clone(), hash: "hash".into() }).await.expect("set");
    bench.write(RevokeTokens { user: a.clone() }).await.expect("revoked");
    for disabled in [true, false] {
        bench.write(SetDisabled { user: a.clone(), disabled }).await.expect("set");
    }
    // Every read of the account has it, by whichever way it is found.
    let known = bench.store.account_by_login(Party::Server, Login::Username("a".into())).await.expect("read");
    assert_eq!(known.map(|account| account.server_role), Some(ServerRole::Moderator));
    let listed = bench.store.accounts().await.expect("read");
    let roles: Vec<_> = listed.iter().map(|account| (account.user.id.clone(), account.server_role)).collect();
    assert_eq!(roles, [(a.clone(), ServerRole::Moderator), (b.clone(), ServerRole::Admin)]);
    let state = bench.store.user_state(Party::Server, a.clone(), None).await.expect("read");
    assert_eq!(state.account.map(|account| account.server_role), Some(ServerRole::Moderator));
    set(&bench, &a, ServerRole::User).await.expect("taken away");
    assert_eq!((role(&bench, &a).await, role(&bench, &b).await), (Some(ServerRole::User), Some(ServerRole::Admin)));
}

async fn a_role_goes_with_the_person(bench: Bench) {
    let a = bench.user("a").await;
    set(&bench, &a, ServerRole::Admin).await.expect("an admin");
    bench.erase(&a).await;
    assert!(matches!(role(&bench, &a).await, None | Some(ServerRole::User)));
    // Whoever has the name next is somebody else, and a token of another issuer does not bring the person back.
    let new = NewUser { username: "a".into(), ..NewUser::default() };
    let next = bench.write(RegisterUser { new }).await.expect("registered");
    assert_eq!((next.server_role, next.user.id == a), (ServerRole::User, false));
    let claims = Claims { id: a, username: None, name: None, email: None, email_verified: false, avatar: None };
    let found = bench.write(AdoptUser { claims }).await.expect("the row of who was erased");
    assert_eq!((found.disabled, found.server_role), (true, ServerRole::User));
}

async fn a_role_gives_no_rights_in_conversations(bench: Bench) {
    let (a, b, admin) = (bench.user("a").await, bench.user("b").await, bench.user("admin").await);
    set(&bench, &admin, ServerRole::Admin).await.expect("an admin");
    let closed = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let unseen = Refusal::not_found("conversation", &closed);
    let read = bench.store.conversation(admin.clone(), closed.clone()).await;
    assert_eq!(read.map(|_| ()).map_err(Refusal::from), Err(unseen.clone()));
    assert_eq!(bench.send(&admin, &closed, "hello").await.map(|_| ()), Err(unseen.clone()));
    let remove = RemoveMember { actor: actor(&admin), conversation: closed, user: b, reason: None };
    assert_eq!(bench.write(remove).await.map(|_| ()), Err(unseen));
}
