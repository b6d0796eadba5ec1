//! What it takes to plan and walk a graph when the cloud takes no time of ours:
//! `cargo bench -p provision-sim --bench walk`.
//!
//! Graphs of 100, 1,000 and 10,000 resources in three shapes are planned, applied, planned
//! again and destroyed on the simulated cloud, whose clock jumps over every wait. Every run
//! begins with the text of the spec and the stored state, as each command does. Each graph
//! has a process of its own; of several the one that took least time counts. All runs on a
//! stack as small as that of a thread: no chain may be walked by recursion.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

#[path = "../../core/benches/measure/mod.rs"]
mod measure;

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use provision_core::diagnostic::Sources;
use provision_core::schema::{KindDescription, KindSchema, Schemas};
use provision_core::spec::{Expanded, Files, Given};
use provision_sim::{Command, Ended, Options, Simulation};

use measure::{forget_peak, nanoseconds_of_cpu, peak_of_memory};

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const SHAPES: [&str; 3] = ["layered", "fan-out", "chain"];
const PHASES: [&str; 4] = ["plan", "apply", "no-op plan", "destroy"];
/// Resources in one layer, and how many of the layer before each names.
const LAYER: usize = 100;
const NAMED: usize = 3;

/// Set for the process that measures one graph: its shape and size.
const GRAPH: &str = "WALK_GRAPH";
/// How often each graph is measured.
const RUNS: usize = 3;
/// The stack of a thread that Rust or tokio starts, in bytes.
const STACK: usize = 2 << 20;

/// What Terraform's core takes to plan and apply 10,000 layered nodes: seconds of CPU, and
/// bytes of memory at most (1.11, `terraform_data`, on a machine of two cores).
const TERRAFORM: (f64, u64) = (532.0, 819_000_000);
/// The part of Terraform's seconds and of its bytes that is ours.
const PARTS: (f64, u64) = (1.0 / 50.0, 4);
/// How many times as much time ten times as many resources may take, at most: n log n gives
/// 13, and the caches of the processor are small.
const GROWTH: f64 = 25.0;

/// What one phase has taken.
#[derive(Clone, Copy)]
struct Taken {
    nanoseconds: u64,
    /// The most memory the process held meanwhile.
    bytes: u64,
}

/// What each phase has taken, in the order of [`PHASES`].
type Measured = [Taken; PHASES.len()];

