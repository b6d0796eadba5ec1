//! Runs the commands of a script.
//!
//! | command | meaning |
//! |---|---|
//! | `plan SPEC` | what an apply would do |
//! | `apply SPEC [target=A] [replace=A]` | one run |
//! | `destroy`, `recover`, `drift` | as they say |
//! | `import SPEC ADDRESS ID` | take what exists |
//! | `out-of-band set ADDRESS PROPERTY JSON` | change it behind the engine's back |
//! | `vanish ADDRESS` | take it away behind the engine's back |
//! | `plant [in REGION] KIND JSON`, `plant failing KIND JSON` | somebody else makes something |
//! | `plant secret ARN VALUE` | somebody else keeps a secret |
//! | `lookup [in REGION] KIND JSON` | what fits these properties and outputs |
//! | `revoke ROLE` | nobody may assume the role from now on |
//! | `rename ADDRESS ADDRESS` | change an address in the state alone |
//! | `fault OPERATION FAULT [TIMES]` | `throttle`, `unavailable`, `lost`, `half`, `denied`, `fails`, `lag=READS/SECONDS` |
//! | `fail appends TIMES` | the journal cannot be written |
//! | `crash at call N [after]` | the next run dies there |
//! | `stop after N` | the next run is asked to stop once N steps have started |
//! | `wait SECONDS` | time goes by |
//! | `show state`, `show cloud`, `show calls`, `show secrets TEXT` | what there is; whether the store holds TEXT |

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use provision_core::address::Address;
use provision_core::diagnostic::{SourceId, Sources};
use provision_core::driver::{Id, Place};
use provision_core::fact::Ask;
use provision_core::spec::Expanded;
use provision_core::state::Record;
use provision_sim::{Command, Crash, Ended, Fault, Moment, Options, Planned, Simulation, Site};

use super::golden::Part;
use super::recorder::Recorder;
use super::{schemas, text};

/// A script under way.
pub(crate) struct Script {
    simulation: Simulation,
    sources: Sources,
    specs: BTreeMap<String, SourceId>,
    crash: Option<Crash>,
    stop_after: Option<usize>,
    calls: BTreeMap<String, u64>,
}

type Output = Result<Vec<String>, String>;

impl Script {
    pub(crate) fn new() -> Self {
        Self {
            simulation: Simulation::new("test", schemas()),
            sources: Sources::default(),
            specs: BTreeMap::new(),
            crash: None,
            stop_after: None,
            calls: BTreeMap::new(),
        }
    }

    /// The output of each command.
    pub(crate) async fn play(&mut self, parts: &[Part]) -> Vec<Vec<String>> {
        let mut outputs = Vec::new();
        for part in parts {
            match part {
                Part::Comment(_) => {}
                Part::Spec { name, text } => {
                    let source = self.sources.add(format!("{name}.yaml"), text.clone());
                    self.specs.insert(name.clone(), source);
                }
                Part::Command(command) => {
                    outputs.push(self.command(command).await.unwrap_or_else(|error| vec![format!("error: {error}")]));
                }
            }
        }
        outputs
    }

