//! The crash matrix: the binary is killed with SIGKILL at every mutating call of a spec's apply and
//! of its destroy, before the call has its effect and after it.
//!
//! After each kill one plain run must do: the local AWS holds exactly what an undisturbed apply
//! leaves, and the next plan is empty; a destroy leaves nothing. The same holds for runs that are
//! killed again and again, and for runs that live through lost answers, throttling and failures.

mod bench;
mod boundary;
mod table;
mod unlucky;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use bench::{Bench, Norm};
pub use boundary::{Boundary, Side, Verb};
pub use table::table;

use crate::local_aws::Backend;
use crate::stack::Wrong;

/// A spec that is put through it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What the table calls it.
    pub name: String,
    /// The spec's path from the top of the workspace.
    pub spec: String,
}

/// Where it happens.
#[derive(Clone, Copy, Debug)]
pub struct Ground {
    /// The binary.
    pub program: &'static str,
    /// What stands for AWS.
    pub backend: Backend,
    /// Whether the state lies in S3, where its own writes are boundaries too.
    pub is_remote: bool,
    /// How many local AWS there are, each with its share of the work.
    pub benches: usize,
    /// What nobody may ever print or store, and the environment variables that hold it.
    pub secrets: &'static [(&'static str, &'static str)],
}

/// What became of one subject.
pub struct Row {
    /// The subject's name.
    pub name: String,
    /// Each boundary, with what was wrong after it.
    pub cells: Vec<(Boundary, Result<(), Wrong>)>,
    /// How many kills it took to end one apply and one destroy that are killed at each first
    /// effect; or what was wrong.
    pub chain: Result<usize, Wrong>,
    /// How many kinds of faults a life survived that met each once at every operation; or what was wrong.
    pub faults: Result<usize, Wrong>,
}

/// One life of a stack: an interrupted apply, mended; then an interrupted destroy, mended.
#[derive(Clone, Default)]
struct Life {
    apply: Option<Boundary>,
    destroy: Option<Boundary>,
}

/// Puts each subject through every interruption.
///
/// # Errors
/// When a subject fails even undisturbed, or a local AWS does not start.
pub fn run(ground: Ground, subjects: &[Subject]) -> Result<Vec<Row>, Wrong> {
    let benches: Vec<Mutex<Bench>> =
        (0..ground.benches).map(|_| Bench::start(ground).map(Mutex::new)).collect::<Result<_, Wrong>>()?;
    let norms = shared(&benches, subjects, |bench, subject| {
        bench.norm(subject).map_err(|wrong| format!("{}, undisturbed: {wrong}", subject.name))
    });
    let norms: Vec<Norm> = norms.into_iter().collect::<Result<_, Wrong>>()?;
    let works: Vec<Work<'_>> = subjects.iter().zip(&norms).flat_map(|(subject, norm)| works(subject, norm)).collect();
    let done = shared(&benches, &works, |bench, work| work.carry_out(bench, ground));
    for bench in &benches {
        bench.lock().unwrap_or_else(PoisonError::into_inner).keeps_secrets()?;
    }
    let mut rows: Vec<Row> = subjects.iter().map(|subject| Row::new(&subject.name)).collect();
    for (work, done) in works.iter().zip(done) {
        if let Some(row) = rows.iter_mut().find(|row| row.name == work.subject.name) {
            row.add(done);
        }
    }
    Ok(rows)
}

/// What one bench does before it takes up something else.
struct Work<'a> {
    subject: &'a Subject,
    norm: &'a Norm,
    test: Test,
}

enum Test {
    Life(Life),
    Chain,
    Faults,
}

enum Done {
    Cells(Vec<(Boundary, Result<(), Wrong>)>),
    Chain(Result<usize, Wrong>),
    Faults(Result<usize, Wrong>),
}

fn works<'a>(subject: &'a Subject, norm: &'a Norm) -> Vec<Work<'a>> {
    let count = norm.apply.len().max(norm.destroy.len());
    let lives = (0..count)
        .map(|number| Life { apply: norm.apply.get(number).cloned(), destroy: norm.destroy.get(number).cloned() });
    let tests = [Test::Chain, Test::Faults].into_iter().chain(lives.map(Test::Life));
    tests.map(|test| Work { subject, norm, test }).collect()
}

impl Work<'_> {
    /// A bench where something went wrong is left behind: what is on it would be in the way.
    fn carry_out(&self, bench: &mut Bench, ground: Ground) -> Done {
        let done = match &self.test {
            Test::Life(life) => Done::Cells(self.live(bench, life)),
            Test::Chain => Done::Chain(bench.chain(self.subject, self.norm)),
            Test::Faults => Done::Faults(bench.unlucky(self.subject, self.norm)),
        };
        let is_fine = match &done {
            Done::Cells(cells) => cells.iter().all(|(_, found)| found.is_ok()),
            Done::Chain(found) | Done::Faults(found) => found.is_ok(),
        };
        if !is_fine && let Ok(fresh) = Bench::start(ground) {
            *bench = fresh;
        }
        done
    }

    fn live(&self, bench: &mut Bench, life: &Life) -> Vec<(Boundary, Result<(), Wrong>)> {
        let applied = bench.apply(self.subject, self.norm, life.apply.as_ref());
        let destroyed = match &applied {
            Ok(()) => bench.destroy(self.subject, self.norm, life.destroy.as_ref()),
            Err(_) => Err("the apply before it failed".to_owned()),
        };
        match (&life.apply, &life.destroy) {
            // A destroy that nothing interrupts belongs to the apply before it, and an apply to
            // the destroy after it.
            (Some(apply), None) => vec![(apply.clone(), applied.and(destroyed))],
            (None, Some(destroy)) => vec![(destroy.clone(), applied.and(destroyed))],
            _ => [(&life.apply, applied), (&life.destroy, destroyed)]
                .into_iter()
                .filter_map(|(boundary, found)| Some((boundary.clone()?, found)))
                .collect(),
        }
    }
}

impl Row {
    fn new(name: &str) -> Self {
        let untried = || Err("it was not tried".to_owned());
        Self { name: name.to_owned(), cells: Vec::new(), chain: untried(), faults: untried() }
    }

    fn add(&mut self, done: Done) {
        match done {
            Done::Cells(cells) => self.cells.extend(cells),
            Done::Chain(chain) => self.chain = chain,
            Done::Faults(faults) => self.faults = faults,
        }
    }

    /// Everything that is not as it must be, each with where it happened.
    pub fn wrong(&self) -> impl Iterator<Item = Wrong> {
        let cells =
            self.cells.iter().filter_map(|(boundary, found)| Some((boundary.to_string(), found.clone().err()?)));
        let chain = self.chain.clone().err().map(|wrong| ("killed again and again".to_owned(), wrong));
        let faults = self.faults.clone().err().map(|wrong| ("with faults".to_owned(), wrong));
        cells.chain(chain).chain(faults).map(|(place, wrong)| format!("{}, {place}: {wrong}", self.name))
    }
}

/// Does all `jobs`, each on whichever bench is free.
fn shared<J: Sync, R: Send>(benches: &[Mutex<Bench>], jobs: &[J], work: impl Fn(&mut Bench, &J) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::default();
    thread::scope(|scope| {
        for bench in benches {
            scope.spawn(|| {
                let mut bench = bench.lock().unwrap_or_else(PoisonError::into_inner);
                while let number = next.fetch_add(1, Ordering::SeqCst)
                    && let Some(job) = jobs.get(number)
                {
                    let result = work(&mut bench, job);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
