//! What every kind must do, driven by one example spec and one list of changes per kind.
//!
//! create → plan is empty → look it up → change every mutable field out of band → drift names
//! exactly it → apply mends it → change every field in the spec → update or replace as declared →
//! interrupt at every call → recover → import by id → destroy → nothing left.

mod case;
mod gaps;
mod interrupted;
mod lookup;

use std::path::Path;
use std::sync::Arc;

pub use case::{Case, Change};
pub use gaps::gaps;
pub use interrupted::{Interrupted, When};

use provision_aws::cloud::{Aws, Cloud};
use provision_core::address::Address;
use provision_core::driver::{Id, Intent, Place, Provider, Update};
use provision_core::plan::{Action, Drifted, Plan, Step};
use provision_core::schema::Schemas;
use provision_core::state::Instance;
use provision_core::value::Value;
use serde_json::Value as Json;
use tokio::runtime::Runtime;

use crate::stack::{Stack, Wrong};

/// The resource under test in every example.
const SUBJECT: &str = "subject";

/// Kinds that moto cannot serve, with the reason; LocalStack serves them.
pub const ON_LOCALSTACK: &[(&str, &str)] = &[
    ("s3/bucket", "moto drops the tags of CreateBucket, and answers several GetBucket calls in a form the SDK refuses"),
    ("sns/subscription", "moto confirms e-mail subscriptions by itself"),
    ("sns/topic", "moto reports seven of a topic's attributes and knows no data protection policy"),
];

/// A kind under test.
pub struct Conformance<'a> {
    /// The example and its changes.
    pub case: &'a Case,
    /// The kinds.
    pub schemas: &'a Schemas,
    /// Where the cloud answers.
    pub endpoint: &'a str,
    /// Holds the states.
    pub folder: &'a Path,
}

/// Adds where it happened.
fn during<T>(what: &str, result: Result<T, Wrong>) -> Result<T, Wrong> {
    result.map_err(|wrong| format!("{what}: {wrong}"))
}

fn ensure(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(wrong()) }
}