    async fn command(&mut self, command: &str) -> Output {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["plan", spec] => self.plan(spec).await,
            ["apply", spec, options @ ..] => {
                let command = Command::Apply(self.spec(spec)?);
                self.run(command, options).await
            }
            ["destroy"] => self.run(Command::Destroy, &[]).await,
            ["recover"] => self.run(Command::Recover, &[]).await,
            ["import", spec, address, id] => {
                let command = Command::Import(self.spec(spec)?, parsed(address)?, Id::from(*id));
                self.run(command, &[]).await
            }
            ["lookup", "in", region, kind, by @ ..] => self.look_up(place(region), kind, &by.join(" ")).await,
            ["lookup", kind, by @ ..] => self.look_up(Place::default(), kind, &by.join(" ")).await,
            ["drift"] => Ok(text::drift(&self.simulation.drift().await.map_err(|error| error.to_string())?)),
            ["show", what @ ..] => self.show(what),
            ["wait", seconds] => {
                tokio::time::advance(Duration::from_secs(parsed(seconds)?)).await;
                Ok(Vec::new())
            }
            other => self.arrange(other).map(|()| Vec::new()),
        }
    }

    /// Commands that only set the scene.
    fn arrange(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            ["out-of-band", "set", address, property, value @ ..] => {
                let value = serde_json::from_str(&value.join(" ")).map_err(|error| error.to_string())?;
                let (site, id) = self.thing(address)?;
                self.simulation.cloud.set(&site, &id, property, value);
            }
            ["vanish", address] => {
                let (site, id) = self.thing(address)?;
                self.simulation.cloud.vanish(&site, &id);
            }
            ["plant", "secret", arn, value] => self.simulation.cloud.plant_secret(arn, value),
            ["plant", "in", region, kind, spec @ ..] => drop(self.plant(&site(region), kind, spec)?),
            ["plant", "failing", kind, spec @ ..] => {
                let id = self.plant(&Site::default(), kind, spec)?;
                self.simulation.cloud.break_down(&Site::default(), &id);
            }
            ["plant", kind, spec @ ..] => drop(self.plant(&Site::default(), kind, spec)?),
            ["revoke", role_arn] => self.simulation.cloud.revoke(role_arn),
            ["rename", from, to] => self.rename(parsed(from)?, parsed(to)?)?,
            ["fault", operation, fault] => self.fault(operation, fault, 1)?,
            ["fault", operation, fault, times] => self.fault(operation, fault, parsed(times)?)?,
            ["fail", "appends", times] => self.simulation.store.fail_appends(parsed(times)?),
            ["crash", "at", "call", call] => {
                self.crash = Some(Crash { call: parsed(call)?, moment: Moment::Before });
            }
            ["crash", "at", "call", call, "after"] => {
                self.crash = Some(Crash { call: parsed(call)?, moment: Moment::After });
            }
            ["stop", "after", count] => self.stop_after = Some(parsed(count)?),
            _ => return Err(format!("no such command: {}", words.join(" "))),
        }
        Ok(())
    }

    fn fault(&self, operation: &str, fault: &str, times: u32) -> Result<(), String> {
        let fault = match fault.split_once('=') {
            None => match fault {
                "throttle" => Fault::Throttle,
                "unavailable" => Fault::Unavailable,
                "lost" => Fault::Lost,
                "half" => Fault::Half,
                "denied" => Fault::Denied,
                "fails" => Fault::Fails,
                _ => return Err(format!("no such fault: {fault}")),
            },
            Some((_, lag)) => {
                let (reads, seconds) = lag.split_once('/').ok_or("lag=READS/SECONDS")?;
                Fault::Lag { reads: parsed(reads)?, seconds: parsed(seconds)? }
            }
        };
        self.simulation.cloud.plan_fault(Planned { operation: operation.to_owned(), fault, times });
        Ok(())
    }

    fn spec(&self, name: &str) -> Result<Arc<Expanded>, String> {
        let source = self.specs.get(name).ok_or_else(|| format!("no such spec: {name}"))?;
        self.simulation
            .spec(&self.sources, *source)
            .map_err(|found| text::diagnostics(&found, &self.sources).join("\n"))
    }

    fn plant(&self, site: &Site, kind: &str, spec: &[&str]) -> Result<Id, String> {
        let spec = serde_json::from_str(&spec.join(" ")).map_err(|error| error.to_string())?;
        self.simulation.cloud.plant(site, kind, &spec)
    }

    /// Gives a resource another address in the state alone.
    fn rename(&self, from: Address, to: Address) -> Result<(), String> {
        let moved = Record::Moved { from, to };
        self.simulation.store.edit(|state| state.apply(&moved)).map_err(|error| error.to_string())
    }

    /// Where the thing at an address is, and its physical name.
    fn thing(&self, address: &str) -> Result<(Site, String), String> {
        let state = self.simulation.state().map_err(|error| error.to_string())?;
        let resource = state.resources.get(&parsed(address)?);
        let found = resource.and_then(|it| Some((it, it.current.as_ref()?)));
        let (resource, current) = found.ok_or_else(|| format!("no such resource: {address}"))?;
        Ok((Site::from(resource.place_of(current)), current.id.to_string()))
    }

    async fn look_up(&self, place: Place, kind: &str, by: &str) -> Output {
        let ask = Ask::Lookup { place, kind: kind.into(), by: by.into() };
        let answer = self.simulation.answer(ask).await.map_err(|error| error.to_string())?;
        Ok(text::answer(&answer))
    }

    async fn plan(&self, spec: &str) -> Output {
        let spec = self.spec(spec)?;
        match self.simulation.plan(Some(&spec)).await.map_err(|error| error.to_string())? {
            Ok(plan) => Ok(text::plan(&plan)),
            Err(refused) => Ok(text::diagnostics(&refused, &self.sources)),
        }
    }

    async fn run(&mut self, command: Command, words: &[&str]) -> Output {
        let mut options = Options { crash: self.crash.take(), ..Options::default() };
        options.targets = addresses(words, "target=")?;
        options.replace = addresses(words, "replace=")?;
        let recorder = Recorder::new(self.stop_after.take().map(|count| (count, options.stop.clone())));
        options.observer = recorder.clone();
        let ended = self.simulation.run(command, options).await;
        let mut lines = match &ended {
            Ended::Done(plan, _) => text::plan(plan),
            _ => Vec::new(),
        };
        lines.extend(recorder.lines());
        match ended {
            Ended::Done(plan, _) if plan.is_empty() => {}
            Ended::Done(_, outcome) => lines.push(text::outcome(&outcome)),
            Ended::Quiet => lines.push("done".to_owned()),
            Ended::Refused(found) => lines.extend(text::diagnostics(&found, &self.sources)),
            Ended::Failed(error) => lines.push(format!("error: {error}")),
            Ended::Crashed(place) => lines.push(format!("CRASHED {place}")),
        }
        Ok(lines)
    }

    fn show(&mut self, what: &[&str]) -> Output {
        match what {
            ["state"] => Ok(text::state(&self.simulation.state().map_err(|error| error.to_string())?)),
            ["cloud"] => Ok(text::cloud(&self.simulation.cloud.things())),
            ["calls"] => {
                let now = self.simulation.cloud.calls();
                let lines = text::calls(&self.calls, &now);
                self.calls = now;
                Ok(lines)
            }
            ["secrets", secret] => {
                let holds = if self.simulation.store.text().contains(secret) { "holds" } else { "does not hold" };
                Ok(vec![format!("the store {holds} it")])
            }
            _ => Err(format!("nothing to show: {}", what.join(" "))),
        }
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("cannot read `{text}`"))
}

fn place(region: &str) -> Place {
    Place { region: Some(region.to_owned()), assume_role: None }
}

fn site(region: &str) -> Site {
    Site::from(&place(region))
}

fn addresses(words: &[&str], prefix: &str) -> Result<BTreeSet<Address>, String> {
    words.iter().filter_map(|word| word.strip_prefix(prefix)).map(parsed).collect()
}
