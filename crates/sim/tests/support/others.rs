//! Other processes, beside the one that a script runs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use provision_core::store::StoreError;
use provision_engine::EngineError;
use provision_sim::{Command, Ended, Freeze, Options, Point, Simulation, meanwhile};

use super::recorder::Recorder;
use super::scene::ended as told;

/// What another process says.
pub(crate) type Lines = Arc<Mutex<Vec<String>>>;

/// How often another process asks for the lock, and how long it waits in between.
const TRIES: usize = 6;
const PAUSE: Duration = Duration::from_secs(20);

/// A standstill in which another process carries out `command`, and time enough goes by for a
/// lease to run out.
pub(crate) fn standstill(at: Point, simulation: Simulation, command: Command, lines: Lines) -> Freeze {
    let other = move || {
        simulation.cloud.flush();
        meanwhile(PAUSE * 4, || insist(simulation.clone(), command.clone(), lines.clone())).unwrap()
    };
    Freeze { at, meanwhile: Arc::new(other) }
}

/// Carries out `command` as soon as the lock can be had.
pub(crate) async fn insist(simulation: Simulation, command: Command, lines: Lines) {
    for _ in 0..TRIES {
        let recorder = Recorder::new(None);
        let options = Options { observer: recorder.clone(), ..Options::default() };
        let ended = simulation.run(command.clone(), options).await;
        let is_locked = matches!(ended, Ended::Failed(EngineError::Store(StoreError::Locked { .. })));
        let said = recorder.lines().into_iter().map(|line| without_time(&line).to_owned()).chain([told(&ended)]);
        lines.lock().unwrap().extend(said.map(|line| format!("other: {line}")));
        if !is_locked {
            return;
        }
        wait().await;
    }
}

/// Its clock is a little off that of the process that stands still.
fn without_time(line: &str) -> &str {
    line.split_once("s ").map_or(line, |(_, line)| line)
}

#[expect(clippy::disallowed_methods, reason = "a simulated user waits")]
async fn wait() {
    tokio::time::sleep(PAUSE).await;
}
