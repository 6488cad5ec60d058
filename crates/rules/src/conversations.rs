//! Rules that create, change and delete conversations.
//!
//! What must stay true: a pair of users has at most one direct conversation; a conversation that is deleted has no
//! members.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::limits::{MEMBERS_MAX, OWNED_MAX, TOLD_EACH_MAX};
use quintet_domain::permissions::Action;
use quintet_domain::{
    Act, Actor, ChangeConversation, Contact, ConversationId, ConversationKind, ConversationRef, CreateConversation,
    Created, DeleteConversation, Metadata, Moderation, Overview, OwnRetention, Refusal, Role, UserId,
};

use crate::ledger::Cost;
use crate::log::Change;
use crate::members::{self, actor_with_profile};
use crate::rows::{AuditRow, ConversationHead, ConversationRow, MemberRow, UserRow};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{
    ConversationKey, RuleResult, UserKey, acceptance, audit, blocks, contact, guest_proof, overviews, pictures, reach,
    restrictions,
};

/// Finds or creates the direct conversation of two users. Returns it, and whether it is new.
pub(crate) fn direct(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    user: &ActingUser,
    other: &UserId,
) -> RuleResult<(ConversationRow, bool)> {
    let other = addressee(tx, user, other)?;
    let (first, second) = if user.key <= other.key { (&*user.row, &*other) } else { (&*other, &*user.row) };
    if let Some(mut found) = tx.direct_conversation((first.key, second.key))? {
        // Whoever writes to somebody who has asked it accepts.
        if found.head.member_count == 1 && tx.member(found.key, user.key)?.is_none() {
            acceptance::enter(tx, &mut found, user)?;
        }
        return Ok((found, false));
    }
    may_begin(tx, user, &other)?;
    reach::begin_direct(tx, user, &other)?;
    let is_stranger = contact::is_stranger(tx, user, &other)?;
    let reference = ConversationRef {
        id: ConversationId::trusted(&tx.new_id()),
        kind: ConversationKind::Direct,
        name: None,
        pair: Some(Box::new([first.user.id.clone(), second.user.id.clone()])),
    };
    let row = ConversationRow { pair: Some((first.key, second.key)), ..new_row(tx, reference, false, None) };
    let mut conversation = tx.insert_conversation(row)?;
    // It is the conversation of the one who asks alone until the other accepts.
    let keys = if is_stranger { vec![user.key] } else { vec![first.key, second.key] };
    for member in keys {
        members::insert_row(tx, &mut conversation, member, Role::Member, 0)?;
    }
    let mut members = vec![user.user.id.clone()];
    if is_stranger {
        blocks::note_hidden(tx, user.key)?;
    } else {
        members.push(other.user.id.clone());
    }
    let overview = overviews::of(tx, &conversation)?;
    record_created(tx, actor, user, (&conversation, overview), members)?;
    Ok((conversation, true))
}

/// The other user of a direct conversation that somebody wants to write to.
fn addressee(tx: &mut Transaction<'_>, user: &ActingUser, other: &UserId) -> RuleResult<Arc<UserRow>> {
    if user.user.is_guest() {
        return Err(Refusal::unauthenticated("direct messages need an account").into());
    }
    if *other == user.user.id {
        return Err(Refusal::invalid("recipientId", "must be another user").into());
    }
    tx.registered(other)
}

/// Refuses a user to begin a direct conversation.
fn may_begin(tx: &mut Transaction<'_>, user: &ActingUser, other: &UserRow) -> RuleResult<()> {
    blocks::may_begin(tx, user, other)?;
    reach::may_begin(tx, user, other)
}

/// The user whom a message reaches that begins a direct conversation. Refuses a message that [`direct`] would refuse, or one
/// that would ask a user who has too much to decide, and changes nothing.
pub(crate) fn would_reach(tx: &mut Transaction<'_>, user: &ActingUser, other: &UserId) -> RuleResult<Arc<UserRow>> {
    let other = addressee(tx, user, other)?;
    if tx.direct_conversation((user.key.min(other.key), user.key.max(other.key)))?.is_none() {
        may_begin(tx, user, &other)?;
        if contact::is_stranger(tx, user, &other)? {
            contact::may_ask(tx, &other)?;
        }
    }
    Ok(other)
}

/// Finds the direct conversation of two users, if they have one of which the first is a member. The other one may have been
/// disabled since.
pub(crate) fn existing_direct(
    tx: &mut Transaction<'_>,
    user: &ActingUser,
    other: &UserId,
) -> RuleResult<Option<ConversationRow>> {
    let other = tx.user(other)?;
    let pair = if user.key <= other.key { (user.key, other.key) } else { (other.key, user.key) };
    let Some(found) = tx.direct_conversation(pair)? else { return Ok(None) };
    // Of a conversation that it has not accepted, a user knows nothing.
    Ok(tx.member(found.key, user.key)?.map(|_| found))
}

