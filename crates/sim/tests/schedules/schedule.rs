//! One schedule, made up from one number: a spec, edits of it, faults, crashes, standstills,
//! other processes; and the laws that hold once all is quiet.

use std::sync::Arc;
use std::time::Duration;

use provision_core::rate::PARALLELISM;
use provision_core::spec::Expanded;
use provision_core::state::violations;
use provision_core::store::StoreError;
use provision_engine::EngineError;
use provision_sim::{Command, Ended, Freeze, Moment, Options, Point, Seams, Simulation, meanwhile};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::support::scene::{Scene, ended as told};
use crate::support::schemas;
use crate::tally::{Tally, Watch};

/// How long a lease of a far store lasts.
const TERM: Duration = Duration::from_secs(60);

/// How many calls at once: with one, whoever held on to a permit while it waits for another would wait for ever.
const PARALLELISMS: [usize; 4] = [1, 2, 5, PARALLELISM];

/// How many runs without a fault it may take until there is nothing left to do.
const MOST_RUNS: usize = 5;

/// One schedule under way.
struct Schedule {
    scene: Scene,
    random: StdRng,
    tally: Arc<Tally>,
    /// What other processes are told to do, beside the same.
    others: Vec<Command>,
}

/// Runs the schedule of `seed`.
///
/// # Panics
/// When a law is broken.
pub(crate) async fn run(seed: u64, seams: Arc<dyn Seams>, tally: Arc<Tally>) {
    let mut random = StdRng::seed_from_u64(seed);
    let is_far = random.random_bool(0.6);
    let mut simulation = match is_far {
        true => Simulation::far("test", schemas(), TERM),
        false => Simulation::new("test", schemas()),
    };
    simulation.store.keep(seams.rules());
    (simulation.seams, simulation.plans_twice) = (seams, seed.is_multiple_of(64));
    simulation.parallelism = PARALLELISMS[seed as usize % PARALLELISMS.len()];
    tally.count("schedules", format!("with {} calls at once at most", simulation.parallelism));
    tally.count("schedules", if is_far { "with a store like a bucket" } else { "with a store like files" });
    let mut schedule = Schedule { scene: Scene::new(random.random(), simulation), random, tally, others: Vec::new() };
    schedule.play().await;
    schedule.count_faults();
}

impl Schedule {
    async fn play(&mut self) {
        let mut spec = self.scene.spec().await;
        let mut is_at_rest = false;
        for round in 0..[1, 1, 1, 2, 2, 3][self.random.random_range(0..6)] {
            if round > 0 {
                self.scene.model.edit();
                spec = self.scene.spec().await;
            }
            self.others = vec![Command::Destroy, Command::Apply(spec.clone())];
            self.squat();
            self.weather(Command::Apply(spec.clone())).await;
            // Else the next edit comes in the middle of it.
            is_at_rest = self.random.random_bool(0.2);
            if is_at_rest {
                self.rest(&Command::Apply(spec.clone()), Some(&spec)).await;
            }
        }
        if !is_at_rest {
            self.rest(&Command::Apply(spec.clone()), Some(&spec)).await;
        }
        if self.random.random_bool(0.06) {
            self.protect().await;
        }
        if self.random.random_bool(0.2) {
            self.weather(Command::Destroy).await;
            self.rest(&Command::Destroy, None).await;
        }
    }

    /// Somebody else takes a name that the spec wants.
    fn squat(&mut self) {
        if self.random.random_bool(0.15)
            && let Some((site, kind, spec)) = self.scene.model.squatter()
        {
            self.tally.count("schedules", "(names that others may have taken)");
            self.scene.squat(&site, kind, &spec);
        }
    }