impl Conformance<'_> {
    async fn provider(&self) -> Arc<dyn Provider> {
        Arc::new(Aws::new(Arc::new(Cloud::local(self.endpoint, "us-east-1").await)))
    }

    fn stack(&self, provider: Arc<dyn Provider>) -> Stack {
        Stack::new(provider, self.schemas, self.folder, &self.case.stack)
    }

    /// Runs all of it; what is wrong is told with where it happened.
    ///
    /// # Errors
    /// Everything that is not as it must be: one entry per check that failed.
    pub async fn run(&self) -> Vec<Wrong> {
        let stack = self.stack(self.provider().await);
        let mut wrong = Vec::new();
        if let Err(error) = during("create", self.create(&stack).await) {
            wrong.push(error);
        } else {
            wrong.extend(during("lookup", self.lookup(&stack).await).err());
            for change in &self.case.changes {
                let name = &change.field;
                wrong.extend(during(&format!("drift of `{name}`"), self.drift(&stack, change).await).err());
                wrong.extend(during(&format!("change of `{name}`"), self.change(&stack, change).await).err());
            }
            wrong.extend(during("import", self.import(&stack).await).err());
        }
        wrong.extend(during("destroy", stack.converge(None).await.map(drop)).err());
        wrong.extend(during("interruption", self.interrupt(&stack).await).err());
        wrong
    }

    async fn create(&self, stack: &Stack) -> Result<(), Wrong> {
        stack.converge(Some(&self.case.text)).await?;
        self.is_settled(stack, &self.case.text).await
    }

    /// A second plan has no step, and nothing has drifted.
    async fn is_settled(&self, stack: &Stack, text: &str) -> Result<(), Wrong> {
        let plan = stack.plan(text).await?;
        ensure(plan.is_empty(), || format!("the second plan is not empty: {}", told(&plan)))?;
        let drift = stack.drift().await?;
        ensure(drift.is_empty(), || format!("drift right after the apply: {drift:?}"))
    }

    /// Changes the live resource behind our back, through the driver.
    async fn drift(&self, stack: &Stack, change: &Change) -> Result<(), Wrong> {
        if !self.shows_drift(change) {
            return Ok(());
        }
        let step = self.subject_step(stack, &self.case.with(change)).await?;
        let (id, generation) = self.subject_id(stack).await?;
        let driver = stack.provider().driver(&self.case.kind, &Place::default()).await;
        let driver = driver.map_err(|error| error.to_string())?.ok_or("the kind has no driver")?;
        let wanted = provision_core::driver::Wanted::foreign(id.clone());
        let live = driver.read(&[wanted]).await.map_err(|error| error.to_string())?;
        let live = live.into_iter().flatten().next().ok_or("it is not there")?;
        let update = Update {
            id,
            live: live.spec,
            fields: [change.field.clone()].into(),
            intent: Intent {
                stack: self.case.stack.clone(),
                address: Address::root(SUBJECT),
                generation,
                token: "0123456789abcdef0123456789abcdef".to_owned(),
            },
        };
        let desired = step.desired.to_driver_json().ok_or("the change is not known before the apply")?;
        driver.update(&desired, &update).await.map_err(|error| error.to_string())?;
        let seen = self.drift_names(stack, &change.field).await;
        during("mending", stack.converge(Some(&self.case.text)).await)?;
        during("after mending", self.is_settled(stack, &self.case.text).await)?;
        seen
    }

    /// Whether a change behind our back can be made and seen: in place, and read back.
    fn shows_drift(&self, change: &Change) -> bool {
        let field = self.schemas.get(&self.case.kind).and_then(|schema| schema.spec.fields.get(&change.field));
        field.is_some_and(|field| !field.replace && !field.write_only) && !change.is_blind
    }

    async fn drift_names(&self, stack: &Stack, field: &str) -> Result<(), Wrong> {
        let drift = stack.drift().await?;
        let subject: Vec<_> = drift.iter().filter(|drift| drift.address.name() == SUBJECT).collect();
        let [found] = subject.as_slice() else {
            return Err(format!("drift should name the subject once: {drift:?}"));
        };
        match &found.drifted {
            Drifted::Missing => Err("drift says that it is gone".to_owned()),
            Drifted::Changed(changes) => ensure(changes.iter().all(|change| change.path[0] == field), || {
                format!("drift names something else too: {changes:?}")
            }),
        }
    }

    /// Changes the spec, there and back.
    async fn change(&self, stack: &Stack, change: &Change) -> Result<(), Wrong> {
        let text = self.case.with(change);
        let step = self.subject_step(stack, &text).await?;
        self.is_as_declared(&step, change)?;
        during("there", stack.converge(Some(&text)).await)?;
        during("after it", self.is_settled(stack, &text).await)?;
        during("back", stack.converge(Some(&self.case.text)).await)?;
        during("after going back", self.is_settled(stack, &self.case.text).await)
    }

    fn is_as_declared(&self, step: &Step, change: &Change) -> Result<(), Wrong> {
        let schema = self.schemas.get(&self.case.kind).ok_or("no schema")?;
        let replaces = schema.spec.fields.get(&change.field).is_some_and(|field| field.replace);
        let expected = if replaces { Action::Create { replaces: true } } else { Action::Update };
        ensure(step.action == expected, || format!("planned as {:?}, declared as {expected:?}", step.action))?;
        let others = step.changes.iter().filter(|other| other.path[0] != change.field);
        let others: Vec<_> = others.filter(|other| other.new.as_ref().is_some_and(Value::is_known)).collect();
        ensure(others.is_empty(), || format!("the plan changes something else too: {others:?}"))
    }

    /// What a spec would do to the subject.
    async fn subject_step(&self, stack: &Stack, text: &str) -> Result<Step, Wrong> {
        let plan = stack.plan(text).await?;
        let mut steps = plan.steps.into_iter().filter(|step| step.address.name() == SUBJECT);
        let step = steps.find(|step| !matches!(step.action, Action::Delete { .. }));
        step.ok_or_else(|| "the change plans nothing".to_owned())
    }

    async fn subject_id(&self, stack: &Stack) -> Result<(Id, u64), Wrong> {
        let current = self.current(stack).await?;
        Ok((current.id, current.generation))
    }

    /// The spec last applied to the subject.
    async fn applied(&self, stack: &Stack) -> Result<Json, Wrong> {
        Ok(self.current(stack).await?.applied)
    }

    async fn current(&self, stack: &Stack) -> Result<Instance, Wrong> {
        let state = stack.state().await?;
        let resource = state.resources.get(&Address::root(SUBJECT));
        resource.and_then(|resource| resource.current.clone()).ok_or_else(|| "the state has no subject".to_owned())
    }

    /// Forgotten and taken back by id, it needs no change that AWS can show.
    async fn import(&self, stack: &Stack) -> Result<(), Wrong> {
        stack.forget_and_import(&self.case.text, SUBJECT).await?;
        let schema = self.schemas.get(&self.case.kind).ok_or("no schema")?;
        let plan = stack.plan(&self.case.text).await?;
        let visible = plan.steps.iter().flat_map(|step| &step.changes);
        let visible: Vec<_> = visible.filter(|change| !schema.spec.fields[&change.path[0]].write_only).collect();
        ensure(visible.is_empty(), || format!("an import needs changes: {visible:?}"))?;
        stack.converge(Some(&self.case.text)).await?;
        self.is_settled(stack, &self.case.text).await
    }

    /// Ends the run at each mutating call of the subject, before and after AWS acted; the
    /// next run must get there all the same.
    async fn interrupt(&self, stack: &Stack) -> Result<(), Wrong> {
        for when in [When::Before, When::After] {
            for call in 0.. {
                let what = format!("{when:?} call {call}");
                let was_interrupted = during(&what, self.run_until(call, when))?;
                during(&what, stack.converge(Some(&self.case.text)).await)?;
                during(&what, self.is_settled(stack, &self.case.text).await)?;
                during(&what, stack.converge(None).await)?;
                if !was_interrupted {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Applies until the interruption, in a runtime of its own that ends with it: what was
    /// under way is gone, as it is when a process dies.
    fn run_until(&self, call: usize, when: When) -> Result<bool, Wrong> {
        let run = || {
            let runtime = Runtime::new().map_err(|error| error.to_string())?;
            runtime.block_on(async {
                let provider = self.provider().await;
                let (interrupted, happened) = Interrupted::new(provider, &self.case.kind, call, when);
                let stack = self.stack(Arc::new(interrupted));
                tokio::select! {
                    applied = stack.converge(Some(&self.case.text)) => applied.map(|_| false),
                    () = happened.notified() => Ok(true),
                }
            })
        };
        let ended = std::thread::scope(|scope| scope.spawn(run).join());
        ended.map_err(|_| "the run panicked".to_owned())?
    }
}

fn told(plan: &Plan) -> String {
    let steps = plan.steps.iter().map(|step| format!("{} {:?} {:?}", step.address, step.action, step.changes));
    steps.collect::<Vec<_>>().join("; ")
}