fn new_row(tx: &Transaction<'_>, reference: ConversationRef, open: bool, owner: Option<UserKey>) -> ConversationRow {
    ConversationRow {
        key: ConversationKey(0),
        reference: Arc::new(reference),
        description: None,
        picture: None,
        picture_file: None,
        metadata: None,
        open,
        moderation: Moderation::default(),
        restricted: false,
        owner,
        owner_secret: None,
        pair: None,
        blocked: false,
        made_by_guest: false,
        retention: OwnRetention::default(),
        empty_since: None,
        created_at: tx.now,
        deleted_at: None,
        head: ConversationHead { sequence: 0, member_count: 0, last_message: None, updated_at: tx.now },
    }
}

/// Inserts a conversation without members, and records nothing.
pub(crate) fn insert(
    tx: &mut Transaction<'_>,
    kind: ConversationKind,
    name: Option<String>,
    open: bool,
    owner: Option<UserKey>,
) -> RuleResult<ConversationRow> {
    let name = name.map(String::into_boxed_str);
    let reference = ConversationRef { id: ConversationId::trusted(&tx.new_id()), kind, name, pair: None };
    let row = new_row(tx, reference, open, owner);
    tx.insert_conversation(row)
}

/// Records that a conversation was created, with its first members.
pub(crate) fn record_created(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    by: &UserRow,
    (conversation, overview): (&ConversationRow, Arc<Overview>),
    members: Vec<UserId>,
) -> RuleResult<()> {
    let change = Change::ConversationCreated { conversation: overview, by: by.key, members };
    let about = About { conversation: Some(conversation.key), ..About::default() };
    tx.record(&change, about, Some(actor))
}

pub(crate) fn create(tx: &mut Transaction<'_>, write: CreateConversation) -> RuleResult<Created> {
    let CreateConversation { actor, new } = write;
    if actor.guest && new.kind != ConversationKind::Room {
        return Err(Refusal::unauthenticated("guests make rooms only").into());
    }
    let mut maker = actor_with_profile(tx, &actor, &new.profile)?;
    if maker.user.is_guest() {
        maker = guest_proof::with_secret(tx, maker, &actor)?;
    }
    let user = match &new.owner {
        None => maker.clone(),
        // A direct conversation is private to its two users: no service creates it for them.
        Some(_) if new.kind == ConversationKind::Direct => {
            return Err(Refusal::invalid("ownerId", "cannot be given for a direct conversation").into());
        }
        Some(owner) if maker.user.is_service() => ActingUser::plain(tx.registered_person(owner)?),
        Some(_) => return Err(Refusal::forbidden("Only a service names another as the owner.").into()),
    };
    if new.kind == ConversationKind::Direct {
        let [other] = &new.members[..] else {
            return Err(Refusal::invalid("memberIds", "must name exactly one other user").into());
        };
        let (conversation, new) = direct(tx, &actor, &user, other)?;
        return Ok(Created { conversation: conversation.reference, created_at: conversation.created_at, new });
    }
    if new.kind == ConversationKind::Meetup {
        return Err(Refusal::invalid("kind", "must be `direct`, `group` or `room`").into());
    }
    if new.kind == ConversationKind::Room && !new.members.is_empty() {
        return Err(Refusal::invalid("memberIds", "cannot be given for a room: everybody joins for itself").into());
    }
    let open = new.open || new.kind == ConversationKind::Room;
    may_own_another(tx, &user, new.kind)?;
    let texts = new.description.as_ref().map_or(0, String::len) + new.picture.as_ref().map_or(0, String::len);
    tx.charge(Cost::Stored, (texts + new.metadata.as_ref().map_or(0, Metadata::size_bytes)) as u64);
    let picture_file = pictures::kept_by(tx, &maker, new.picture.as_deref())?;
    let name = new.name.map(String::into_boxed_str);
    let reference = ConversationRef { id: ConversationId::trusted(&tx.new_id()), kind: new.kind, name, pair: None };
    let empty = !new.join && user.user.is_guest();
    let row = ConversationRow {
        description: new.description.map(Arc::from),
        picture: new.picture.map(Arc::from),
        picture_file,
        metadata: new.metadata.and_then(Metadata::kept),
        owner_secret: user.secret,
        made_by_guest: empty,
        empty_since: empty.then_some(tx.now),
        ..new_row(tx, reference, open, Some(user.key))
    };
    let mut conversation = tx.insert_conversation(row)?;
    let mut first_members = Vec::new();
    if new.join {
        members::insert_row(tx, &mut conversation, user.key, Role::Owner, 0)?;
        first_members.push(user.user.id.clone());
    }
    let mut added = Vec::new();
    for id in &new.members {
        added.push(ActingUser::plain(tx.registered(id)?));
    }
    let others: BTreeSet<UserKey> = added.iter().map(|member| member.key).filter(|key| *key != user.key).collect();
    let people: Vec<UserKey> = others.iter().copied().collect();
    blocks::may_add(tx, &maker, &people)?;
    blocks::may_add(tx, &user, &people)?;
    reach::may_add(tx, &maker, &people)?;
    reach::add_people(tx, &maker, others.len())?;
    let invited = take_invited(tx, &maker, &mut added)?;
    // Notifying each member of each other's join costs the square of their number, so that members of very large
    // conversations are not notified of it: they are told of the conversation alone, as its first members.
    if added.len() > TOLD_EACH_MAX {
        for member in added.drain(..) {
            if tx.member(conversation.key, member.key)?.is_none() {
                members::insert_row(tx, &mut conversation, member.key, Role::Member, 0)?;
                first_members.push(member.user.id.clone());
            }
        }
    }
    // A user who is named twice, or who created the conversation, joins once.
    let mut joining: Vec<ActingUser> = Vec::new();
    for member in added {
        let known = joining.iter().any(|other| other.key == member.key);
        if !known && tx.member(conversation.key, member.key)?.is_none() {
            joining.push(member);
        }
    }
    // The first members are shown the conversation as it is once all have joined, at the end of this write.
    let rows: Vec<_> = joining.iter().map(|member| Arc::clone(&member.row)).collect();
    let overview = overviews::with(tx, &conversation, &rows)?;
    record_created(tx, &actor, &user, (&conversation, Arc::clone(&overview)), first_members)?;
    for member in joining {
        let shown = Some(Arc::clone(&overview));
        members::insert_showing(tx, Some(&actor), &mut conversation, &member, Role::Member, shown)?;
    }
    for member in invited {
        contact::invite(tx, &maker, &member, &conversation, Role::Member)?;
    }
    Ok(Created { conversation: conversation.reference, created_at: conversation.created_at, new: true })
}

