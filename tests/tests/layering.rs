//! Dependencies point one way, and only `crates/aws` knows the AWS SDK.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{MetadataCommand, NodeDep, PackageId};

/// What each crate of the workspace may depend on among the others.
const ALLOWED: [(&str, &[&str]); 5] = [
    ("provision-core", &[]),
    ("provision-engine", &["provision-core"]),
    ("provision-aws", &["provision-core"]),
    ("provision-sim", &["provision-core", "provision-engine"]),
    ("provision", &["provision-core", "provision-engine", "provision-aws"]),
];

struct Workspace {
    names: BTreeMap<PackageId, String>,
    needs: BTreeMap<String, BTreeSet<String>>,
}

fn workspace() -> Workspace {
    let metadata = MetadataCommand::new().manifest_path("../Cargo.toml").exec().unwrap();
    let names: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (package.id.clone(), package.name.to_string())).collect();
    let nodes = metadata.resolve.unwrap().nodes.into_iter();
    let named = |deps: Vec<NodeDep>| deps.into_iter().map(|dep| names[&dep.pkg].clone()).collect();
    let needs = nodes.map(|node| (names[&node.id].clone(), named(node.deps))).collect();
    Workspace { names: names.clone(), needs }
}

impl Workspace {
    /// All that `name` needs, directly or through others.
    fn closure(&self, name: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut queue = vec![name.to_owned()];
        while let Some(next) = queue.pop() {
            for needed in self.needs.get(&next).into_iter().flatten() {
                if seen.insert(needed.clone()) {
                    queue.push(needed.clone());
                }
            }
        }
        seen
    }
}

#[test]
fn dependencies_point_one_way() {
    let workspace = workspace();
    let ours: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in ALLOWED {
        let needs = workspace.needs[name].iter().map(String::as_str);
        let wrong: Vec<&str> = needs.filter(|needed| ours.contains(needed) && !allowed.contains(needed)).collect();
        assert!(wrong.is_empty(), "{name} must not depend on {wrong:?}");
    }
}

#[test]
fn only_one_crate_knows_the_sdk() {
    let workspace = workspace();
    assert!(workspace.names.values().any(|name| name == "aws-sdk-ec2"));
    for name in ["provision-core", "provision-engine", "provision-sim"] {
        let sdk: Vec<String> = workspace.closure(name).into_iter().filter(|it| it.starts_with("aws-")).collect();
        assert!(sdk.is_empty(), "{name} must build without the SDK, but needs {sdk:?}");
    }
    let direct = workspace.needs["provision"].iter().filter(|name| name.starts_with("aws-"));
    assert_eq!(direct.count(), 0, "the command line reaches the SDK through provision-aws only");
}
