//! Runs the commands of a script.
//!
//! | command | meaning |
//! |---|---|
//! | `plan SPEC [GIVEN]` | what an apply would do |
//! | `apply SPEC [GIVEN] [target=A] [replace=A]` | one run |
//! | `check SPEC [GIVEN]` | whether what must hold does |
//! | `destroy [STACK]`, `recover [STACK]`, `drift [STACK]` | as they say |
//! | `import SPEC ADDRESS ID` | take what exists |
//! | `out-of-band set ADDRESS PROPERTY JSON` | change it behind the engine's back |
//! | `vanish ADDRESS` | take it away behind the engine's back |
//! | `plant [in REGION] KIND JSON`, `plant failing KIND JSON` | somebody else makes something |
//! | `plant secret ARN VALUE` | somebody else keeps a secret |
//! | `lookup [in REGION] KIND JSON` | what fits these properties and outputs |
//! | `revoke ROLE` | nobody may assume the role from now on |
//! | `remember NAME` | keep the state as it is now |
//! | `retell NAME`, `rollback NAME` | such a state as a spec; a run that goes back to it |
//! | `give up ADDRESS` | say that an interrupted create made nothing of ours |
//! | `rename ADDRESS ADDRESS` | change an address in the state alone |
//! | `fault OPERATION FAULT [TIMES]` | `throttle`, `unavailable`, `lost`, `late=SECONDS`, `twice`, `half`, `denied`, `fails`, `slow=SECONDS`, `lag=READS/SECONDS` |
//! | `fail append|save|renew|lock|load|release TIMES [unheard] [after N]` | the store cannot be written, or its answer is lost |
//! | `crash at call N [during|after]`, `crash after SECONDS` | the next run dies there |
//! | `freeze POINT while SPEC` | the next run stands still there, while another process applies SPEC; POINT as with `crash` |
//! | `beside SPEC` | another process applies SPEC at the same time as the next run |
//! | `store far SECONDS` | the state is in a bucket from now on, with leases of this term |
//! | `unlock` | the lock is taken away from whoever has it |
//! | `stop after N` | the next run is asked to stop once N steps have started |
//! | `wait SECONDS` | time goes by |
//! | `show state [STACK]`, `show cloud`, `show calls`, `show secrets TEXT` | what there is; whether any store holds TEXT |
//!
//! SPEC is the name of a text of the script, GIVEN is `--env NAME` and `-p NAME=VALUE`,
//! STACK is `test` where it is left out. A text of the same name takes the place of the
//! former; one whose name has an ending is a file for other texts to use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use provision_core::address::Address;
use provision_core::diagnostic::{Diagnostic, Sources};
use provision_core::driver::{Id, Place};
use provision_core::fact::Ask;
use provision_core::spec::{Expanded, Files, Given, Retold, retell};
use provision_core::state::{Record, Resource, State};
use provision_engine::EngineError;
use provision_sim::{
    Command, Ended, Fault, Freeze, Moment, Options, Planned, PlannedFault, Point, Simulation, Site, StoreFault,
};

use super::golden::Part;
use super::others::{Lines, insist, standstill};
use super::recorder::Recorder;
use super::{schemas, text};

/// The stack that is meant where none is named.
const STACK: &str = "test";

/// A script under way.
pub(crate) struct Script {
    /// One stack for each that a spec was for, on the same cloud.
    stacks: BTreeMap<String, Simulation>,
    /// The texts of the script, by the names of their files.
    texts: BTreeMap<String, String>,
    /// The files of the last command.
    sources: Sources,
    crash: Option<Point>,
    freeze: Option<Freeze>,
    /// What another process does at the same time.
    beside: Option<Command>,
    /// What other processes said.
    others: Lines,
    stop_after: Option<usize>,
    calls: BTreeMap<String, u64>,
    /// States of the past.
    remembered: BTreeMap<String, State>,
}

type Result<T> = std::result::Result<T, Trouble>;
type Output = Result<Vec<String>>;

/// Why a command has no other output.
enum Trouble {
    Text(String),
    Spec(Vec<Diagnostic>),
}

impl From<String> for Trouble {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Spec(found) => Self::Spec(found),
            error => Self::Text(error.to_string()),
        }
    }
}

impl Script {
    pub(crate) fn new() -> Self {
        Self {
            stacks: BTreeMap::from([(STACK.to_owned(), Simulation::new(STACK, schemas()))]),
            texts: BTreeMap::new(),
            sources: Sources::default(),
            crash: None,
            freeze: None,
            beside: None,
            others: Lines::default(),
            stop_after: None,
            calls: BTreeMap::new(),
            remembered: BTreeMap::new(),
        }
    }