    /// A few runs of a command under faults, crashes, standstills and other processes.
    async fn weather(&mut self, command: Command) {
        let (simulation, random) = (&self.scene.simulation, &mut self.random);
        simulation.cloud.fail_randomly(random.random(), random.random_range(0.0..0.25));
        if random.random_bool(0.3) {
            simulation.store.fail_randomly(random.random(), random.random_range(0.0..0.06));
        }
        for _ in 0..[1, 1, 2, 3][self.random.random_range(0..4)] {
            let (crash, freeze) = (self.some_crash(), self.some_freeze(&command));
            match self.random.random_range(0..10) {
                0 => self.both(&command, crash).await,
                _ => drop(self.run_once(command.clone(), crash, freeze).await),
            }
        }
    }

    fn some_crash(&mut self) -> Option<Point> {
        self.random.random_bool(0.7).then(|| some_point(&mut self.random))
    }

    /// Another process is at work while this one stands still, for so long that its lease
    /// runs out: only where a lease can.
    fn some_freeze(&mut self, command: &Command) -> Option<Freeze> {
        self.scene.simulation.store.term()?;
        if !self.random.random_bool(0.2) {
            return None;
        }
        let command = &self.some_other(command);
        let (seed, at) = (self.random.random(), some_standstill(&mut self.random));
        let (simulation, command, tally) = (self.scene.simulation.clone(), command.clone(), self.tally.clone());
        let other = move || {
            tally.count("takeovers", "(standstills)");
            simulation.cloud.flush();
            let mut random = StdRng::seed_from_u64(seed);
            let least = Duration::from_secs(random.random_range(1..150));
            let crash = random.random_bool(0.3).then(|| some_point(&mut random));
            let patience = random.random_range(3..7);
            meanwhile(least, || wait_and_run(&simulation, command.clone(), crash, &tally, patience)).unwrap()
        };
        Some(Freeze { at, meanwhile: Arc::new(other) })
    }

    /// Two processes at once: one wins, the other waits for the lock.
    async fn both(&mut self, command: &Command, crash: Option<Point>) {
        self.tally.count("runs", "(two at once)");
        let (simulation, tally) = (self.scene.simulation.clone(), self.tally.clone());
        let (other, first) = (self.some_other(command), wait_and_run(&simulation, command.clone(), crash, &tally, 1));
        tokio::join!(first, wait_and_run(&simulation, other, None, &tally, 4));
    }

    /// What another process does: mostly the same.
    fn some_other(&mut self, command: &Command) -> Command {
        match self.random.random_bool(0.7) {
            true => command.clone(),
            false => self.others[self.random.random_range(0..self.others.len())].clone(),
        }
    }

    /// Runs once nobody else has the lock: whoever has it is dead.
    async fn run_once(&mut self, command: Command, crash: Option<Point>, mut freeze: Option<Freeze>) -> Ended {
        loop {
            let freeze = freeze.take();
            let ended = run_watched(&self.scene.simulation, command.clone(), crash, freeze, &self.tally).await;
            self.check_stored();
            if self.scene.is_told {
                eprintln!("{crash:?}: {}", told(&ended));
            }
            if !is_locked(&ended) {
                return ended;
            }
            match self.random.random_bool(0.5) {
                true => tokio::time::advance(TERM + Duration::from_secs(3)).await,
                false => self.scene.simulation.store.unlock(),
            }
        }
    }

    /// What is stored is sound whenever a run has ended, or had it ended at any instant before.
    fn check_stored(&mut self) {
        let (store, part) = (&self.scene.simulation.store, self.random.random_range(0.0..2.0));
        // A part above all is as it is.
        let stored = store.state_cut(f64::min(part, 1.0)).unwrap();
        let broken = stored.map_or(Vec::new(), |state| violations(&state));
        assert!(broken.is_empty(), "the state breaks invariants: {broken:?}");
    }

    /// Runs without faults until all is done; then all laws hold.
    async fn rest(&mut self, command: &Command, spec: Option<&Expanded>) {
        self.scene.simulation.cloud.heal();
        self.scene.simulation.store.heal();
        self.scene.clear();
        let mut told_last = String::new();
        for _ in 0..MOST_RUNS {
            let ended = self.run_once(command.clone(), None, None).await;
            told_last = told(&ended);
            match ended {
                Ended::Done(_, outcome) if outcome.is_complete() => {
                    self.tally.count("schedules", "(rests at which all laws were checked)");
                    return self.scene.check(spec).await;
                }
                Ended::Done(..) => {}
                _ => panic!("without faults: {told_last}"),
            }
        }
        panic!("it does not come to rest: {told_last}");
    }

