//! A relay in front of any local AWS: it counts calls, injects the failures no emulator has, and
//! keeps what AWS promises of client tokens and of the tags of a bucket.

mod bucket_tags;
mod http;
mod operation;
mod pending;
mod rule;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::BTreeMap;
use std::future;
use std::io;
use std::io::Read as _;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use crate::local_aws::authority;
use http::{Request, is_success};
use operation::Operation;
pub use operation::Refusal;
use pending::Pending;
use rule::matches;
pub use rule::{Fault, Rule};
use tokens::Tokens;

/// How many calls a backend gets at once unless a test wants fewer.
const MOST: usize = 1000;

#[derive(Default)]
struct Book {
    counts: BTreeMap<String, usize>,
    rules: Vec<Rule>,
    pending: Vec<Pending>,
    /// How many calls get no answer for now.
    held: usize,
}

impl Book {
    /// Counts the call; the first rule that strikes says what becomes of it.
    fn enter(&mut self, operation: &str) -> Option<Fault> {
        *self.counts.entry(operation.to_owned()).or_default() += 1;
        self.rules.iter_mut().find_map(|rule| rule.strike(operation))
    }

    /// The answer as it is shown.
    fn show(&mut self, operation: &str, answer: Vec<u8>) -> Vec<u8> {
        self.pending.iter_mut().fold(answer, |answer, pending| pending.show(operation, answer))
    }
}

struct Shared {
    backend: String,
    book: Mutex<Book>,
    /// How many calls to S3 the backend works on at once, at most.
    turns: Semaphore,
    /// Calls with tokens take turns, so that of two with the same one the second meets the first's answer.
    tokens: tokio::sync::Mutex<Tokens>,
    /// How many exchanges are under way, but for those whose answer is held back.
    busy: AtomicUsize,
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never returns.
    async fn hold<T>(&self) -> T {
        self.busy.fetch_sub(1, Ordering::SeqCst);
        self.book().held += 1;
        future::pending().await
    }
}

/// A running relay. It has a thread of its own, so a test may block; it ends with the value.
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Relay {
    /// Relays to `backend`, such as `http://127.0.0.1:40231`, from a free port.
    pub fn start(backend: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            backend: authority(backend).to_owned(),
            book: Mutex::default(),
            turns: Semaphore::new(MOST),
            tokens: tokio::sync::Mutex::default(),
            busy: AtomicUsize::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let serving = serve(listener, Arc::clone(&shared), stopped);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::spawn(move || runtime.block_on(serving));
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it answers: use it as `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a rule; of several that fit a call, the one added first strikes.
    pub fn inject(&self, rule: Rule) {
        self.shared.book().rules.push(rule);
    }

    /// Shows `words.1` for `words.0` in the first `polls` answers to `operation` that have it:
    /// what is ready looks as if it were still to come.
    pub fn keep_pending(&self, operation: &str, words: (&str, &str), polls: usize) {
        let (ready, pending) = (words.0.to_owned(), words.1.to_owned());
        self.shared.book().pending.push(Pending { operation: operation.to_owned(), ready, pending, polls });
    }

    /// Lets the backend work on one call to S3 at a time from now on; others do not wait for it.
    pub fn one_at_a_time(&self) {
        self.shared.turns.forget_permits(MOST - 1);
    }

    /// Forgets all rules and counts, but no client token.
    pub fn clear(&self) {
        *self.shared.book() = Book::default();
    }

    /// How often each operation was called, faults included, retries too.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.shared.book().counts.clone()
    }

    /// The same of the operations that may change something.
    pub fn mutations(&self) -> BTreeMap<String, usize> {
        self.counts().into_iter().filter(|(name, _)| operation::is_mutating(name)).collect()
    }

    /// How many calls have met [`Fault::Swallow`], or [`Fault::Withhold`] once the backend had acted.
    pub fn held(&self) -> usize {
        self.shared.book().held
    }

    /// Returns once all that was ever sent here has had its effect.
    ///
    /// # Errors
    /// When the relay is gone.
    pub fn settle(&self) -> io::Result<()> {
        // Connections are accepted in turn: when this one has ended, those of the dead are known.
        let mut last = std::net::TcpStream::connect(self.address)?;
        last.shutdown(Shutdown::Write)?;
        last.read_to_end(&mut Vec::new())?;
        while self.shared.busy.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
        Ok(())
    }

    /// How many calls fit `pattern`, read as in [`Rule::new`].
    pub fn count(&self, pattern: &str) -> usize {
        let book = self.shared.book();
        book.counts.iter().filter(|(operation, _)| matches(pattern, operation)).map(|(_, count)| count).sum()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Its failure would have shown as refused connections.
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, stopped: oneshot::Receiver<()>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let accepting = async {
        loop {
            let (stream, _) = listener.accept().await?;
            shared.busy.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(converse(stream, Arc::clone(&shared)));
        }
    };
    tokio::select! {
        failed = accepting => failed,
        _ = stopped => Ok(()),
    }
}

/// One exchange. It breaks off where a fault says so: an error here is no news.
async fn converse(mut stream: TcpStream, shared: Arc<Shared>) {
    if let Ok(Some(request)) = Request::read(&mut stream).await
        && let Ok(Some(answer)) = answer(&shared, &request).await
    {
        let _ = stream.write_all(&answer).await;
    }
    shared.busy.fetch_sub(1, Ordering::SeqCst);
}

/// What the client gets to read, if anything.
#[expect(clippy::disallowed_methods, reason = "a delay is what was asked for")]
async fn answer(shared: &Shared, request: &Request) -> io::Result<Option<Vec<u8>>> {
    let operation = Operation::of(request);
    let fault = shared.book().enter(&operation.name);
    match fault {
        Some(Fault::Refuse(refusal)) => return Ok(Some(operation.refuse(refusal))),
        Some(Fault::Swallow) => shared.hold().await,
        Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
        _ => {}
    }
    let answer = once(shared, &operation, request).await?;
    match fault {
        Some(Fault::DropResponse) => Ok(None),
        Some(Fault::Withhold) => shared.hold().await,
        _ => Ok(Some(shared.book().show(&operation.name, answer))),
    }
}

/// The backend's answer, or the one it gave to the same token before.
async fn once(shared: &Shared, operation: &Operation, request: &Request) -> io::Result<Vec<u8>> {
    let Some(token) = tokens::token(request) else { return ask(shared, operation, request).await };
    let mut tokens = shared.tokens.lock().await;
    if let Some(answer) = tokens.answer(operation, &token, request) {
        return Ok(answer);
    }
    let answer = ask(shared, operation, request).await?;
    tokens.keep(operation, token, request, &answer);
    Ok(answer)
}

async fn ask(shared: &Shared, operation: &Operation, request: &Request) -> io::Result<Vec<u8>> {
    let _turn = match operation.name.starts_with("s3:") {
        true => Some(shared.turns.acquire().await),
        false => None,
    };
    let answer = request.forward(&shared.backend).await?;
    if let Some(tagging) = bucket_tags::tagging(operation, request).filter(|_| is_success(&answer)) {
        tagging.forward(&shared.backend).await?;
    }
    Ok(answer)
}