    /// The output of each command.
    pub(crate) async fn play(&mut self, parts: &[Part]) -> Vec<Vec<String>> {
        let mut outputs = Vec::new();
        for part in parts {
            match part {
                Part::Comment(_) => {}
                Part::Spec { name, text } => {
                    self.texts.insert(file(name), text.clone());
                }
                Part::Command(command) => {
                    let output = self.command(command).await;
                    outputs.push(output.unwrap_or_else(|trouble| self.told(&trouble)));
                }
            }
        }
        outputs
    }

    async fn command(&mut self, command: &str) -> Output {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["plan", spec, given @ ..] => self.plan(spec, given).await,
            ["check", spec, given @ ..] => self.check(spec, given).await,
            ["apply", spec, options @ ..] => {
                let spec = self.spec(spec, options).await?;
                self.run(&spec.spec.stack.clone(), Command::Apply(spec), options).await
            }
            ["destroy", stack @ ..] => self.run(named(stack), Command::Destroy, &[]).await,
            ["recover", stack @ ..] => self.run(named(stack), Command::Recover, &[]).await,
            ["retell", name] => Ok(self.retold(name)?.text.lines().map(str::to_owned).collect()),
            ["rollback", name] => {
                let spec = self.rolled_back(name).await?;
                self.run(STACK, Command::Apply(spec), &[]).await
            }
            ["import", spec, address, id] => {
                let spec = self.spec(spec, &[]).await?;
                self.run(&spec.spec.stack.clone(), Command::Import(spec, parsed(address)?, Id::from(*id)), &[]).await
            }
            ["lookup", "in", region, kind, by @ ..] => self.look_up(place(region), kind, &by.join(" ")).await,
            ["lookup", kind, by @ ..] => self.look_up(Place::default(), kind, &by.join(" ")).await,
            ["drift", stack @ ..] => Ok(text::drift(&self.at(named(stack))?.drift().await?)),
            ["show", what @ ..] => self.show(what),
            ["wait", seconds] => {
                tokio::time::advance(Duration::from_secs(parsed(seconds)?)).await;
                Ok(Vec::new())
            }
            ["freeze", at @ .., "while", spec] => {
                let (at, command) = (point(at)?, Command::Apply(self.spec(spec, &[]).await?));
                self.freeze = Some(standstill(at, self.main().clone(), command, self.others.clone()));
                Ok(Vec::new())
            }
            ["beside", spec] => {
                self.beside = Some(Command::Apply(self.spec(spec, &[]).await?));
                Ok(Vec::new())
            }
            other => self.arrange(other).map(|()| Vec::new()),
        }
    }

    /// Commands that only set the scene.
    fn arrange(&mut self, words: &[&str]) -> Result<()> {
        match words {
            ["out-of-band", "set", address, property, value @ ..] => {
                let value = parsed(&value.join(" "))?;
                let (site, id) = self.thing(address)?;
                self.main().cloud.set(&site, &id, property, value);
            }
            ["vanish", address] => {
                let (site, id) = self.thing(address)?;
                self.main().cloud.vanish(&site, &id);
            }
            ["plant", "secret", arn, value] => self.main().cloud.plant_secret(arn, value),
            ["plant", "in", region, kind, spec @ ..] => drop(self.plant(&site(region), kind, spec)?),
            ["plant", "failing", kind, spec @ ..] => {
                let id = self.plant(&Site::default(), kind, spec)?;
                self.main().cloud.break_down(&Site::default(), &id);
            }
            ["plant", kind, spec @ ..] => drop(self.plant(&Site::default(), kind, spec)?),
            ["revoke", role_arn] => self.main().cloud.revoke(role_arn),
            ["remember", name] => {
                let state = self.main().state()?;
                self.remembered.insert((*name).to_owned(), state);
            }
            ["give", "up", address] => self.give_up(parsed(address)?)?,
            ["rename", from, to] => self.rename(parsed(from)?, parsed(to)?)?,
            ["fault", operation, fault] => self.fault(operation, fault, 1)?,
            ["fault", operation, fault, times] => self.fault(operation, fault, parsed(times)?)?,
            ["fail", operation, times, how @ ..] => self.fail(operation, parsed(times)?, how)?,
            ["crash", at @ ..] => self.crash = Some(point(at)?),
            ["store", "far", seconds] => {
                let far = Simulation::far(STACK, schemas(), Duration::from_secs(parsed(seconds)?));
                self.stacks.insert(STACK.to_owned(), far);
            }
            ["unlock"] => self.main().store.unlock(),
            ["stop", "after", count] => self.stop_after = Some(parsed(count)?),
            _ => return Err(format!("no such command: {}", words.join(" ")).into()),
        }
        Ok(())
    }

    fn fault(&self, operation: &str, fault: &str, times: u32) -> Result<()> {
        let fault = match fault.split_once('=') {
            None => match fault {
                "throttle" => Fault::Throttle,
                "unavailable" => Fault::Unavailable,
                "lost" => Fault::Lost,
                "half" => Fault::Half,
                "denied" => Fault::Denied,
                "fails" => Fault::Fails,
                "halts" => Fault::Halts,
                "twice" => Fault::Twice,
                _ => return Err(format!("no such fault: {fault}").into()),
            },
            Some(("late", seconds)) => Fault::Late { seconds: parsed(seconds)? },
            Some(("slow", seconds)) => Fault::Slow { seconds: parsed(seconds)? },
            Some((_, lag)) => {
                let (reads, seconds) = lag.split_once('/').ok_or_else(|| "lag=READS/SECONDS".to_owned())?;
                Fault::Lag { reads: parsed(reads)?, seconds: parsed(seconds)? }
            }
        };
        self.main().cloud.plan_fault(Planned { operation: operation.to_owned(), fault, times });
        Ok(())
    }

    fn fail(&self, operation: &str, times: u32, how: &[&str]) -> Result<()> {
        let (fault, how) = match how {
            ["unheard", how @ ..] => (StoreFault::Unheard, how),
            how => (StoreFault::Refused, how),
        };
        let skipped = if let ["after", skipped] = how { parsed(skipped)? } else { 0 };
        self.main().store.plan_fault(PlannedFault { operation: operation.to_owned(), fault, skipped, times });
        Ok(())
    }

    /// A text of the script as a spec; its stack is there from then on.
    async fn spec(&mut self, name: &str, given: &[&str]) -> Result<Arc<Expanded>> {
        let texts = self.texts.clone();
        let text = texts.get(&file(name)).cloned().ok_or_else(|| format!("no such spec: {name}"))?;
        self.sources = Sources::default();
        let source = self.sources.add(file(name), text);
        let files = Files::new(move |name| texts.get(name).cloned().ok_or_else(|| "there is no such file".to_owned()));
        let first = &self.stacks[STACK];
        let spec = first.spec(&mut self.sources, source, &self::given(given)?, &Arc::new(files)).await?;
        let stack = &spec.spec.stack;
        let beside = first.beside(stack);
        self.stacks.entry(stack.clone()).or_insert(beside);
        Ok(spec)
    }

    fn retold(&self, name: &str) -> Result<Retold> {
        let past = self.remembered.get(name).ok_or_else(|| format!("no such state: {name}"))?;
        retell(past, &self.main().state()?, &schemas()).map_err(Trouble::Spec)
    }

    /// A state of the past as a spec.
    async fn rolled_back(&mut self, name: &str) -> Result<Arc<Expanded>> {
        let retold = self.retold(name)?;
        self.sources = Sources::default();
        let source = self.sources.add(name, retold.text);
        let simulation = &self.stacks[STACK];
        let spec = simulation.spec(&mut self.sources, source, &Given::default(), &Arc::new(Files::none())).await?;
        Ok(Arc::new(Arc::unwrap_or_clone(spec).readdressed(&retold.addresses)))
    }

    fn told(&self, trouble: &Trouble) -> Vec<String> {
        match trouble {
            Trouble::Text(text) => vec![format!("error: {text}")],
            Trouble::Spec(found) => text::diagnostics(found, &self.sources),
        }
    }

    fn at(&self, stack: &str) -> Result<&Simulation> {
        self.stacks.get(stack).ok_or_else(|| format!("no such stack: {stack}").into())
    }

    fn main(&self) -> &Simulation {
        &self.stacks[STACK]
    }

    fn plant(&self, site: &Site, kind: &str, spec: &[&str]) -> Result<Id> {
        let spec = parsed(&spec.join(" "))?;
        Ok(self.main().cloud.plant(site, kind, &spec)?)
    }

    /// Gives a resource another address in the state alone.
    fn rename(&self, from: Address, to: Address) -> Result<()> {
        let moved = Record::Moved { from, to };
        Ok(self.main().store.edit(|state| state.apply(&moved)).map_err(EngineError::from)?)
    }

    fn give_up(&self, address: Address) -> Result<()> {
        let state = self.main().state()?;
        let pending = state.resources.get(&address).and_then(Resource::interrupted_create);
        let generation = pending.ok_or_else(|| format!("nothing was interrupted: {address}"))?.generation;
        let refused = Record::Refused { address, generation };
        Ok(self.main().store.edit(|state| state.apply(&refused)).map_err(EngineError::from)?)
    }

    /// Where the thing at an address is, and its physical name.
    fn thing(&self, address: &str) -> Result<(Site, String)> {
        let state = self.main().state()?;
        let resource = state.resources.get(&parsed(address)?);
        let found = resource.and_then(|it| Some((it, it.current.as_ref()?)));
        let (resource, current) = found.ok_or_else(|| format!("no such resource: {address}"))?;
        Ok((Site::from(resource.place_of(current)), current.id.to_string()))
    }

    async fn look_up(&self, place: Place, kind: &str, by: &str) -> Output {
        let ask = Ask::Lookup { place, kind: kind.into(), by: by.into() };
        let answer = self.main().answer(ask).await?;
        Ok(text::answer(&answer))
    }

    async fn plan(&mut self, spec: &str, given: &[&str]) -> Output {
        let spec = self.spec(spec, given).await?;
        let plan = self.at(&spec.spec.stack)?.plan(Some(&spec)).await?;
        Ok(plan.map_or_else(|refused| text::diagnostics(&refused, &self.sources), |plan| text::plan(&plan)))
    }

    async fn check(&mut self, spec: &str, given: &[&str]) -> Output {
        let spec = self.spec(spec, given).await?;
        let checks = self.at(&spec.spec.stack)?.checks(&spec).await?;
        Ok(checks.iter().flat_map(|check| text::check(check, &self.sources)).collect())
    }

    async fn run(&mut self, stack: &str, command: Command, words: &[&str]) -> Output {
        let mut options = Options { crash: self.crash.take(), freeze: self.freeze.take(), ..Options::default() };
        options.targets = addresses(words, "target=")?;
        options.replace = addresses(words, "replace=")?;
        let recorder = Recorder::new(self.stop_after.take().map(|count| (count, options.stop.clone())));
        options.observer = recorder.clone();
        let (other, others) = (self.beside.take(), self.others.clone());
        let beside = async {
            if let Some(other) = other {
                insist(self.main().clone(), other, others).await;
            }
        };
        let (ended, ()) = tokio::join!(self.at(stack)?.run(command, options), beside);
        let mut lines = match &ended {
            Ended::Done(plan, _) => text::plan(plan),
            _ => Vec::new(),
        };
        lines.extend(recorder.lines());
        match ended {
            Ended::Done(plan, _) if plan.is_empty() => {}
            Ended::Done(_, outcome) => {
                lines.push(text::outcome(&outcome));
                lines.extend(text::outputs(&outcome.outputs));
            }
            Ended::Quiet => lines.push("done".to_owned()),
            Ended::Refused(found) => lines.extend(text::diagnostics(&found, &self.sources)),
            Ended::Failed(error) => lines.push(format!("error: {error}")),
            Ended::Crashed(place) => lines.push(format!("CRASHED {place}")),
        }
        lines.append(&mut self.others.lock().unwrap());
        Ok(lines)
    }

    fn show(&mut self, what: &[&str]) -> Output {
        match what {
            ["state", stack @ ..] => Ok(text::state(&self.at(named(stack))?.state()?)),
            ["cloud"] => Ok(text::cloud(&self.main().cloud.things())),
            ["calls"] => {
                let now = self.main().cloud.calls();
                let lines = text::calls(&self.calls, &now);
                self.calls = now;
                Ok(lines)
            }
            ["secrets", secret] => {
                let is_stored = self.stacks.values().any(|stack| stack.store.text().contains(secret));
                let holds = if is_stored { "holds" } else { "does not hold" };
                Ok(vec![format!("the store {holds} it")])
            }
            _ => Err(format!("nothing to show: {}", what.join(" ")).into()),
        }
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| format!("cannot read `{text}`").into())
}

