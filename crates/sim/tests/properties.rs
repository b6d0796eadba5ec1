//! What holds whatever the spec is, where nothing goes wrong; `schedules` has the rest.
//!
//! Every test runs over many seeds and names the seed that fails: `SEED=123 cargo test -p
//! provision-sim --test properties` runs that one alone, with its specs printed.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod support;

use std::future::Future;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use provision_sim::{Command, Ended, Options, Simulation};
use rand::RngExt;
use support::recorder::Recorder;
use support::scene::{Scene, ended as told};
use support::{schemas, text};

/// How many runs without a fault it may take until there is nothing left to do.
const MOST_RUNS: usize = 4;

fn scene(seed: u64) -> Scene {
    Scene::new(seed, Simulation::new("test", schemas()))
}

async fn run(scene: &Scene, command: Command) -> Ended {
    let recorder = Recorder::new(None);
    let options = Options { observer: recorder.clone(), ..Options::default() };
    let ended = scene.simulation.run(command, options).await;
    if scene.is_told {
        let plan = if let Ended::Done(plan, _) = &ended { text::plan(plan) } else { Vec::new() };
        eprintln!("{}\n{}\n{}\n", plan.join("\n"), recorder.lines().join("\n"), told(&ended));
    }
    let (stored, shown) = (scene.simulation.store.text(), recorder.lines().join("\n"));
    for text in [stored, shown, told(&ended), format!("{ended:?}")] {
        assert!(!text.contains("secret-"), "a secret gets out: {text}");
    }
    ended
}

/// Runs until a run has nothing to do; no more often than a fault-free cloud needs.
async fn settle(scene: &Scene, command: Command) {
    for _ in 0..MOST_RUNS {
        let ended = run(scene, command.clone()).await;
        match &ended {
            Ended::Done(plan, _) if plan.is_empty() => return,
            Ended::Done(..) => {}
            other => panic!("{}", told(other)),
        }
    }
    panic!("it does not come to rest");
}

/// Runs a test for each seed under a clock of its own.
fn for_seeds<F: Future<Output = ()>>(seeds: Range<u64>, test: impl Fn(u64) -> F) {
    let only = std::env::var("SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    for seed in only.map_or(seeds, |seed| seed..seed + 1) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let result = catch_unwind(AssertUnwindSafe(|| runtime.block_on(test(seed))));
        if result.is_err() {
            panic!("seed {seed} fails: run it alone with SEED={seed}");
        }
    }
}

#[test]
fn whatever_the_spec_says_is_so_after_one_apply() {
    for_seeds(0..150, |seed| async move {
        let mut scene = scene(seed);
        for _ in 0..4 {
            let spec = scene.spec().await;
            let ended = run(&scene, Command::Apply(spec.clone())).await;
            assert!(ended.is_complete(), "{}", told(&ended));
            scene.check(Some(&spec)).await;
            scene.model.edit();
        }
        let ended = run(&scene, Command::Destroy).await;
        assert!(ended.is_complete(), "{}", told(&ended));
        scene.check(None).await;
    });
}

#[test]
fn whatever_somebody_takes_away_is_put_back() {
    for_seeds(1000..1060, |seed| async move {
        let mut scene = scene(seed);
        let spec = scene.spec().await;
        settle(&scene, Command::Apply(spec.clone())).await;
        for _ in 0..3 {
            for thing in scene.simulation.cloud.things().iter().filter(|thing| thing.owner.is_some()) {
                if scene.model.random().random_bool(0.3) {
                    scene.simulation.cloud.vanish(&thing.site, &thing.id);
                }
            }
            settle(&scene, Command::Apply(spec.clone())).await;
            scene.check(Some(&spec)).await;
        }
    });
}
