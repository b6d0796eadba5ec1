//! Random specs, and random edits of them.

use std::fmt::Write;

use provision_core::address::Address;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// A spec that is made up as it goes.
pub(crate) struct Model {
    random: StdRng,
    nodes: Vec<Node>,
    /// All renames so far.
    moves: Vec<(Address, Address)>,
    /// How many names were given.
    named: usize,
}

/// One resource block.
#[derive(Clone)]
struct Node {
    name: String,
    /// Its first name, which its natural key keeps.
    label: String,
    kind: Kind,
    site: Site,
    /// Indices into what a kind may refer to; which nodes they mean depends on the others.
    uses: Vec<String>,
    /// What cannot change in place.
    fixed: u32,
    /// What can.
    loose: u32,
    makes_first: bool,
    /// Keys of a repeated resource; none for a single one.
    keys: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Network,
    Subnet,
    Group,
    Server,
    Listener,
    Record,
    Database,
}

const KINDS: [Kind; 7] =
    [Kind::Network, Kind::Subnet, Kind::Group, Kind::Server, Kind::Listener, Kind::Record, Kind::Database];

/// Where a node lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    Here,
    There,
    /// In another account, which a role with this number is assumed for.
    Theirs(u32),
}

const SITES: [Site; 4] = [Site::Here, Site::Here, Site::There, Site::Theirs(0)];

impl Kind {
    /// What it cannot do without.
    fn needs(self) -> Option<Kind> {
        match self {
            Self::Subnet => Some(Self::Network),
            Self::Server => Some(Self::Subnet),
            Self::Listener => Some(Self::Server),
            _ => None,
        }
    }

    /// What it may use besides.
    fn may_use(self) -> &'static [Kind] {
        match self {
            Self::Server => &[Kind::Group],
            Self::Database => &[Kind::Subnet],
            Self::Record => &KINDS,
            _ => &[],
        }
    }

    /// Attributes that others may name.
    fn attributes(self) -> &'static [&'static str] {
        match self {
            Self::Network => &["id", "arn", "zone", "range"],
            Self::Subnet => &["id", "arn", "network_id"],
            Self::Server => &["id", "address", "endpoint", "version"],
            Self::Database => &["id", "endpoint"],
            Self::Group | Self::Listener | Self::Record => &["id"],
        }
    }
}

impl Model {
    /// A spec with a few resources.
    pub(crate) fn new(seed: u64) -> Self {
        let mut model = Self { random: StdRng::seed_from_u64(seed), nodes: Vec::new(), moves: Vec::new(), named: 0 };
        (0..model.random.random_range(2..7)).for_each(|_| model.add());
        model
    }

    /// The randomness the model is made with, for whatever else a test makes up.
    pub(crate) fn random(&mut self) -> &mut impl Rng {
        &mut self.random
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        (!items.is_empty()).then(|| items[self.random.random_range(0..items.len())].clone())
    }

    /// Nodes of these kinds; at `site` alone, where one is given.
    fn named_of(&self, kinds: &[Kind], site: Option<Site>) -> Vec<String> {
        let fits = |node: &&Node| kinds.contains(&node.kind) && site.is_none_or(|site| node.site.is_same(site));
        self.nodes.iter().filter(fits).map(|node| node.name.clone()).collect()
    }

    fn site_of(&self, name: &str) -> Option<Site> {
        self.nodes.iter().find(|node| node.name == name).map(|node| node.site)
    }

    fn add(&mut self) {
        let kind = KINDS[self.random.random_range(0..KINDS.len())];
        let name = format!("n{}", self.named);
        self.named += 1;
        if let Some(node) = self.node(name, kind) {
            self.nodes.push(node);
        }
    }

    /// A node of this kind, if there is what it cannot do without.
    fn node(&mut self, name: String, kind: Kind) -> Option<Node> {
        let mut uses = Vec::new();
        if let Some(needed) = kind.needs() {
            let candidates = self.named_of(&[needed], None);
            uses.push(self.pick(&candidates)?);
        }
        let needed = uses.first().and_then(|used| self.site_of(used));
        let others = self.named_of(kind.may_use(), needed);
        if !others.is_empty() && self.random.random_bool(0.7) {
            uses.extend(self.pick(&others));
        }
        // What is referred to without a replacement must be there first, and what has a
        // name of its own cannot be there twice.
        let makes_first = match kind {
            Kind::Group => true,
            Kind::Record | Kind::Database => false,
            _ => self.random.random_bool(0.3),
        };
        let keys = if kind == Kind::Group && self.random.random_bool(0.4) { vec!["a", "b"] } else { Vec::new() };
        let fixed = self.random.random_range(0..100);
        let used = uses.first().filter(|_| kind != Kind::Record).and_then(|used| self.site_of(used));
        let site = used.or_else(|| self.pick(&SITES))?;
        Some(Node { label: name.clone(), name, kind, site, uses, fixed, loose: 0, makes_first, keys })
    }

