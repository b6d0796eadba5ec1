//! Random edits of a model.

use provision_core::address::Address;
use rand::RngExt;

use super::kind::{KINDS, Kind, SITES, Site};
use super::{Home, Model, Node};

const KEYS: [&[&str]; 3] = [&["a", "b"], &["b", "c"], &["c"]];

impl Model {
    /// Changes the spec a little.
    pub(crate) fn edit(&mut self) {
        for _ in 0..self.random.random_range(1..4) {
            match self.random.random_range(0..20) {
                0 | 1 => self.add(),
                2 => self.remove(),
                3 => self.change_kind(),
                4 => self.change_keys(),
                5 => self.change_uses(),
                6 => self.change(|node| node.fixed += 1),
                7 => self.rename(),
                8 => self.relocate(),
                9 => self.change(|node| node.site = node.site.reached_anew()),
                10 => self.change(|node| node.is_on = !node.is_on),
                11 => self.change(|node| node.follows = !node.follows),
                12 => self.rehouse(),
                13 => self.add_home(),
                14 => self.remove_home(),
                15 => self.change_home(|home| home.is_on = !home.is_on),
                16 => self.change_keys_of_home(),
                17 => self.rename_home(),
                18 => self.change(|node| node.through_locals = !node.through_locals),
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

    fn change_home(&mut self, change: impl FnOnce(&mut Home)) {
        if !self.homes.is_empty() {
            let index = self.random.random_range(0..self.homes.len());
            change(&mut self.homes[index]);
        }
    }

    /// Another name for a node.
    fn rename(&mut self) {
        if let Some(old) = self.some_node() {
            let new = self.new_name('n');
            for path in self.paths(&old.home) {
                self.moves.push((Address::within(&path, old.name.as_str()), Address::within(&path, new.as_str())));
            }
            self.call_node(&old.name, &new);
        }
    }

    /// Another home for a node, and another name; one instance of each module goes along.
    fn rehouse(&mut self) {
        let (Some(old), home) = (self.some_node(), self.some_home()) else { return };
        if old.home == home {
            return;
        }
        let new = self.new_name('n');
        let (from, to) = (self.paths(&old.home).swap_remove(0), self.paths(&home).swap_remove(0));
        self.call_node(&old.name, &new);
        let was_repeated = self.is_repeated(&old);
        for node in self.nodes.iter_mut().filter(|node| node.name == new) {
            node.home.clone_from(&home);
            // The other instances are made anew while the old ones go: they cannot have one name.
            node.label.clone_from(&new);
        }
        // Repeated or not, it is another resource.
        if self.node_named(&new).is_some_and(|node| self.is_repeated(node) == was_repeated) {
            self.moves.push((Address::within(&from, old.name), Address::within(&to, new)));
        }
    }

    fn call_node(&mut self, old: &str, new: &str) {
        let names = self.nodes.iter_mut().flat_map(|node| node.uses.iter_mut().chain([&mut node.name]));
        names.filter(|name| *name == old).for_each(|name| new.clone_into(name));
    }

    /// Another name for a module; it may get keys at that, or lose them.
    fn rename_home(&mut self) {
        let Some(old) = self.pick(&self.homes.clone()) else { return };
        let new = self.new_name('m');
        let keys = if self.random.random_bool(0.5) { old.keys.clone() } else { KEYS[0].to_vec() };
        let keys = if keys == old.keys && self.random.random_bool(0.3) { Vec::new() } else { keys };
        for path in self.paths(&old.around) {
            let (mut from, mut to) = (Address::within(&path, old.name.as_str()), Address::within(&path, new.as_str()));
            if keys.is_empty() != old.keys.is_empty() {
                from = old.keys.first().map_or(from.clone(), |key| from.with_key(*key));
                to = keys.first().map_or(to.clone(), |key| to.with_key(*key));
            }
            self.moves.push((from, to));
        }
        let names = self.homes.iter_mut().flat_map(|home| [&mut home.name, &mut home.around]);
        let names = names.chain(self.nodes.iter_mut().map(|node| &mut node.home));
        names.filter(|name| **name == old.name).for_each(|name| name.clone_from(&new));
        self.homes.iter_mut().filter(|home| home.name == new).for_each(|home| home.keys.clone_from(&keys));
    }

    fn change_keys_of_home(&mut self) {
        let keys = KEYS[self.random.random_range(0..KEYS.len())].to_vec();
        self.change_home(|home| {
            if !home.keys.is_empty() {
                home.keys = keys;
            }
        });
    }

    /// A module goes, with all in it.
    fn remove_home(&mut self) {
        let Some(gone) = self.pick(&self.homes.clone()) else { return };
        let is_in = |home: &str| self.way(home).iter().any(|it| it.name == gone.name);
        let homes: Vec<String> = self.homes.iter().map(|it| it.name.clone()).filter(|home| is_in(home)).collect();
        self.homes.retain(|home| !homes.contains(&home.name));
        let (out, left): (Vec<Node>, Vec<Node>) =
            std::mem::take(&mut self.nodes).into_iter().partition(|node| homes.contains(&node.home));
        self.nodes = left;
        out.iter().for_each(|node| self.forget(&node.name));
    }

    /// Takes a node elsewhere, and all that must lie where it lies.
    fn relocate(&mut self) {
        if let (Some(node), Some(site)) = (self.some_node(), self.pick(&SITES)) {
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

    fn change_keys(&mut self) {
        let keys = KEYS[self.random.random_range(0..KEYS.len())].to_vec();
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
            let new = self.node(old.name.clone(), old.home.clone(), old.kind);
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
        if let Some(gone) = self.some_node() {
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
        let Some(old) = self.some_node() else { return };
        self.nodes.retain(|node| node.name != old.name);
        self.forget(&old.name);
        let kind = KINDS[self.random.random_range(0..KINDS.len())];
        let node = self.node(old.name, old.home, kind);
        self.nodes.extend(node);
    }
}
