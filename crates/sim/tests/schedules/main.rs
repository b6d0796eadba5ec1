//! The proof by simulation: thousands of schedules, each made up from one number, after each of
//! which all laws hold; and broken engines, each of which is caught.
//!
//! `SEED=123 cargo test -p provision-sim --test schedules` runs one schedule alone, with its
//! specs printed; `SCHEDULES=500` runs so many.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

#[path = "../support/mod.rs"]
mod support;

mod schedule;
mod tally;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use provision_sim::{Faithful, Seams};
use tally::Tally;

/// How many schedules there are.
const SCHEDULES: u64 = 10_000;

/// What happened at the schedule of `seed`: nothing, or a law was broken.
fn run(seed: u64, seams: &Arc<dyn Seams>, tally: &Tally) -> Result<(), String> {
    let own = Arc::new(Tally::default());
    let schedule = || {
        let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        clock.block_on(schedule::run(seed, seams.clone(), own.clone()));
    };
    let outcome = catch_unwind(AssertUnwindSafe(schedule));
    tally.join(&own);
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    })
}

/// Runs `count` schedules on all processors; the failures, by seed.
fn run_all(count: u64, tally: &Tally) -> Vec<(u64, String)> {
    let (next, failures) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let seams: Arc<dyn Seams> = Arc::new(Faithful);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count || failures.lock().unwrap().len() >= 5 {
                return;
            }
            if std::env::var_os("TRACE").is_some() { eprintln!("begin {seed}"); }
            if let Err(failure) = run(seed, &seams, tally) {
                failures.lock().unwrap().push((seed, failure));
            }
            if std::env::var_os("TRACE").is_some() { eprintln!("end {seed}"); }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    failures.into_inner().unwrap()
}

/// The seconds of CPU that this process has used, where the system tells.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let times = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn main() -> ExitCode {
    let tally = Tally::default();
    if let Some(seed) = number("SEED") {
        let seams: Arc<dyn Seams> = Arc::new(Faithful);
        let outcome = run(seed, &seams, &tally);
        println!("{}", tally.table());
        return if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    std::panic::set_hook(Box::new(|_| {}));
    let count = number("SCHEDULES").unwrap_or(SCHEDULES);
    let failures = run_all(count, &tally);
    println!("{}", tally.table());
    println!("{count} schedules, {:.1} s of CPU", cpu_seconds());
    for (seed, failure) in &failures {
        println!("\nseed {seed} fails, run it alone with SEED={seed}: {failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
