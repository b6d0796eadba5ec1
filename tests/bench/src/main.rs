//! A small stateful stub of AWS: it knows just what the specs of the benchmark need, answers no
//! sooner than AWS would, and counts. It checks names and references, and refuses
//! what it does not know. It throttles nobody, and what is made is seen at once; what `--pending`
//! names is ready only later, counted from when the call came in.
//!
//! It prints its endpoint and serves until it is stopped. `GET /_stub/report` tells the calls,
//! the most in flight, the inventory and the waits there were; `POST /_stub/count` forgets what
//! was counted, and `POST /_stub/reset` what there is as well.

mod call;
mod ec2;
mod http;
mod iam;
mod ledger;
mod s3;
mod sqs;
mod ssm;
mod sts;
mod tagging;
#[cfg(test)]
mod tests;
mod world;
mod xml;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clap::Parser;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::ec2::Waits;
use crate::http::{Answer, Connection, Request};
use crate::ledger::Ledger;
use crate::world::World;

/// A stub of AWS for the benchmark.
#[derive(Parser)]
struct Args {
    /// Milliseconds before which no request is answered.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Port to serve on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long things take to be made or deleted, in milliseconds: `nat_gateway=4500,web=8500`,
    /// by their name in the inventory or by their tag `Name`, which goes first.
    #[arg(long, value_delimiter = ',', value_parser = wait_of)]
    pending: Vec<(String, Duration)>,
}

fn wait_of(text: &str) -> Result<(String, Duration), String> {
    let (name, time) = text.split_once('=').ok_or("it is written NAME=MILLISECONDS")?;
    let time = time.parse().map_err(|_| format!("{time} is no number of milliseconds"))?;
    Ok((name.to_owned(), Duration::from_millis(time)))
}

/// What all connections share.
struct Stub {
    latency: Duration,
    waits: Waits,
    world: Mutex<World>,
    ledger: Mutex<Ledger>,
}

// One thread, so that the client has the other core to itself.
#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let args = Args::parse();
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
    writeln!(io::stdout(), "http://{}", listener.local_addr()?)?;
    let latency = Duration::from_millis(args.latency);
    let waits = Waits(args.pending.into_iter().collect());
    let world = Mutex::new(World::new(waits.clone()));
    let stub = Arc::new(Stub { latency, waits, world, ledger: Mutex::default() });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(Arc::clone(&stub), stream));
    }
}

/// Serves one connection. What cannot be read ends it, and the client tells of that.
async fn serve(stub: Arc<Stub>, stream: TcpStream) -> io::Result<()> {
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.read().await? {
        let is_head = request.method == "HEAD";
        match request.target.as_str() {
            "/_stub/report" => connection.write(&stub.report(), is_head).await?,
            "/_stub/count" => connection.write(&stub.count_anew(), is_head).await?,
            "/_stub/reset" => connection.write(&stub.reset(), is_head).await?,
            _ => {
                let due = Instant::now() + stub.latency;
                lock(&stub.ledger).begin();
                let answer = stub.answer(&request);
                wait(due).await;
                let written = connection.write(&answer, is_head).await;
                lock(&stub.ledger).end(due.elapsed());
                written?;
            }
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the latency of the stub is a wait")]
async fn wait(due: Instant) {
    tokio::time::sleep_until(due).await;
}

impl Stub {
    fn answer(&self, request: &Request) -> Answer {
        let call = world::read(request);
        let answer = lock(&self.world).answer(&call);
        lock(&self.ledger).count(&world::name(&call), answer.status);
        answer
    }

    fn report(&self) -> Answer {
        let mut report = lock(&self.ledger).report();
        let world = lock(&self.world);
        report["inventory"] = world.inventory();
        report["waits"] = world.waited();
        Answer::json(&report)
    }

    fn count_anew(&self) -> Answer {
        lock(&self.ledger).reset();
        Answer::json(&json!({}))
    }

    fn reset(&self) -> Answer {
        *lock(&self.world) = World::new(self.waits.clone());
        self.count_anew()
    }
}

/// A lock whose holder panicked still guards something that can be reset.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
