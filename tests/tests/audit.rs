//! What replaces a resource, is never read back or cannot be set: the kinds against
//! CloudFormation's registry (`schema/cloudformation.json`, written by `schema/audit.py`).
//! Deliberate differences stand in `schema/differences.json`, each with its reason.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use provision_core::schema::KindDescription;
use provision_tests::generated::workspace;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// What the registry says of one kind; properties as dotted paths in snake_case.
#[derive(Deserialize)]
struct Registered {
    create_only: BTreeSet<String>,
    /// Create-only for some values: either answer is right.
    conditional_create_only: BTreeSet<String>,
    write_only: BTreeSet<String>,
    read_only: BTreeSet<String>,
}

/// Where a kind differs on purpose: property → reason.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Differences {
    /// Our name → the registry's, where they differ.
    names: BTreeMap<String, String>,
    /// Ours replaces and CloudFormation updates, or the other way round.
    replace: BTreeMap<String, String>,
    /// Only one of the two says that it cannot be read back.
    write_only: BTreeMap<String, String>,
    /// A property of ours that CloudFormation calls read-only.
    read_only: BTreeMap<String, String>,
}

/// A property of ours, flags taken over from the properties it is part of.
struct Property {
    path: String,
    replace: bool,
    write_only: bool,
}

fn load<T: DeserializeOwned>(file: &str) -> BTreeMap<String, T> {
    serde_json::from_str(&fs::read_to_string(workspace().join("schema").join(file)).unwrap()).unwrap()
}

fn properties(kind: &KindDescription) -> Vec<Property> {
    let mut found = Vec::new();
    collect(&kind.properties, "", (false, false), &mut found);
    found
}

fn collect(schema: &Json, prefix: &str, inherited: (bool, bool), found: &mut Vec<Property>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let flag = |name: &str| property[name].as_bool() == Some(true);
        let path = format!("{prefix}{name}");
        let replace = inherited.0 || flag("x-replace");
        let write_only = inherited.1 || flag("x-write-only") || flag("x-secret");
        for part in [property, &property["items"]] {
            collect(part, &format!("{path}."), (replace, write_only), found);
        }
        found.push(Property { path, replace, write_only });
    }
}

impl Differences {
    /// The registry's name of one of our paths.
    fn registered(&self, path: &str) -> String {
        if let Some(name) = self.names.get(path) {
            return name.clone();
        }
        match path.rsplit_once('.') {
            Some((parent, last)) => format!("{}.{last}", self.registered(parent)),
            None => path.to_owned(),
        }
    }
}

/// Whether the registry lists `path` or something it is part of.
fn lists(paths: &BTreeSet<String>, path: &str) -> bool {
    paths
        .iter()
        .any(|listed| path.strip_prefix(listed.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Every difference that is not stated, and every stated one that is none.
fn audit(kind: &KindDescription, registered: &Registered, stated: &Differences) -> Vec<String> {
    let properties = properties(kind);
    let differing = |differs: &dyn Fn(&Property, &str) -> bool| -> BTreeSet<String> {
        let differing = properties.iter().filter(|property| differs(property, &stated.registered(&property.path)));
        outermost(differing.map(|property| property.path.clone()).collect())
    };
    let replace = differing(&|ours, name| {
        ours.replace != lists(&registered.create_only, name) && !lists(&registered.conditional_create_only, name)
    });
    let write_only = differing(&|ours, name| ours.write_only != lists(&registered.write_only, name));
    let read_only = differing(&|_, name| lists(&registered.read_only, name));
    let paths: BTreeSet<&str> = properties.iter().map(|property| property.path.as_str()).collect();
    let unknown = stated.names.keys().filter(|name| !paths.contains(name.as_str()));
    let unknown = unknown.map(|name| format!("{}: `names` has `{name}`, which is no property", kind.name));
    [
        ("replace", replace, &stated.replace),
        ("write_only", write_only, &stated.write_only),
        ("read_only", read_only, &stated.read_only),
    ]
    .into_iter()
    .flat_map(|(list, found, stated)| compare(&kind.name, list, &found, stated))
    .chain(unknown)
    .collect()
}

/// Without the parts of what differs as a whole.
fn outermost(paths: BTreeSet<String>) -> BTreeSet<String> {
    let is_part = |path: &str| path.match_indices('.').any(|(dot, _)| paths.contains(&path[..dot]));
    paths.iter().filter(|path| !is_part(path)).cloned().collect()
}

fn compare(kind: &str, list: &str, found: &BTreeSet<String>, stated: &BTreeMap<String, String>) -> Vec<String> {
    let unstated = found.iter().filter(|path| !stated.contains_key(*path));
    let unstated = unstated.map(|path| format!("{kind}: `{path}` differs from CloudFormation in `{list}`"));
    let outdated = stated.keys().filter(|path| !found.contains(*path));
    unstated.chain(outdated.map(|path| format!("{kind}: `{path}` no longer differs in `{list}`"))).collect()
}

#[test]
fn kinds_agree_with_cloudformation() {
    let registry: BTreeMap<String, Registered> = load("cloudformation.json");
    let mut stated: BTreeMap<String, Differences> = load("differences.json");
    let mut wrong = Vec::new();
    for kind in provision_aws::kinds::schemas().iter().map(|schema| &schema.description) {
        let stated = stated.remove(&kind.name).unwrap_or_default();
        match registry.get(&kind.name) {
            Some(registered) => wrong.extend(audit(kind, registered, &stated)),
            None => wrong.push(format!("{}: name its CloudFormation types in schema/audit.py and run it", kind.name)),
        }
    }
    wrong.extend(stated.into_keys().map(|kind| format!("{kind}: has stated differences but is no kind")));
    assert!(wrong.is_empty(), "mend the kind or state the reason in schema/differences.json:\n{}", wrong.join("\n"));
}
