//! Random specs of several files, and random edits of them.
//!
//! A model is a flat list of nodes, each in a home: the spec's root or a module. What a
//! node uses it may use wherever that lies; `yaml` leads it through outputs and params,
//! and `expected` says without the engine's help what the cloud is to have.

mod edit;
pub(crate) mod expected;
mod kind;
mod yaml;

use provision_core::address::{Address, Segment};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

use kind::{KINDS, Kind, SITES, Site};

/// The name of the spec's own file among the homes.
const ROOT: &str = "main";

/// A spec that is made up as it goes.
pub(crate) struct Model {
    random: StdRng,
    /// Each may use those before it.
    nodes: Vec<Node>,
    /// The modules, each called once.
    homes: Vec<Home>,
    /// All renames so far.
    moves: Vec<(Address, Address)>,
    /// How many names were given.
    named: usize,
    /// Whether nothing may be destroyed.
    pub(crate) is_protected: bool,
}

/// One resource block.
#[derive(Clone)]
struct Node {
    name: String,
    /// Its first name, which its natural key keeps.
    label: String,
    home: String,
    kind: Kind,
    site: Site,
    /// What it uses; the first is what its kind cannot do without.
    uses: Vec<String>,
    /// What cannot change in place.
    fixed: u32,
    /// What can.
    loose: u32,
    makes_first: bool,
    /// Keys of a repeated resource; none for a single one.
    keys: Vec<&'static str>,
    /// Whether it is there once for each of what it cannot do without, where that is
    /// repeated beside it.
    follows: bool,
    /// Whether its expressions stand in locals.
    through_locals: bool,
    is_on: bool,
}

/// One module, and its call.
#[derive(Clone)]
struct Home {
    name: String,
    /// The home its call stands in.
    around: String,
    /// Keys of a repeated module; none for a single one.
    keys: Vec<&'static str>,
    /// Where what is in it lies unless it says otherwise.
    region: &'static str,
    is_on: bool,
}

impl Model {
    /// A spec with a few resources.
    pub(crate) fn new(seed: u64) -> Self {
        let (random, nodes, homes) = (StdRng::seed_from_u64(seed), Vec::new(), Vec::new());
        let mut model = Self { random, nodes, homes, moves: Vec::new(), named: 0, is_protected: false };
        (0..model.random.random_range(0..3)).for_each(|_| model.add_home());
        (0..model.random.random_range(2..6)).for_each(|_| model.add());
        model
    }

    /// The randomness the model is made with, for whatever else a test makes up.
    pub(crate) fn random(&mut self) -> &mut impl Rng {
        &mut self.random
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        (!items.is_empty()).then(|| items[self.random.random_range(0..items.len())].clone())
    }

    fn new_name(&mut self, letter: char) -> String {
        self.named += 1;
        format!("{letter}{}", self.named)
    }

    fn some_node(&mut self) -> Option<Node> {
        self.pick(&self.nodes.clone())
    }

