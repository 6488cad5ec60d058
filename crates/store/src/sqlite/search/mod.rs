//! The index of messages for searches: a file of its own beside the database, which is made from it.
//!
//! The index is in partitions, one FTS5 table for each range of positions. A table keeps which messages have a word and
//! nothing else: no texts and no places in them. A search asks the newest partition first, so that its time does not
//! depend on all that was ever written. FTS5 cannot forget words of a message whose text it does not keep: words of
//! deleted and edited messages leave the index when their partition is made anew.
//!
//! What must stay true: the database never waits for the index. An index that is missing, damaged or of another database is
//! made anew, so that nobody needs a copy of it.

mod feed;
mod find;
mod index;

pub(super) use feed::{SearchFeed, SearchParts};
pub(super) use find::find;
pub(super) use index::{attach, open};
