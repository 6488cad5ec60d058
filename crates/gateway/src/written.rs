//! What readers are shown: events and replies with the links of the address by which a reader came, and the texts of the
//! message that was written last, which its acknowledgement and its events have in common.
//!
//! What must stay true: what was kept for one address is never shown at another.

use std::collections::VecDeque;
use std::sync::Arc;

use quintet_dialect::MessageTexts;
use quintet_domain::{Event, Links, Message, Outcome, Reply, User};
use quintet_service::{Base, Bases};

/// What was written last, by the address of its readers. There are few addresses, and mostly one.
#[derive(Default)]
pub(crate) struct Written(Vec<(Base, Readers)>);

/// Number of addresses for whose readers something is kept. Numbers of addresses are never used again, so that those of
/// forgotten ones would stay for ever.
const ADDRESSES_KEPT: usize = 32;

/// Number of senders that are kept for the readers at one address: most messages of a moment come from few people.
const SENDERS_KEPT: usize = 32;

/// What was written last for the readers at one address.
pub(crate) struct Readers {
    links: Links,
    kept: Kept,
    /// The texts of that message by dialect.
    pub(crate) texts: MessageTexts,
}

/// What is kept for the next event: each as it is stored, and as these readers see it.
#[derive(Default)]
struct Kept {
    message: Option<(Arc<Message>, Arc<Message>)>,
    senders: VecDeque<(Arc<User>, Arc<User>)>,
}

impl Written {
    /// Returns what was written for the readers at an address.
    pub(crate) fn readers(&mut self, bases: &Bases, base: Base) -> &mut Readers {
        // Asked each time: an address in which links are written is in use, and one that is not may be forgotten.
        let links = bases.links(base);
        let known = self.0.iter().position(|(one, _)| *one == base);
        let at = known.unwrap_or_else(|| {
            if self.0.len() == ADDRESSES_KEPT {
                self.0.remove(0);
            }
            self.0.push((base, Readers::new(links.clone())));
            self.0.len() - 1
        });
        let readers = &mut self.0[at].1;
        if readers.links != links {
            *readers = Readers::new(links);
        }
        readers
    }
}

impl Readers {
    fn new(links: Links) -> Self {
        Self { links, kept: Kept::default(), texts: MessageTexts::default() }
    }

    /// Returns an event as these readers see it, or `None` if it stays as it is.
    pub(crate) fn event(&mut self, event: &Event) -> Option<Event> {
        let Self { links, kept, .. } = self;
        links.event(event, |stored| kept.message(links, stored))
    }

    /// Returns a reply as these readers see it, or `None` if it stays as it is.
    pub(crate) fn reply(&mut self, reply: &Reply) -> Option<Reply> {
        let Self { links, kept, .. } = self;
        links.reply(reply, |stored| kept.message(links, stored))
    }

    /// Returns an outcome as these readers see it, or `None` if it stays as it is.
    pub(crate) fn outcome(&mut self, outcome: &Outcome) -> Option<Outcome> {
        self.reply(outcome.as_ref().ok()?).map(Ok)
    }
}

impl Kept {
    /// Returns a message as readers see it: the same one for the acknowledgement and the events of a message.
    fn message(&mut self, links: &Links, stored: &Arc<Message>) -> Arc<Message> {
        if let Some((from, shown)) = &self.message
            && from == stored
        {
            return Arc::clone(shown);
        }
        let shown = links.message_by(stored, self.sender(links, &stored.sender));
        self.message = Some((Arc::clone(stored), Arc::clone(&shown)));
        shown
    }

    /// Returns a sender as readers see it.
    fn sender(&mut self, links: &Links, stored: &Arc<User>) -> Arc<User> {
        // The same user in memory, because a changed profile is another one.
        if let Some((_, shown)) = self.senders.iter().find(|(from, _)| Arc::ptr_eq(from, stored)) {
            return Arc::clone(shown);
        }
        let shown = links.user(stored);
        if self.senders.len() == SENDERS_KEPT {
            self.senders.pop_front();
        }
        self.senders.push_back((Arc::clone(stored), Arc::clone(&shown)));
        shown
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};

    use quintet_domain::UserId;
    use quintet_service::{Address, Source};

    use super::*;

    #[test]
    fn little_is_kept_of_many_addresses() {
        let (bases, mut written) = (Bases::new(None, false), Written::default());
        let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for port in 1..=100 {
            let listener = Some(SocketAddr::new(localhost, port));
            let address = Address { listener, base: Some(format!("http://a:{port}").into()) };
            let user = UserId::trusted(&format!("user-{port}"));
            let base = bases.learn(&address, Source { user: Some(&user), address: localhost });
            let readers = written.readers(&bases, base);
            assert_eq!(readers.links, bases.links(base));
            assert!(written.0.len() <= ADDRESSES_KEPT, "{port}");
        }
    }
}