    /// Changes the spec a little.
    pub(crate) fn edit(&mut self) {
        for _ in 0..self.random.random_range(1..4) {
            match self.random.random_range(0..11) {
                0 | 1 => self.add(),
                2 => self.remove(),
                3 => self.change_kind(),
                4 => self.change_keys(),
                5 => self.change_uses(),
                6 => self.change(|node| node.fixed += 1),
                7 => self.rename(),
                8 => self.relocate(),
                9 => self.change(|node| node.site = node.site.reached_anew()),
                _ => self.change(|node| node.loose += 1),
            }
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Node)) {
        if !self.nodes.is_empty() {
            let index = self.random.random_range(0..self.nodes.len());
            change(&mut self.nodes[index]);
        }
    }

    fn rename(&mut self) {
        let new = format!("n{}", self.named);
        let Some(old) = self.pick(&self.nodes.clone()) else { return };
        self.named += 1;
        let names = self.nodes.iter_mut().flat_map(|node| node.uses.iter_mut().chain([&mut node.name]));
        names.filter(|name| **name == old.name).for_each(|name| name.clone_from(&new));
        self.moves.push((Address::root(old.name), Address::root(new)));
    }

    /// Takes a node elsewhere, and all that must lie where it lies.
    fn relocate(&mut self) {
        if let (Some(node), Some(site)) = (self.pick(&self.nodes.clone()), self.pick(&SITES)) {
            self.take(&node.name, site);
        }
    }

    fn take(&mut self, name: &str, site: Site) {
        let Some(index) = self.nodes.iter().position(|node| node.name == name) else { return };
        if self.nodes[index].site.is_same(site) {
            return;
        }
        self.nodes[index].site = site;
        let refers = |node: &Node| node.kind != Kind::Record;
        let own = if refers(&self.nodes[index]) { self.nodes[index].uses.clone() } else { Vec::new() };
        let users = self.nodes.iter().filter(|node| refers(node) && node.uses.iter().any(|used| used == name));
        let tied: Vec<String> = users.map(|user| user.name.clone()).chain(own).collect();
        tied.iter().for_each(|name| self.take(name, site));
    }

    /// The address by now of what was made as `address`.
    pub(crate) fn address_now(&self, address: &Address) -> Address {
        let follow = |at: Address, (from, to): &(Address, Address)| at.moved(from, to).unwrap_or(at);
        self.moves.iter().fold(address.clone(), follow)
    }

    fn change_keys(&mut self) {
        let keys = [vec!["a", "b"], vec!["b", "c"], vec!["c"]];
        let keys = keys[self.random.random_range(0..keys.len())].clone();
        self.change(|node| {
            if !node.keys.is_empty() {
                node.keys = keys;
            }
        });
    }

    fn change_uses(&mut self) {
        let before = self.nodes.clone();
        if let Some(old) = self.pick(&before) {
            let index = before.iter().position(|node| node.name == old.name).unwrap_or(0);
            // Only what comes before it, so that nothing needs itself.
            self.nodes.truncate(index);
            let new = self.node(old.name.clone(), old.kind);
            self.nodes = before;
            if let Some(new) = new {
                let site = std::mem::replace(&mut self.nodes[index].site, new.site);
                self.nodes[index].uses = new.uses;
                // Whoever refers to it comes along.
                self.nodes[index].site = site;
                self.take(&old.name, new.site);
            }
        }
    }

    fn remove(&mut self) {
        if let Some(gone) = self.pick(&self.nodes.clone()) {
            self.nodes.retain(|node| node.name != gone.name);
            self.forget(&gone.name);
        }
    }

    /// Drops the uses of a name, and whatever cannot do without it.
    fn forget(&mut self, name: &str) {
        let broken = |node: &Node| node.kind.needs().is_some() && node.uses.first().is_some_and(|used| used == name);
        let gone: Vec<String> = self.nodes.iter().filter(|node| broken(node)).map(|node| node.name.clone()).collect();
        self.nodes.retain(|node| !gone.contains(&node.name));
        self.nodes.iter_mut().for_each(|node| node.uses.retain(|used| used != name));
        gone.iter().for_each(|name| self.forget(name));
    }

    /// Another kind under the same name.
    fn change_kind(&mut self) {
        let Some(old) = self.pick(&self.nodes.clone()) else { return };
        self.nodes.retain(|node| node.name != old.name);
        self.forget(&old.name);
        let kind = KINDS[self.random.random_range(0..KINDS.len())];
        let node = self.node(old.name, kind);
        self.nodes.extend(node);
    }