/// Takes those out of the first members of a group who have to be asked.
fn take_invited(
    tx: &mut Transaction<'_>,
    maker: &ActingUser,
    added: &mut Vec<ActingUser>,
) -> RuleResult<Vec<ActingUser>> {
    if tx.quotas().contact != Contact::Requests {
        return Ok(Vec::new());
    }
    let (mut invited, mut others) = (Vec::new(), Vec::with_capacity(added.len()));
    for member in added.drain(..) {
        tx.charge(Cost::Rows, 1);
        let asks = contact::is_invited(tx, maker, &member, None)?;
        if asks { &mut invited } else { &mut others }.push(member);
    }
    *added = others;
    Ok(invited)
}

/// Refuses an owner who has too many groups and rooms, and rooms that are created too fast.
fn may_own_another(tx: &mut Transaction<'_>, owner: &UserRow, kind: ConversationKind) -> RuleResult<()> {
    if owner.user.is_service() {
        return Ok(());
    }
    if kind == ConversationKind::Room {
        tx.afford(&[Cost::Rooms])?;
        tx.charge(Cost::Rooms, 1);
    }
    if tx.owned_conversations(owner.key)? >= OWNED_MAX {
        return Err(Refusal::conflict(format!("A user owns at most {OWNED_MAX} groups and rooms.")).into());
    }
    Ok(())
}

/// Changes the name, the openness, the picture, the custom data or the limits on writing of a conversation. A value that
/// equals the stored one is not a change, and no event tells of it.
pub(crate) fn change(tx: &mut Transaction<'_>, write: ChangeConversation) -> RuleResult<Arc<ConversationRef>> {
    let ChangeConversation { actor, conversation: id, name, open, picture, metadata, moderation } = write;
    let user = tx.actor(&actor)?;
    let mut conversation = tx.conversation(&id)?;
    let only_limits =
        moderation.is_asked() && name.is_none() && open.is_none() && picture.is_none() && metadata.is_none();
    if !only_limits {
        tx.check(Action::Change, &conversation, &user, false)?;
    }
    let kind = conversation.reference.kind;
    if open.is_some_and(|open| open != conversation.open) && kind != ConversationKind::Group {
        return Err(Refusal::conflict("Only a group can be opened or closed; rooms are always open.").into());
    }
    let new_name = name.as_deref().is_some_and(|name| conversation.reference.name.as_deref() != Some(name));
    let metadata = metadata.map(Metadata::kept).filter(|metadata| *metadata != conversation.metadata);
    let new_picture = pictures::change(tx, &mut conversation, &user, picture)?;
    let limits = restrictions::change_limits(tx, &mut conversation, &user, &moderation)?;
    let opened = open.is_some_and(|open| open != conversation.open);
    if !new_name && !opened && !new_picture && metadata.is_none() && !limits {
        return Ok(conversation.reference);
    }
    if let Some(metadata) = metadata {
        tx.charge(Cost::Stored, metadata.as_ref().map_or(0, Metadata::size_bytes) as u64);
        conversation.metadata = metadata;
    }
    conversation.open = open.unwrap_or(conversation.open);
    if let Some(name) = name {
        let name = Some(name.into_boxed_str());
        conversation.reference = Arc::new(ConversationRef { name, ..ConversationRef::clone(&conversation.reference) });
    }
    tx.update_conversation(&conversation)?;
    tx.conversation_changed(&mut conversation, Some(&actor))?;
    Ok(conversation.reference)
}

