//! What the cloud is to have, worked out from the model alone.

use provision_core::address::{Address, Segment};
use provision_sim::Site as SimSite;
use serde_json::{Value as Json, json};

use super::kind::Kind;
use super::{Home, Model, Node};

/// One thing that is to be there.
pub(crate) struct Expected {
    pub(crate) address: Address,
    pub(crate) kind: &'static str,
    pub(crate) site: SimSite,
    /// Its properties that hold ids of others, and of which.
    pub(crate) refers: Vec<(&'static str, Vec<Address>)>,
    pub(crate) password: Option<String>,
}

impl Model {
    /// All that is to be there.
    pub(crate) fn expected(&self) -> Vec<Expected> {
        let all = self.nodes.iter().flat_map(|node| self.paths(&node.home).into_iter().map(move |path| (node, path)));
        all.flat_map(|(node, path)| {
            let instances = self.instances(node, &path);
            instances.into_iter().map(move |address| Expected {
                kind: node.kind.name(),
                site: node.site.into(),
                refers: self.refers(node, &path, &address),
                password: (node.kind == Kind::Database).then(|| node.password()),
                address,
            })
        })
        .collect()
    }

    /// A thing that takes a name the spec wants, as somebody else would make it.
    pub(crate) fn squatter(&mut self) -> Option<(SimSite, &'static str, Json)> {
        let named: Vec<Node> = self.nodes.iter().filter(|node| node.kind.is_named()).cloned().collect();
        let node = self.pick(&named)?;
        let path = self.pick(&self.paths(&node.home))?;
        let keys: String = path.iter().filter_map(|segment| segment.key.as_deref()).collect();
        let name = format!("{}-{}{keys}", node.label, node.fixed);
        let spec = match node.kind {
            Kind::Database => json!({ "name": name, "password": "theirs" }),
            _ => json!({ "name": name, "value": "theirs" }),
        };
        Some((node.site.into(), node.kind.name(), spec))
    }

    /// The instances of a node on one path to its home.
    fn instances(&self, node: &Node, path: &[Segment]) -> Vec<Address> {
        let own = Address::within(path, node.name.as_str());
        if !node.is_on || self.way(&node.home).iter().any(|home| !home.is_on) {
            return Vec::new();
        }
        if let Some(leader) = self.leader(node) {
            let led = self.instances(leader, path).into_iter();
            return led.filter_map(|it| Some(own.clone().with_key(it.key()?))).collect();
        }
        if self.needed(node).is_some_and(|needed| self.seen(needed, path).is_empty()) {
            return Vec::new();
        }
        match node.keys.as_slice() {
            [] => vec![own],
            keys => keys.iter().map(|key| own.clone().with_key(*key)).collect(),
        }
    }

    /// The instances of a node that are meant by its name at the end of `path`.
    fn seen(&self, node: &Node, path: &[Segment]) -> Vec<Address> {
        let way = self.way(&node.home);
        let is_shared = |(home, step): &(&&Home, &Segment)| home.name == step.name;
        let shared = way.iter().zip(path).take_while(is_shared).count();
        let paths = self.paths(&node.home).into_iter().filter(|it| it[..shared] == path[..shared]);
        paths.flat_map(|path| self.instances(node, &path)).collect()
    }

    fn refers(&self, node: &Node, path: &[Segment], address: &Address) -> Vec<(&'static str, Vec<Address>)> {
        let all = |used: Option<&String>| {
            used.and_then(|used| self.node_named(used)).map_or(Vec::new(), |used| self.seen(used, path))
        };
        let first = match (self.leader(node), address.key()) {
            (Some(leader), Some(key)) => vec![Address::within(path, leader.name.as_str()).with_key(key)],
            _ => all(node.uses.first()).into_iter().take(1).collect(),
        };
        match node.kind {
            Kind::Subnet => vec![("network_id", first)],
            Kind::Server => vec![("subnet_id", first), ("group_ids", all(node.uses.get(1)))],
            Kind::Listener => vec![("server_id", first)],
            Kind::Database => vec![("subnet_ids", all(node.uses.first()))],
            Kind::Network | Kind::Group | Kind::Record => Vec::new(),
        }
    }
}