/// The file a text of a script stands in.
fn file(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{name}.yaml") }
}

/// The stack that a command is for.
fn named<'a>(words: &[&'a str]) -> &'a str {
    words.first().copied().unwrap_or(STACK)
}

/// The point in the life of a run that words name.
fn point(words: &[&str]) -> Result<Point> {
    let at = |call: &str, moment| Ok(Point::AtCall(parsed(call)?, moment));
    match words {
        ["at", "call", call] => at(call, Moment::Before),
        ["at", "call", call, "during"] => at(call, Moment::During),
        ["at", "call", call, "after"] => at(call, Moment::After),
        ["after", seconds] => Ok(Point::After(Duration::from_secs_f64(parsed(seconds)?))),
        _ => Err(format!("no such point: {}", words.join(" ")).into()),
    }
}

/// What the words of a command give a spec.
fn given(words: &[&str]) -> Result<Given> {
    let mut given = Given::default();
    for pair in words.windows(2) {
        match pair {
            ["--env", name] => given.environment = Some((*name).to_owned()),
            ["-p", param] => {
                let (name, value) = param.split_once('=').ok_or_else(|| "-p NAME=VALUE".to_owned())?;
                given.arguments.insert(name.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }
    Ok(given)
}

fn place(region: &str) -> Place {
    Place { region: Some(region.to_owned()), assume_role: None }
}

fn site(region: &str) -> Site {
    Site::from(&place(region))
}

fn addresses(words: &[&str], prefix: &str) -> Result<BTreeSet<Address>> {
    words.iter().filter_map(|word| word.strip_prefix(prefix)).map(parsed).collect()
}
