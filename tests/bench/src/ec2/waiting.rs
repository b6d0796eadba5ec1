//! What takes time: it is on its way to a state, and there when its time has come.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::Network;
use super::item::{Item, Kind};
use crate::call::Result;

/// How long things take to be made and, again, to be deleted, by the text of their tag `Name` or
/// else by their name in the inventory. What is not named takes no time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits(pub(crate) BTreeMap<String, Duration>);

impl Waits {
    fn of(&self, kind: Kind, item: &Item) -> Duration {
        let by_tag = item.tags.get("Name").and_then(|name| self.0.get(name));
        by_tag.or_else(|| self.0.get(kind.name())).copied().unwrap_or_default()
    }
}

/// A wait there was: of what, to which state, from when to when.
#[derive(Debug)]
pub(super) struct Wait {
    what: String,
    to: &'static str,
    from: Instant,
    until: Instant,
}

/// Where a thing is on its way to.
#[derive(Debug)]
pub(super) struct Goal {
    state: &'static str,
    due: Instant,
}

impl Network {
    /// Sends something through one state to another.
    pub(super) fn begin(&mut self, kind: Kind, id: &str, by: &'static str, to: &'static str) -> Result<()> {
        let wait = self.waits.of(kind, self.find(kind, id)?);
        let item = self.find_mut(kind, id)?;
        if item.get("state") == by {
            return Ok(());
        }
        let from = Instant::now();
        item.set("state", by);
        item.goal = Some(Goal { state: to, due: from + wait });
        let what = item.tags.get("Name").map_or(kind.name(), String::as_str).to_owned();
        self.waited.push(Wait { what, to, from, until: from + wait });
        Ok(())
    }

    /// Brings everything to where it is by now.
    pub(super) fn catch_up(&mut self) {
        let now = Instant::now();
        for kind in [Kind::Nat, Kind::Endpoint] {
            let items = self.items.entry(kind).or_default().values_mut();
            let gone: Vec<String> = items.filter_map(|item| item.arrive(now)).collect();
            for id in gone {
                self.remove_interfaces(kind.id_field(), &id);
                // Deleted gateways are still shown, deleted endpoints are not.
                if kind == Kind::Endpoint {
                    self.items.entry(kind).or_default().remove(&id);
                }
            }
        }
    }

    /// All waits there were, in milliseconds since the first began.
    pub(crate) fn waited(&self) -> Json {
        let first = self.waited.first().map(|wait| wait.from);
        let since = |time: Instant| first.map_or(0, |first| (time - first).as_millis() as u64);
        let told = |wait: &Wait| json!({ "of": wait.what, "to": wait.to, "from_ms": since(wait.from), "until_ms": since(wait.until) });
        self.waited.iter().map(told).collect()
    }
}

impl Item {
    /// Takes the state it is due to have by now; its id, if it is deleted with that.
    fn arrive(&mut self, now: Instant) -> Option<String> {
        let goal = self.goal.take_if(|goal| goal.due <= now)?;
        self.set("state", goal.state);
        (goal.state == "deleted").then(|| self.id.clone())
    }
}
