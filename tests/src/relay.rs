//! A relay in front of any local AWS: it counts calls and injects the failures no emulator has.

mod http;
mod operation;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use crate::local_aws::authority;
use http::Request;
use operation::Operation;
pub use operation::Refusal;

/// What happens to a call instead of a plain answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answered so without asking the backend: nothing has happened.
    Refuse(Refusal),
    /// The backend acts, then the connection closes: the client never learns.
    DropResponse,
    /// The backend acts, then nothing comes: for killing the client at this very point.
    Withhold,
    /// Passed on only after this long.
    Delay(Duration),
}

/// Which calls meet a fault.
#[derive(Clone, Debug)]
pub struct Rule {
    operation: String,
    fault: Fault,
    skip: usize,
    times: usize,
}

impl Rule {
    /// Every call whose name is `operation`, such as `ec2:CreateVpc`, or begins with
    /// what stands before a closing `*`, such as `s3:PUT /bucket*`.
    pub fn new(operation: impl Into<String>, fault: Fault) -> Self {
        Self { operation: operation.into(), fault, skip: 0, times: usize::MAX }
    }

    /// Lets the first `skip` such calls pass.
    pub fn skip(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    /// Ends after it has struck `times` times.
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    fn strike(&mut self, operation: &str) -> Option<Fault> {
        if self.times == 0 || !matches(&self.operation, operation) {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.fault)
    }
}

fn matches(pattern: &str, operation: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => operation.starts_with(start),
        None => operation == pattern,
    }
}

/// How many calls a backend gets at once unless a test wants fewer.
const MOST: usize = 1000;

#[derive(Default)]
struct Book {
    counts: BTreeMap<String, usize>,
    rules: Vec<Rule>,
}

impl Book {
    /// Counts the call; the first rule that strikes says what becomes of it.
    fn enter(&mut self, operation: &str) -> Option<Fault> {
        *self.counts.entry(operation.to_owned()).or_default() += 1;
        self.rules.iter_mut().find_map(|rule| rule.strike(operation))
    }
}

struct Shared {
    backend: String,
    book: Mutex<Book>,
    /// How many calls to S3 the backend works on at once, at most.
    turns: Semaphore,
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Lets the backend work on one call to S3 at a time from now on; others do not wait for it.
    pub fn one_at_a_time(&self) {
        self.shared.turns.forget_permits(MOST - 1);
    }

    /// Forgets all rules and counts.
    pub fn clear(&self) {
        *self.shared.book() = Book::default();
    }

    /// How often each operation was called, faults included, retries too.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.shared.book().counts.clone()
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
}

/// What the client gets to read, if anything.
#[expect(clippy::disallowed_methods, reason = "a delay is what was asked for")]
async fn answer(shared: &Shared, request: &Request) -> io::Result<Option<Vec<u8>>> {
    let operation = Operation::of(request);
    let fault = shared.book().enter(&operation.name);
    match fault {
        Some(Fault::Refuse(refusal)) => return Ok(Some(operation.refuse(refusal))),
        Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
        _ => {}
    }
    let turn = match operation.name.starts_with("s3:") {
        true => Some(shared.turns.acquire().await),
        false => None,
    };
    let answer = request.forward(&shared.backend).await?;
    drop(turn);
    match fault {
        Some(Fault::DropResponse) => Ok(None),
        Some(Fault::Withhold) => future::pending().await,
        _ => Ok(Some(answer)),
    }
}
