//! Who wants to know when frames of a queue were written.
//!
//! What must stay true: a queue that nobody asks about has nothing of this.

use std::fmt;

/// Is told when everything that was queued before it was given to the transport, which has written it. If it is dropped
/// instead, the queue was closed before that.
pub trait OnWritten: fmt::Debug + Send {
    /// The frames were written.
    fn written(self: Box<Self>);
}

/// Those who wait, by how often the queue was emptied once their frames are written.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Vec<(u32, Box<dyn OnWritten>)>);

impl Watchers {
    pub(crate) fn add(&mut self, emptied: u32, watcher: Box<dyn OnWritten>) {
        self.0.push((emptied, watcher));
    }

    /// Takes those whose frames were written once the queue was emptied so often.
    pub(crate) fn take(&mut self, emptied: u32) -> Vec<Box<dyn OnWritten>> {
        // The count wraps, and watchers stand in the order of their frames.
        let written = self.0.partition_point(|(at, _)| emptied.wrapping_sub(*at).cast_signed() >= 0);
        self.0.drain(..written).map(|(_, watcher)| watcher).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Waker};

    use super::*;
    use crate::{CloseReason, Frame, Outbox};

    #[derive(Debug)]
    struct Counted(Arc<AtomicUsize>);

    impl OnWritten for Counted {
        fn written(self: Box<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_watcher_is_told_once_the_transport_has_written_what_was_queued_before() {
        let (outbox, told) = (Outbox::new(10_000), Arc::new(AtomicUsize::new(0)));
        let watch = || outbox.watch(Box::new(Counted(Arc::clone(&told))));
        let count = || told.load(Ordering::Relaxed);
        let take = || outbox.poll_take(&mut Context::from_waker(Waker::noop()));
        watch();
        assert_eq!(count(), 1, "nothing was queued");
        outbox.push(Frame::text("one")).expect("fits");
        watch();
        assert!(take().is_ready());
        outbox.push(Frame::text("two")).expect("fits");
        watch();
        assert_eq!(count(), 1, "the first is being written");
        outbox.written();
        assert_eq!(count(), 2);
        assert!(take().is_ready());
        watch();
        outbox.written();
        assert_eq!(count(), 4);
        // A client that polls takes a part of what is queued.
        for text in ["three", "four"] {
            outbox.push(Frame::text(text)).expect("fits");
        }
        watch();
        assert_eq!((outbox.take_up_to(1).len(), count()), (1, 4));
        assert_eq!((outbox.take_up_to(1).len(), count()), (1, 5));
        outbox.push(Frame::text("lost")).expect("fits");
        watch();
        outbox.close(CloseReason::QueueFull);
        watch();
        outbox.written();
        assert_eq!((count(), Arc::strong_count(&told)), (5, 1), "those who waited are dropped");
    }
}