    /// What is protected is not destroyed, whatever goes wrong and though no spec says so.
    async fn protect(&mut self) {
        self.scene.model.is_protected = true;
        let spec = self.scene.spec().await;
        self.rest(&Command::Apply(spec.clone()), Some(&spec)).await;
        self.others = vec![Command::Destroy];
        let is_anything = !self.scene.model.expected().is_empty();
        self.weather(Command::Destroy).await;
        self.scene.simulation.cloud.heal();
        self.scene.simulation.store.heal();
        let ended = self.run_once(Command::Destroy, None, None).await;
        assert_eq!(matches!(ended, Ended::Refused(_)), is_anything, "protected: {}", told(&ended));
        self.scene.check(Some(&spec)).await;
        self.tally.count("schedules", "(all protected)");
        self.scene.model.is_protected = false;
        let spec = self.scene.spec().await;
        self.others.push(Command::Apply(spec.clone()));
        self.rest(&Command::Apply(spec.clone()), Some(&spec)).await;
    }

    fn count_faults(&self) {
        let simulation = &self.scene.simulation;
        for (name, times) in simulation.cloud.struck().into_iter().chain(simulation.store.struck()) {
            self.tally.add("faults", name, times);
        }
    }
}

/// Any point in the life of a run, the earlier ones more often: many runs are short.
fn some_point(random: &mut StdRng) -> Point {
    let call = random.random_range(1..40).min(random.random_range(1..40));
    match random.random_range(0..4) {
        0 => Point::After(Duration::from_millis(random.random_range(0..60) * random.random_range(0..30) * 50)),
        1 => Point::AtCall(call, Moment::Before),
        2 => Point::AtCall(call, Moment::During),
        _ => Point::AtCall(call, Moment::After),
    }
}

/// Any point but between the engine's last look at the clock and the instant at which a request
/// leaves: nobody can do anything about a standstill there.
fn some_standstill(random: &mut StdRng) -> Point {
    match some_point(random) {
        Point::AtCall(call, Moment::Before) => Point::AtCall(call, Moment::After),
        other => other,
    }
}

fn is_locked(ended: &Ended) -> bool {
    matches!(ended, Ended::Failed(EngineError::Store(StoreError::Locked { .. })))
}

/// Waits for the lock as long as it has patience, and runs.
async fn wait_and_run(
    simulation: &Simulation,
    command: Command,
    crash: Option<Point>,
    tally: &Arc<Tally>,
    patience: u32,
) {
    for _ in 0..=patience {
        let ended = run_watched(simulation, command.clone(), crash, None, tally).await;
        if !is_locked(&ended) {
            return;
        }
        wait(TERM / 3).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a simulated user waits")]
async fn wait(pause: Duration) {
    tokio::time::sleep(pause).await;
}

async fn run_watched(
    simulation: &Simulation,
    command: Command,
    crash: Option<Point>,
    freeze: Option<Freeze>,
    tally: &Arc<Tally>,
) -> Ended {
    let watch = Watch::new(tally.clone());
    let options = Options { crash, freeze, observer: watch.clone(), ..Options::default() };
    let ended = simulation.run(command, options).await;
    for text in [simulation.store.text(), watch.errors(), told(&ended)] {
        assert!(!text.contains("secret-"), "a secret gets out: {text}");
    }
    if let Ended::Failed(EngineError::Store(error)) = &ended {
        let name = match error {
            StoreError::Locked { .. } => "told that somebody has the lock",
            StoreError::LeaseLost { .. } => "told that the lease is lost",
            StoreError::Stale { .. } => "told that the state has moved on",
            _ => "told that the store fails",
        };
        tally.count("runs", format!("({name})"));
    }
    watch.ended(&ended);
    ended
}