    fn node_named(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// Nodes of these kinds; at `site` alone, where one is given.
    fn named_of(&self, kinds: &[Kind], site: Option<Site>) -> Vec<String> {
        let fits = |node: &&Node| kinds.contains(&node.kind) && site.is_none_or(|site| node.site.is_same(site));
        self.nodes.iter().filter(fits).map(|node| node.name.clone()).collect()
    }

    fn site_of(&self, name: &str) -> Option<Site> {
        self.node_named(name).map(|node| node.site)
    }

    /// The root or a module, the root as often as all modules together.
    fn some_home(&mut self) -> String {
        let homes: Vec<String> = self.homes.iter().map(|home| home.name.clone()).collect();
        let home = if self.random.random_bool(0.5) { self.pick(&homes) } else { None };
        home.unwrap_or_else(|| ROOT.to_owned())
    }

    fn add_home(&mut self) {
        let (name, around) = (self.new_name('m'), self.some_home());
        let keys = if self.random.random_bool(0.4) { vec!["a", "b"] } else { Vec::new() };
        let region = if self.random.random_bool(0.2) { "sim-2" } else { "sim-1" };
        self.homes.push(Home { name, around, keys, region, is_on: true });
    }

    fn add(&mut self) {
        let kind = KINDS[self.random.random_range(0..KINDS.len())];
        let (name, home) = (self.new_name('n'), self.some_home());
        if let Some(node) = self.node(name, home, kind) {
            self.nodes.push(node);
        }
    }

    /// A node of this kind, if there is what it cannot do without.
    fn node(&mut self, name: String, home: String, kind: Kind) -> Option<Node> {
        let uses = self.some_uses(kind)?;
        let follows = self.random.random_bool(0.6);
        let needed = kind.needs().and_then(|_| self.node_named(uses.first()?));
        let leader = needed.filter(|needed| follows && self.is_repeated(needed));
        let home = leader.map_or(home, |leader| leader.home.clone());
        let used = uses.first().filter(|_| kind != Kind::Record).and_then(|used| self.site_of(used));
        let may_repeat = matches!(kind, Kind::Network | Kind::Subnet | Kind::Group);
        Some(Node {
            label: name.clone(),
            name,
            home,
            kind,
            site: used.or_else(|| self.pick(&SITES))?,
            uses,
            fixed: self.random.random_range(0..100),
            loose: 0,
            // What is referred to without a replacement must be there first, and what has a
            // name of its own cannot be there twice.
            makes_first: match kind {
                Kind::Group => true,
                Kind::Record | Kind::Database => false,
                _ => self.random.random_bool(0.3),
            },
            keys: if may_repeat && self.random.random_bool(0.4) { vec!["a", "b"] } else { Vec::new() },
            follows,
            through_locals: self.random.random_bool(0.3),
            is_on: true,
        })
    }

    fn some_uses(&mut self, kind: Kind) -> Option<Vec<String>> {
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
        Some(uses)
    }

    /// The modules on the way to a home, the outermost first.
    fn way(&self, home: &str) -> Vec<&Home> {
        let find = |name: &str| self.homes.iter().find(|home| home.name == name);
        let mut way: Vec<&Home> = std::iter::successors(find(home), |inner| find(&inner.around)).collect();
        way.reverse();
        way
    }

    /// All paths to a home: one for each choice of keys.
    fn paths(&self, home: &str) -> Vec<Vec<Segment>> {
        let mut paths = vec![Vec::new()];
        for home in self.way(home) {
            let keys: Vec<Option<&str>> = match home.keys.as_slice() {
                [] => vec![None],
                keys => keys.iter().copied().map(Some).collect(),
            };
            let step = |key: &Option<&str>| Segment { name: home.name.clone(), key: key.map(str::to_owned) };
            let longer =
                paths.iter().flat_map(|path: &Vec<Segment>| keys.iter().map(|key| [&path[..], &[step(key)]].concat()));
            paths = longer.collect();
        }
        paths
    }

    /// What a node cannot do without.
    fn needed(&self, node: &Node) -> Option<&Node> {
        node.kind.needs().and_then(|_| self.node_named(node.uses.first()?))
    }

    /// What a node is repeated over, if that is another node.
    fn leader(&self, node: &Node) -> Option<&Node> {
        let needed = self.needed(node).filter(|needed| node.follows && needed.home == node.home)?;
        self.is_repeated(needed).then_some(needed)
    }

    fn is_repeated(&self, node: &Node) -> bool {
        self.leader(node).is_some() || !node.keys.is_empty()
    }

    /// The moves whose ends the spec still has, or that others go on from.
    fn moves_that_lead_somewhere(&self) -> Vec<(Address, Address)> {
        let mut moves = self.moves.clone();
        loop {
            let goes_on = |to: &Address| moves.iter().any(|(from, next)| to.moved(from, next).is_some());
            let kept: Vec<_> = moves.iter().filter(|(_, to)| self.states(to) || goes_on(to)).cloned().collect();
            if kept.len() == moves.len() {
                return kept;
            }
            moves = kept;
        }
    }

    /// Whether there is a node or a module of this name, at whatever keys.
    fn states(&self, address: &Address) -> bool {
        let names: Vec<&str> = address.segments().iter().map(|it| &*it.name).collect();
        let way = |home: &str| self.way(home).into_iter().map(|home| home.name.as_str()).collect::<Vec<_>>();
        let is_node = |node: &Node| [way(&node.home), vec![node.name.as_str()]].concat() == names;
        self.nodes.iter().any(is_node) || self.homes.iter().any(|home| way(&home.name) == names)
    }

    /// The address by now of what was made as `address`.
    pub(crate) fn address_now(&self, address: &Address) -> Address {
        let follow = |at: Address, (from, to): &(Address, Address)| at.moved(from, to).unwrap_or(at);
        self.moves.iter().fold(address.clone(), follow)
    }

    /// The ARNs that its expressions ask for, and the secrets there.
    pub(crate) fn secrets(&self) -> Vec<(String, String)> {
        let databases = self.nodes.iter().filter(|node| node.kind == Kind::Database);
        databases.map(|node| (node.arn(), node.password())).collect()
    }
}

impl Node {
    fn password(&self) -> String {
        format!("secret-{}-{}", self.label, self.loose)
    }

    fn arn(&self) -> String {
        format!("arn:sim:of:{}:{}", self.label, self.loose)
    }
}
