//! [`Threads`]: one per core, with a bounded queue before them. Nothing else runs there, and what
//! runs there takes no thread from files, the database or requests.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, available_parallelism};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// As many threads as the machine has cores; they end with the value.
///
/// Each has a workplace `W`, which is kept from one job to the next and given back when no job
/// waits: under load nothing is allocated, and at rest nothing is held.
pub(super) struct Threads<W> {
    shared: Arc<Shared<W>>,
    waiting: usize,
}

struct Shared<W> {
    queue: Mutex<Queue<W>>,
    changed: Condvar,
}

struct Queue<W> {
    jobs: VecDeque<Job<W>>,
    ended: bool,
}

struct Job<W> {
    work: Box<dyn FnOnce(&mut W) + Send>,
    /// Cancelled when nobody waits for the result any more.
    left: CancellationToken,
}

/// The queue is full.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl<W: Default + 'static> Threads<W> {
    /// Starts the threads; `waiting` jobs may wait for one.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(name: &str, waiting: usize) -> std::io::Result<Self> {
        let queue = Queue {
            jobs: VecDeque::with_capacity(waiting),
            ended: false,
        };
        let threads = Self {
            shared: Arc::new(Shared {
                queue: Mutex::new(queue),
                changed: Condvar::new(),
            }),
            waiting,
        };
        for _ in 0..available_parallelism().map_or(1, NonZeroUsize::get) {
            let shared = threads.shared.clone();
            thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || shared.work())?;
        }
        Ok(threads)
    }

    /// Does the work on one of the threads, after what came earlier; `None` if it panicked.
    ///
    /// A caller who leaves gives up the place in the queue.
    ///
    /// # Errors
    /// [`Full`] when as many jobs wait as may; nothing is done then.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut W) -> T + Send + 'static,
    ) -> Result<Option<T>, Full> {
        let (give, result) = oneshot::channel();
        let left = CancellationToken::new();
        let _leaving = left.clone().drop_guard();
        let work = Box::new(move |workplace: &mut W| {
            // A caller who left meanwhile does not miss it.
            drop(give.send(work(workplace)));
        });
        self.push(Job { work, left })?;
        Ok(result.await.ok())
    }

    fn push(&self, job: Job<W>) -> Result<(), Full> {
        let mut queue = self.shared.queue();
        if queue.jobs.len() >= self.waiting {
            queue.jobs.retain(|job| !job.left.is_cancelled());
        }
        if queue.jobs.len() >= self.waiting {
            return Err(Full);
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.shared.changed.notify_one();
        Ok(())
    }
}

impl<W> Drop for Threads<W> {
    fn drop(&mut self) {
        self.shared.queue().ended = true;
        self.shared.changed.notify_all();
    }
}

impl<W: Default> Shared<W> {
    fn work(&self) {
        let mut workplace = None;
        loop {
            let job = self.queue().jobs.pop_front();
            let Some(job) = job else {
                workplace = None;
                if self.wait().ended {
                    return;
                }
                continue;
            };
            if job.left.is_cancelled() {
                continue;
            }
            let kept = workplace.get_or_insert_with(W::default);
            // A panic drops the sender of the result, which the caller sees; the thread goes on.
            if catch_unwind(AssertUnwindSafe(|| (job.work)(kept))).is_err() {
                workplace = None;
            }
        }
    }

    /// Sleeps until there is a job, or the end.
    fn wait(&self) -> MutexGuard<'_, Queue<W>> {
        self.changed
            .wait_while(self.queue(), |queue| queue.jobs.is_empty() && !queue.ended)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W> Shared<W> {
    /// Nothing panics while it is held.
    fn queue(&self) -> MutexGuard<'_, Queue<W>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Threads that are all busy until the senders are dropped.
    fn all_busy(waiting: usize) -> (Threads<Vec<u8>>, Vec<mpsc::Sender<()>>) {
        let threads = Threads::start("test", waiting).unwrap();
        let cores = available_parallelism().unwrap().get();
        let holds = (0..cores).map(|_| {
            let (hold, free) = mpsc::channel::<()>();
            let (tell, begun) = mpsc::channel();
            let mut busy = Box::pin(threads.run(move |_| {
                tell.send(()).unwrap();
                free.recv()
            }));
            assert!(poll(busy.as_mut()).is_pending());
            begun.recv().unwrap();
            hold
        });
        let holds = holds.collect();
        (threads, holds)
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_full_queue_refuses_instead_of_growing() {
        let (threads, _holds) = all_busy(2);
        let (mut first, mut second) = (Box::pin(threads.run(|_| ())), Box::pin(threads.run(|_| ())));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());

        assert_eq!(poll(pin!(threads.run(|_| ()))), Poll::Ready(Err(Full)));
    }

    #[test]
    fn who_leaves_gives_the_place_back_and_costs_no_work() {
        let (threads, holds) = all_busy(1);
        let (tell, told) = mpsc::channel();
        let mut leaving = Box::pin(threads.run(move |_| tell.send("work for nobody")));
        assert!(poll(leaving.as_mut()).is_pending());

        drop(leaving);

        let mut next = Box::pin(threads.run(|_| "work"));
        assert!(poll(next.as_mut()).is_pending(), "the place is free again");
        drop(holds);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(next), Ok(Some("work")));
        assert!(told.recv().is_err());
    }

    #[tokio::test]
    async fn a_panic_is_one_callers_and_no_threads() {
        let threads = Threads::<Vec<u8>>::start("test", 1).unwrap();
        for _ in 0..2 * available_parallelism().unwrap().get() {
            assert_eq!(threads.run(|_| panic!("meant to")).await, Ok(None::<()>));
        }

        assert_eq!(threads.run(|_| "work").await, Ok(Some("work")));
    }

    #[tokio::test]
    async fn the_threads_end_with_the_value() {
        let threads = Threads::<Vec<u8>>::start("test", 1).unwrap();
        let shared = Arc::downgrade(&threads.shared);
        threads.run(|_| ()).await.unwrap();

        drop(threads);

        while shared.strong_count() > 0 {
            thread::yield_now();
        }
    }
}
