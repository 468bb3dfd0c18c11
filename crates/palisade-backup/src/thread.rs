//! Work in a thread of its own.

use std::convert::Infallible;
use std::io;
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// A thread with a runtime of its own. Dropped, its work ends where it waits next.
///
/// It is none of the threads that the shared runtime keeps for what blocks: the store needs those.
#[derive(Debug)]
pub(crate) struct OwnThread<T> {
    ended: oneshot::Receiver<io::Result<T>>,
    _go_on: oneshot::Sender<Infallible>,
}

impl<T: Send + 'static> OwnThread<T> {
    /// Begins. An error: the system has no thread left.
    pub(crate) fn start<F: Future<Output = T>>(work: impl FnOnce() -> F + Send + 'static) -> io::Result<Self> {
        let (end, ended) = oneshot::channel();
        let (go_on, stop) = oneshot::channel();
        thread::Builder::new().name("rows".to_owned()).spawn(move || match run(work, stop) {
            Ok(Some(result)) => drop(end.send(Ok(result))),
            // Nobody waits for it.
            Ok(None) => {}
            Err(error) => drop(end.send(Err(error))),
        })?;
        Ok(Self { ended, _go_on: go_on })
    }

    /// Waits for the end. An error: it could not be run, or panicked.
    pub(crate) async fn wait(self) -> io::Result<T> {
        self.ended.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

fn run<T, F: Future<Output = T>>(
    work: impl FnOnce() -> F,
    stop: oneshot::Receiver<Infallible>,
) -> io::Result<Option<T>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        tokio::select! {
            result = work() => Some(result),
            // Nobody sends anything: the other end was dropped.
            _ = stop => None,
        }
    });
    // Somebody may still look for the address of a server, and nobody waits for that.
    runtime.shutdown_background();
    Ok(result)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::OwnThread;

    #[tokio::test]
    async fn it_ends_with_its_work_or_with_who_waits() {
        assert_eq!(OwnThread::start(|| async { 7 }).unwrap().wait().await.unwrap(), 7);
        let (held, mut dropped) = tokio::sync::mpsc::channel::<()>(1);
        let waiting = OwnThread::start(move || async move {
            std::future::pending::<()>().await;
            drop(held);
        });
        drop(waiting);
        assert_eq!(dropped.recv().await, None);
        let shared = Arc::new(());
        let other = shared.clone();
        let failed = OwnThread::start(move || async move {
            assert_eq!(Arc::strong_count(&other), 0, "on purpose");
        });
        assert!(failed.unwrap().wait().await.is_err());
    }
}