fn main() -> ExitCode {
    if let Ok(graph) = std::env::var(GRAPH) {
        let (shape, size) = graph.split_once(' ').unwrap();
        let size = size.parse().unwrap();
        let taken = on_small_stack(spec_of(shape, size), size);
        taken.iter().for_each(|it| println!("{} {}", it.nanoseconds, it.bytes));
        return ExitCode::SUCCESS;
    }
    println!("Seconds of CPU, and how many times those of a tenth of the size; MB at most.\n");
    println!("| shape   | resources | {} |", PHASES.map(|phase| format!("{phase:>22}")).join(" | "));
    println!("|---------|----------:|{}", format!("{}:|", "-".repeat(23)).repeat(PHASES.len()));
    let broken: Vec<String> = SHAPES.iter().flat_map(|shape| measure_shape(shape)).collect();
    broken.iter().for_each(|limit| println!("{limit}"));
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures and prints a shape in all sizes; answers the limits it breaks.
fn measure_shape(shape: &str) -> Vec<String> {
    let mut before: Option<Measured> = None;
    let (mut growth, mut broken) = ([0.0; PHASES.len()], Vec::new());
    for size in SIZES {
        let taken = best(shape, size);
        if let Some(before) = before {
            growth = std::array::from_fn(|phase| seconds(taken[phase]) / seconds(before[phase]));
        }
        let cells: Vec<String> = taken.iter().zip(growth).map(|(taken, growth)| cell(*taken, growth)).collect();
        print!("| {shape:<7} | {size:>9} | {} |", cells.join(" | "));
        println!(
            "{}",
            if (shape, size) == ("layered", 10_000) { beside_terraform(&taken, &mut broken) } else { String::new() }
        );
        before = Some(taken);
    }
    let steep = PHASES.iter().zip(growth).filter(|(_, growth)| *growth > GROWTH);
    broken
        .extend(steep.map(|(phase, growth)| format!("{shape}: {phase} takes {growth:.0} times as long, not {GROWTH}")));
    broken
}

fn seconds(taken: Taken) -> f64 {
    taken.nanoseconds as f64 / 1e9
}

fn cell(taken: Taken, growth: f64) -> String {
    let growth = if growth == 0.0 { String::new() } else { format!("×{growth:.1}") };
    format!("{:>6.3} s {growth:>5} {:>4.0} MB", seconds(taken), taken.bytes as f64 / 1e6)
}

/// How planning and applying compare with Terraform's core; the limits they break.
fn beside_terraform(taken: &Measured, broken: &mut Vec<String>) -> String {
    let (ours, bytes) = (seconds(taken[0]) + seconds(taken[1]), taken[0].bytes.max(taken[1].bytes));
    let (theirs, their_bytes) = TERRAFORM;
    if ours > theirs * PARTS.0 {
        broken.push(format!("plan and apply take {ours:.1} s, not {:.1}", theirs * PARTS.0));
    }
    if bytes > their_bytes / PARTS.1 {
        broken.push(format!("plan and apply take {} MB, not {}", bytes / 1_000_000, their_bytes / PARTS.1 / 1_000_000));
    }
    let (time, memory) = (theirs / ours, their_bytes as f64 / bytes as f64);
    format!(
        " plan + apply: 1/{time:.0} of Terraform core's {theirs} s, 1/{memory:.1} of its {} MB",
        their_bytes / 1_000_000
    )
}

/// The run whose plan and apply took least time.
fn best(shape: &str, size: usize) -> Measured {
    let runs = std::iter::repeat_with(|| in_own_process(shape, size)).take(RUNS);
    runs.min_by_key(|taken| taken[0].nanoseconds + taken[1].nanoseconds).unwrap()
}

fn in_own_process(shape: &str, size: usize) -> Measured {
    let figures = measure::in_own_process(GRAPH, &format!("{shape} {size}"));
    std::array::from_fn(|phase| Taken { nanoseconds: figures[2 * phase], bytes: figures[2 * phase + 1] })
}

/// The kernel counts in ticks of milliseconds, so small graphs are walked many times: the
/// seconds are the mean, the memory that of the first time.
fn on_small_stack(text: String, size: usize) -> Measured {
    let rounds = SIZES[SIZES.len() - 1] / size;
    let work = move || {
        let mut all = live(&text, size);
        for _ in 1..rounds {
            let again = live(&text, size);
            all.iter_mut().zip(again).for_each(|(all, again)| all.nanoseconds += again.nanoseconds);
        }
        all.map(|taken| Taken { nanoseconds: taken.nanoseconds / rounds as u64, ..taken })
    };
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap()
}

fn live(text: &str, size: usize) -> Measured {
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    clock.block_on(Stack::new(text.to_owned(), size).live())
}

/// A stack from its first plan to its end.
struct Stack {
    simulation: Simulation,
    text: String,
    size: usize,
}

impl Stack {
    fn new(text: String, size: usize) -> Self {
        let kinds: Vec<KindDescription> = serde_json::from_str(include_str!("../tests/kinds.json")).unwrap();
        let compiled = kinds.into_iter().map(|kind| Arc::new(KindSchema::compile(kind, |_| Vec::new()).unwrap()));
        let schemas: Schemas = compiled.collect();
        let mut simulation = Simulation::new("bench", Arc::new(schemas));
        simulation.plans_twice = false;
        Self { simulation, text, size }
    }

    async fn live(&self) -> Measured {
        let plan = taken(async { assert_eq!(self.steps().await, self.size) }).await;
        let apply = taken(async { self.run(Command::Apply(self.spec().await)).await }).await;
        let again = taken(async { assert_eq!(self.steps().await, 0) }).await;
        let destroy = taken(self.run(Command::Destroy)).await;
        assert!(self.simulation.cloud.things().is_empty());
        [plan, apply, again, destroy]
    }

    async fn spec(&self) -> Arc<Expanded> {
        let mut sources = Sources::default();
        let source = sources.add("bench.yaml", self.text.clone());
        let files = Arc::new(Files::none());
        self.simulation.spec(&mut sources, source, &Given::default(), &files).await.unwrap()
    }

    /// How many steps a plan has.
    async fn steps(&self) -> usize {
        self.simulation.plan(Some(&*self.spec().await)).await.unwrap().unwrap().steps.len()
    }

    async fn run(&self, command: Command) {
        match self.simulation.run(command, Options::default()).await {
            Ended::Done(plan, outcome) => assert!(outcome.is_complete() && plan.steps.len() == self.size),
            ended => panic!("{ended:?}"),
        }
    }
}

async fn taken(phase: impl Future<Output = ()>) -> Taken {
    forget_peak();
    let begun = nanoseconds_of_cpu();
    phase.await;
    Taken { nanoseconds: nanoseconds_of_cpu() - begun, bytes: peak_of_memory() }
}

/// A spec of `size` resources of which each names others as the shape says.
fn spec_of(shape: &str, size: usize) -> String {
    let mut text = String::from("stack: bench\nresources:\n");
    for n in 0..size {
        let named: Vec<String> = named(shape, n).iter().map(|other| format!("${{n{other}.id}}")).collect();
        let value = if named.is_empty() { "first".to_owned() } else { named.join(" ") };
        writeln!(text, "  n{n}:\n    sim/record: {{ name: n{n}, value: \"{value}\" }}").unwrap();
    }
    text
}

/// What the resource `n` names.
fn named(shape: &str, n: usize) -> Vec<usize> {
    match shape {
        "layered" if n < LAYER => Vec::new(),
        "layered" => (0..NAMED).map(|edge| n / LAYER * LAYER - LAYER + (n + edge * 37) % LAYER).collect(),
        "fan-out" if n > 0 => vec![0],
        "chain" if n > 0 => vec![n - 1],
        _ => Vec::new(),
    }
}
