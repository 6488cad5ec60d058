//! Users of the directory who are connected to other nodes.
//!
//! What must stay true: a user who is connected to another node stays in the directory until it has left all nodes; its
//! memberships are read as those of a user who comes here.

use std::sync::Arc;

use quintet_domain::{NodeId, Timestamp, User, UserId};

use super::Directory;
use crate::hub::local_user::{Loading, LocalUser, UserPresence};
use crate::hub::slots::Slots;

impl Directory {
    /// Adds a user whose memberships are to be read. Returns the number of the read.
    pub(super) fn add(&mut self, user: Arc<User>, for_elsewhere: bool) -> (u64, &mut LocalUser) {
        self.loads += 1;
        let load = self.loads;
        let loading = Loading { load, for_elsewhere, profile_changed_at: 0, changes: Vec::new(), hidden: Vec::new() };
        let slot = self.users.insert(LocalUser {
            user,
            subscribers: Vec::new(),
            channels: Slots::default(),
            presence: UserPresence::default(),
            gone_since: None,
            rate: Arc::default(),
            attaching: None,
            loading: Some(Box::new(loading)),
            hidden: None,
        });
        self.by_user.insert(slot, |slot| self.users[slot].user.id.as_str());
        (load, &mut self.users[slot])
    }

    /// Lets another read take the place of the one that a user waits for. Returns its number.
    pub(in crate::hub) fn load_again(&mut self, user: &UserId, for_elsewhere: bool) -> u64 {
        self.loads += 1;
        let load = self.loads;
        if let Some(loading) = self.user_mut(user).and_then(|local| local.loading.as_mut()) {
            loading.load = load;
            loading.for_elsewhere = for_elsewhere;
        }
        load
    }

    /// Adds a user who is connected to another node and was not known. Returns the number of the read of its memberships,
    /// which is to be made.
    pub(in crate::hub) fn arrive_elsewhere(&mut self, user: Arc<User>, node: NodeId) -> u64 {
        let (load, local) = self.add(user, true);
        local.enter_node(node);
        load
    }

    /// Whether the memberships of a user are still to be read by the read with a number. Removes the user if it has left all
    /// nodes meanwhile.
    pub(in crate::hub) fn is_awaited(&mut self, user: &UserId, load: u64) -> bool {
        let Some(slot) = self.slot(user).filter(|slot| self.users[*slot].is_loaded_by(load)) else { return false };
        let wanted = self.users[slot].is_elsewhere() || self.users[slot].is_here();
        if !wanted {
            self.unlist(user);
            self.users.remove(slot);
        }
        wanted
    }

    /// Sets the profile of a user as it was read at a position, unless a newer one is known.
    pub(in crate::hub) fn set_profile_read(&mut self, user: &Arc<User>, load: u64, position: u64) {
        let Some(local) = self.same_user(user).filter(|local| local.is_loaded_by(load)) else { return };
        if local.loading.as_ref().is_some_and(|loading| loading.profile_changed_at <= position) {
            local.user = Arc::clone(user);
        }
    }

    /// Removes a node that died from all users. `settles` says whether this node does what is done once for them. Returns
    /// those who are connected to no node now, with when they were last seen here, if they were.
    pub(in crate::hub) fn remove_node(&mut self, node: NodeId, settles: bool) -> Vec<(UserId, Option<Timestamp>)> {
        let mut nowhere = Vec::new();
        for (_, local) in &mut self.users {
            if local.leave_node(node)
                && let Some(elsewhere) = &mut local.presence.elsewhere
            {
                elsewhere.settled_here |= settles;
                nowhere.push((local.user.id.clone(), elsewhere.left_here));
            }
        }
        nowhere
    }
}
