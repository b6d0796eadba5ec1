//! A simulated cloud made from the kinds' schemas, and a store in memory, on which the
//! engine runs under a simulated clock: seeded, deterministic, with faults and crashes
//! wherever a test wants them. Each region of each account is a world of its own.
//!
//! Nothing here knows a kind by name. What a real cloud decides beyond a schema can be
//! told in the JSON Schema of a field:
//!
//! - `x-sim-after-create`: the create call ignores the property; an update sets it.
//! - `x-sim-chosen`: what the cloud chooses for a property that is left out.
//! - `x-sim-seconds`: how many seconds after its creation an early output first shows.

mod cloud;
mod driver;
mod fault;
mod network;
mod process;
mod run;
mod seams;
mod simulation;
mod site;
mod store;
mod thing;
mod world;

pub use cloud::{SimCloud, View};
pub use fault::{Fault, Planned};
pub use process::{Freeze, Moment, Point, Process, meanwhile};
pub use run::{Command, Ended, Options};
pub use seams::{Faithful, Seams};
pub use simulation::Simulation;
pub use site::Site;
pub use store::{MemoryStore, PlannedFault, StoreFault, StoreRules};