/// Deletes a conversation for all members, or hides a direct conversation from the actor.
pub(crate) fn delete(tx: &mut Transaction<'_>, write: &DeleteConversation) -> RuleResult<Arc<ConversationRef>> {
    let user = tx.actor(&write.actor)?;
    let mut conversation = tx.conversation(&write.conversation)?;
    if conversation.reference.kind == ConversationKind::Direct {
        tx.check(Action::Use, &conversation, &user, false)?;
        if let Some(member) = tx.member(conversation.key, user.key)? {
            let hidden_sequence = Some(conversation.head.sequence);
            let again = member.hidden_sequence == hidden_sequence;
            tx.update_member(conversation.key, user.key, &MemberRow { hidden_sequence, ..member })?;
            if !again {
                let (conversation, member) = (&conversation, (user.key, user.user.id.clone()));
                let change = Change::ConversationHidden { conversation: Arc::clone(&conversation.reference), member };
                tx.record(&change, About { conversation: Some(conversation.key), ..About::default() }, None)?;
            }
        }
        return Ok(conversation.reference);
    }
    tx.check(Action::Delete, &conversation, &user, false)?;
    erase(tx, Some(&write.actor), &mut conversation)?;
    let noted =
        AuditRow { conversation: Some(conversation.key), ..audit::act(tx, Act::DeleteConversation, Some(user.key)) };
    audit::note(tx, &noted)?;
    Ok(conversation.reference)
}

/// Shows a direct conversation again to those of its members who have hidden it, before a message follows.
pub(crate) fn show_again(tx: &mut Transaction<'_>, conversation: &ConversationRow) -> RuleResult<()> {
    let Some((first, second)) = conversation.pair else { return Ok(()) };
    for key in [first, second] {
        let Some(member) = tx.member(conversation.key, key)?.filter(|member| member.hidden_sequence.is_some()) else {
            continue;
        };
        tx.update_member(conversation.key, key, &MemberRow { hidden_sequence: None, ..member })?;
        let member = (key, tx.user_by_key(key)?.user.id.clone());
        let change = Change::ConversationShown { conversation: overviews::of(tx, conversation)?, member };
        tx.record(&change, About { conversation: Some(conversation.key), ..About::default() }, None)?;
    }
    Ok(())
}

/// Ends a conversation and all its memberships.
pub(crate) fn erase(
    tx: &mut Transaction<'_>,
    actor: Option<&Actor>,
    conversation: &mut ConversationRow,
) -> RuleResult<()> {
    let sequence = tx.next_sequence(conversation)?;
    let about = About::numbered(conversation, sequence);
    let announced = Change::DeletionAnnounced { conversation: Arc::clone(&conversation.reference) };
    tx.record(&announced, About { sequence: None, ..about }, actor)?;
    tx.contact_requests().delete_contact_requests_about(conversation.key)?;
    tx.contact_requests().delete_left_groups_about(conversation.key)?;
    conversation.deleted_at = Some(tx.now);
    // What is deleted keeps no file.
    conversation.picture_file = None;
    conversation.empty_since = None;
    conversation.head.member_count = 0;
    tx.update_conversation(conversation)?;
    if conversation.restricted {
        tx.moderation().delete_restrictions_in(conversation.key)?;
    }
    let change = Change::ConversationDeleted { conversation: Arc::clone(&conversation.reference) };
    tx.record(&change, about, actor)?;
    let position = tx.position();
    loop {
        let members = tx.member_lists().members(conversation.key, MEMBERS_MAX as usize)?;
        // A conversation of an earlier version may have more members than it can have now.
        let last = members.len() < MEMBERS_MAX as usize;
        tx.charge(Cost::Rows, members.len() as u64);
        for member in members {
            tx.log().insert_departure(member, position, conversation.key)?;
            members::delete_row(tx, conversation, member)?;
        }
        if last {
            return Ok(());
        }
    }
}