    /// The spec as YAML.
    pub(crate) fn yaml(&self) -> String {
        let mut text = "stack: test\nmoved:\n".to_owned();
        for (from, to) in &self.moves {
            let _ = writeln!(text, "  - {{ from: {from}, to: {to} }}");
        }
        text.push_str("resources:\n");
        for node in &self.nodes {
            let (kind, body) = self.body(node);
            let _ = writeln!(text, "  {}:\n    {kind}: {{ {body} }}", node.name);
            text.push_str(&node.site.yaml());
            if node.makes_first {
                text.push_str("    lifecycle: { create_before_destroy: true }\n");
            }
            if !node.keys.is_empty() {
                let _ = writeln!(text, "    for_each: [{}]", node.keys.join(", "));
            }
        }
        text
    }

    /// The passwords in it, by address.
    pub(crate) fn passwords(&self) -> Vec<(String, String)> {
        let databases = self.nodes.iter().filter(|node| node.kind == Kind::Database);
        databases.map(|node| (node.name.clone(), password(node))).collect()
    }

    /// The ARNs that its expressions ask for, and the secrets there.
    pub(crate) fn secrets(&self) -> Vec<(String, String)> {
        let databases = self.nodes.iter().filter(|node| node.kind == Kind::Database);
        databases.map(|node| (arn(node), password(node))).collect()
    }

    fn body(&self, node: &Node) -> (&'static str, String) {
        let Node { label, fixed, loose, .. } = node;
        let first = node.uses.first().map(|used| self.reference(used)).unwrap_or_default();
        let rest: Vec<String> = node.uses.iter().skip(1).map(|used| self.reference(used)).collect();
        let rest = if rest.is_empty() { "[]".to_owned() } else { format!("\"${{{}}}\"", rest.join(" + ")) };
        match node.kind {
            Kind::Network => {
                ("sim/network", format!("range: r{fixed}, dns: {}, tags: {{ loose: v{loose} }}", loose % 2 == 1))
            }
            Kind::Subnet => {
                ("sim/subnet", format!("network_id: \"${{{first}[0]}}\", zone: z{fixed}, tags: {{ loose: v{loose} }}"))
            }
            Kind::Group => ("sim/group", format!("label: l{fixed}, ports: [{loose}]")),
            Kind::Server => (
                "sim/server",
                format!(
                    "subnet_id: \"${{{first}[0]}}\", image: i{fixed}, group_ids: {rest}, tags: {{ loose: v{loose} }}"
                ),
            ),
            Kind::Listener => ("sim/listener", format!("server_id: \"${{{first}[0]}}\", port: {}", fixed + loose)),
            Kind::Record => ("sim/record", format!("name: {label}-{fixed}, value: {}", self.value(node))),
            Kind::Database => {
                let subnets = if first.is_empty() { "[]".to_owned() } else { format!("\"${{{first}}}\"") };
                // Of some the spec knows the ARN alone.
                let password = match fixed % 2 {
                    0 => password(node),
                    _ => format!("\"${{secret_value('{}')}}\"", arn(node)),
                };
                let body = format!("name: {label}-{fixed}, password: {password}, backup: {}", loose % 2 == 1);
                ("sim/database", format!("{body}, subnet_ids: {subnets}"))
            }
        }
    }

    /// An expression for the list of the ids under a name.
    fn reference(&self, name: &str) -> String {
        let is_repeated = self.nodes.iter().any(|node| node.name == name && !node.keys.is_empty());
        if is_repeated { format!("values({name}).map(it, it.id)") } else { format!("[{name}.id]") }
    }

    fn value(&self, node: &Node) -> String {
        let used = node.uses.first().and_then(|used| self.nodes.iter().find(|it| it.name == *used));
        match used {
            Some(used) if used.keys.is_empty() => {
                let attributes = used.kind.attributes();
                format!("\"${{{}.{}}}\"", used.name, attributes[node.loose as usize % attributes.len()])
            }
            _ => format!("v{}", node.loose),
        }
    }
}

fn password(node: &Node) -> String {
    format!("secret-{}-{}", node.label, node.loose)
}

fn arn(node: &Node) -> String {
    format!("arn:sim:of:{}:{}", node.label, node.loose)
}

impl Site {
    /// Whether both are the same region and account.
    fn is_same(self, other: Self) -> bool {
        self == other || matches!((self, other), (Self::Theirs(_), Self::Theirs(_)))
    }

    fn reached_anew(self) -> Self {
        match self {
            Self::Theirs(role) => Self::Theirs(role + 1),
            own => own,
        }
    }

    fn yaml(self) -> String {
        match self {
            Self::Here => String::new(),
            Self::There => "    region: sim-2\n".to_owned(),
            Self::Theirs(role) => format!("    assume_role: arn:sim:iam::210987654321:role/r{role}\n"),
        }
    }
}
