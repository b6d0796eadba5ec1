//! The proof by simulation: thousands of schedules, each made up from one number, after each of
//! which all laws hold; and broken engines, each of which is caught.
//!
//! `SEED=123 cargo test -p provision-sim --test schedules` runs one schedule alone, with its
//! specs printed, and `MUTANT=2` does so with that broken engine; `SCHEDULES=500` runs so many.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

#[path = "../support/mod.rs"]
mod support;

mod mutants;
mod schedule;
mod tally;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use mutants::{Broken, MUTANTS};
use provision_sim::{Faithful, Seams};
use tally::Tally;

/// How many schedules there are.
const SCHEDULES: u64 = 10_000;

/// Within how many of them each broken engine must be caught.
const BUDGET: u64 = 2_000;

/// How many failures are enough.
const ENOUGH: usize = 5;

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

/// What `work` gives for each number below `count`, on all processors.
fn on_all<T: Send>(count: u64, work: impl Fn(u64) -> Option<T> + Sync) -> Vec<T> {
    let (next, results) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let worker = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return;
            }
            let result = work(number);
            results.lock().unwrap().extend(result);
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(worker))));
    results.into_inner().unwrap()
}

/// Runs `count` schedules and prints what happened; whether all laws held.
fn prove(count: u64) -> bool {
    let (tally, failed) = (Tally::default(), AtomicU64::new(0));
    let seams: Arc<dyn Seams> = Arc::new(Faithful);
    let failures = on_all(count, |seed| {
        if failed.load(Ordering::Relaxed) as usize >= ENOUGH {
            return None;
        }
        let failure = run(seed, &seams, &tally).err()?;
        failed.fetch_add(1, Ordering::Relaxed);
        Some((seed, failure))
    });
    println!("{}", tally.table());
    println!("{count} schedules, {} failed, {:.1} s of CPU\n", failures.len(), cpu_seconds());
    for (seed, failure) in &failures {
        println!("seed {seed} fails, run it alone with SEED={seed}: {failure}\n");
    }
    failures.is_empty()
}

/// Runs each broken engine until it is caught; whether each was.
fn prove_the_proof(budget: u64) -> bool {
    let tally = Tally::default();
    let mut caught = on_all(MUTANTS.len() as u64, |index| {
        let seams: Arc<dyn Seams> = Arc::new(Broken::new(MUTANTS[index as usize].0));
        let first = (0..budget).find_map(|seed| Some((seed, run(seed, &seams, &tally).err()?)));
        Some((index, first))
    });
    caught.sort();
    println!("law  caught after  broken engine");
    for (index, first) in &caught {
        let (_, law, what) = MUTANTS[*index as usize];
        let (after, how) = match first {
            Some((seed, how)) => ((seed + 1).to_string(), how.lines().next().unwrap_or_default()),
            None => ("NOT CAUGHT".to_owned(), ""),
        };
        println!("{law:>3}  {after:>12}  {what}: {how:.100}");
    }
    println!("\nall of it, {:.1} s of CPU", cpu_seconds());
    caught.iter().all(|(_, first)| first.is_some())
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

/// One schedule alone, by a faithful engine or by the broken one with this number.
fn look_at(seed: u64) -> bool {
    let mutant = number("MUTANT").and_then(|index| MUTANTS.get(usize::try_from(index).ok()?));
    let seams: Arc<dyn Seams> = match mutant {
        Some((mutant, ..)) => Arc::new(Broken::new(*mutant)),
        None => Arc::new(Faithful),
    };
    let tally = Tally::default();
    let outcome = run(seed, &seams, &tally);
    println!("{}", tally.table());
    outcome.is_ok()
}

fn main() -> ExitCode {
    let is_proven = match number("SEED") {
        Some(seed) => look_at(seed),
        None => {
            // A schedule that fails is reported once, at the end.
            std::panic::set_hook(Box::new(|_| {}));
            let is_whole = prove(number("SCHEDULES").unwrap_or(SCHEDULES));
            let is_sharp = prove_the_proof(number("BUDGET").unwrap_or(BUDGET));
            is_whole && is_sharp
        }
    };
    if is_proven { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
