//! A stack, the spec it is to match, what is somebody else's, and the laws that hold at rest.

use std::collections::BTreeMap;
use std::sync::Arc;

use provision_core::diagnostic::Sources;
use provision_core::spec::{Expanded, Files, Given};
use provision_core::state::{Operation, Resource, State};
use provision_engine::EngineError;
use provision_sim::{Ended, Simulation, Site, View};
use serde_json::{Value as Json, json};

use super::model::Model;
use super::model::expected::Expected;
use super::text;

/// A stack and a model of what it is to be.
pub(crate) struct Scene {
    pub(crate) simulation: Simulation,
    pub(crate) model: Model,
    /// What is not ours.
    foreign: Vec<View>,
    /// Whether all is printed.
    pub(crate) is_told: bool,
}

impl Scene {
    pub(crate) fn new(seed: u64, simulation: Simulation) -> Self {
        let is_told = std::env::var_os("SEED").is_some();
        let mut scene = Self { simulation, model: Model::new(seed), foreign: Vec::new(), is_told };
        scene.plant(&Site::default(), "sim/network", &json!({ "range": "r1", "tags": {} }));
        scene.plant(&Site::default(), "sim/record", &json!({ "name": "theirs", "value": "v" }));
        scene
    }

    /// Somebody else makes something, unless its name is taken.
    pub(crate) fn plant(&mut self, site: &Site, kind: &str, spec: &Json) {
        if let Ok(id) = self.simulation.cloud.plant(site, kind, spec) {
            let things = self.simulation.cloud.things();
            self.foreign.extend(things.into_iter().filter(|it| it.site == *site && it.id == id.as_str()));
        }
    }

    /// Somebody else takes a name, unless it is that of something whose delete was interrupted: where the
    /// name is all there is to tell things by, nobody could tell theirs from ours.
    pub(crate) fn squat(&mut self, site: &Site, kind: &str, spec: &Json) {
        let name = spec["name"].as_str();
        let is_going = |resource: &Resource| {
            let pending = resource.pending.as_ref().filter(|pending| pending.operation == Operation::Delete);
            let going =
                resource.instances().find(|it| pending.is_some_and(|pending| pending.generation == it.generation));
            going.is_some_and(|it| resource.kind_of(it) == kind && Some(it.id.as_str()) == name)
        };
        let is_ours = |state: &State| state.resources.values().any(is_going);
        if !self.simulation.state().is_ok_and(|state| is_ours(&state)) {
            self.plant(site, kind, spec);
        }
    }

    /// Somebody else takes away all that stands in the way, which nobody has touched.
    pub(crate) fn clear(&mut self) {
        self.check_foreign();
        for view in self.foreign.drain(2..) {
            self.simulation.cloud.vanish(&view.site, &view.id);
        }
    }

    pub(crate) async fn spec(&self) -> Arc<Expanded> {
        let texts = self.model.files();
        if self.is_told {
            texts.iter().for_each(|(name, text)| eprintln!("--- {name}\n{text}---\n"));
        }
        for (arn, secret) in self.model.secrets() {
            self.simulation.cloud.plant_secret(&arn, &secret);
        }
        let mut sources = Sources::default();
        let source = sources.add("main.yaml", texts["main.yaml"].clone());
        let files = Files::new(move |name| texts.get(name).cloned().ok_or_else(|| "there is no such file".to_owned()));
        match self.simulation.spec(&mut sources, source, &Given::default(), &Arc::new(files)).await {
            Err(EngineError::Spec(found)) => panic!("{}", text::diagnostics(&found, &sources).join("\n")),
            spec => spec.unwrap(),
        }
    }

    /// Cloud = spec, one live thing per address, nothing foreign touched, state = cloud, and
    /// nothing left to do.
    pub(crate) async fn check(&self, spec: Option<&Expanded>) {
        self.check_foreign();
        let things = self.simulation.cloud.things();
        let ours: Vec<View> = things.into_iter().filter(|thing| thing.owner.is_some()).collect();
        self.check_things(&ours, if spec.is_some() { self.model.expected() } else { Vec::new() });
        self.check_state(&ours);
        assert!(self.simulation.drift().await.unwrap().is_empty(), "what was applied is not what is");
        let plan = self.simulation.plan(spec).await.unwrap().unwrap();
        assert!(plan.is_empty(), "a second plan has something to do: {:#?}", text::plan(&plan));
        assert!(plan.unchanged.iter().all(|it| it.refresh.is_none()), "the state's records are out of date");
    }

    /// Nothing foreign is touched.
    pub(crate) fn check_foreign(&self) {
        let things = self.simulation.cloud.things();
        let found = sorted(things.iter().filter(|thing| thing.owner.is_none()).map(told));
        assert_eq!(found, sorted(self.foreign.iter().map(told)), "something foreign was touched");
    }

    /// The address by now of what was made for one.
    fn address(&self, thing: &View) -> String {
        self.model.address_now(thing.owner.as_ref().unwrap()).to_string()
    }

    /// Each thing is there, where it is to be, and refers to what it is to refer to.
    fn check_things(&self, ours: &[View], expected: Vec<Expected>) {
        let found = sorted(ours.iter().map(|it| (self.address(it), it.kind.clone(), it.site.clone())));
        let wanted = expected.iter().map(|it| (it.address.to_string(), it.kind.to_owned(), it.site.clone()));
        assert_eq!(found, sorted(wanted), "the cloud does not have what the spec wants");
        let things: BTreeMap<String, &View> = ours.iter().map(|it| (self.address(it), it)).collect();
        for Expected { address, refers, password, .. } in expected {
            let spec = &things[&address.to_string()].spec;
            for (property, others) in refers {
                let ids = sorted(others.iter().map(|other| things[&other.to_string()].id.clone()));
                assert_eq!(texts_in(&spec[property]), ids, "`{property}` of {address}");
            }
            assert_eq!(spec.get("password").and_then(Json::as_str), password.as_deref());
        }
    }

    fn check_state(&self, ours: &[View]) {
        let state = self.simulation.state().unwrap();
        let recorded = state.resources.iter().map(|(address, resource)| {
            let current = resource.current.as_ref().unwrap_or_else(|| panic!("{address} has no instance"));
            assert!(current.settled && resource.deposed.is_empty() && resource.pending.is_none(), "{resource:#?}");
            (address.to_string(), current.id.to_string())
        });
        let found = ours.iter().map(|thing| (self.address(thing), thing.id.clone()));
        assert_eq!(sorted(recorded), sorted(found), "the state does not have what the cloud has");
    }
}

/// A text, or the texts of a list, sorted.
fn texts_in(json: &Json) -> Vec<String> {
    match json {
        Json::Array(items) => sorted(items.iter().flat_map(texts_in)),
        other => other.as_str().map(str::to_owned).into_iter().collect(),
    }
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}

fn told(thing: &View) -> String {
    format!("{} {} {} {:?}", thing.site, thing.kind, thing.id, thing.spec)
}

/// How a run ended, in words.
pub(crate) fn ended(ended: &Ended) -> String {
    match ended {
        Ended::Done(_, outcome) => {
            let errors = outcome.failed.iter().map(|(_, error)| format!("\n    {error}"));
            text::outcome(outcome) + &errors.collect::<String>()
        }
        Ended::Quiet => "quiet".to_owned(),
        Ended::Refused(found) => format!("refused: {found:?}"),
        Ended::Failed(error) => format!("failed: {error}"),
        Ended::Crashed(place) => format!("crashed {place}"),
    }
}
