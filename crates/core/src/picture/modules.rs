//! The modules of a picture, as a tree.

use std::collections::HashMap;

use super::Picture;
use crate::address::Segment;

/// A module, or the whole picture.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Its name and key: `api["blue"]`.
    pub(super) name: String,
    /// Its place in the spec: `edge.api["blue"]`.
    pub(super) address: String,
    /// The module it lies in; the picture's own for the picture.
    pub(super) parent: usize,
    modules: Vec<usize>,
    nodes: Vec<usize>,
}

/// All modules of a picture; the first is the picture itself.
#[derive(Debug)]
pub(super) struct Modules {
    /// The modules, each after the one it lies in.
    pub(super) all: Vec<Module>,
    /// The module each node lies in.
    pub(super) of_node: Vec<usize>,
}

/// A step of a walk through a picture.
#[derive(Clone, Copy, Debug)]
pub(super) enum Visit {
    /// Into this module.
    Enter(usize),
    /// To this node.
    Node(usize),
    /// Out of the module entered last and not left yet.
    Leave,
}

impl Modules {
    pub(super) fn of(picture: &Picture) -> Self {
        let mut modules = Self { all: vec![Module::default()], of_node: Vec::with_capacity(picture.nodes.len()) };
        let mut known = HashMap::new();
        for (index, node) in picture.nodes.iter().enumerate() {
            let (_, path) = node.address.segments().split_last().unzip();
            let path: &[Segment] = path.unwrap_or_default();
            let module = path.iter().fold(0, |parent, segment| {
                *known.entry((parent, segment)).or_insert_with(|| modules.add(parent, segment))
            });
            modules.all[module].nodes.push(index);
            modules.of_node.push(module);
        }
        modules
    }

    /// The modules that a node lies in, the innermost first.
    pub(super) fn around(&self, node: usize) -> impl Iterator<Item = usize> {
        let inside = |&module: &usize| module != 0;
        let outer = move |&module: &usize| Some(self.all[module].parent).filter(inside);
        std::iter::successors(Some(self.of_node[node]).filter(inside), outer)
    }

    /// How deep modules lie in modules; none is 0.
    pub(super) fn deepest(&self) -> usize {
        (0..self.of_node.len()).map(|node| self.around(node).count()).max().unwrap_or(0)
    }

    fn add(&mut self, parent: usize, segment: &Segment) -> usize {
        let (index, name) = (self.all.len(), segment.to_string());
        let address = match self.all[parent].address.as_str() {
            "" => name.clone(),
            outer => format!("{outer}.{name}"),
        };
        self.all[parent].modules.push(index);
        self.all.push(Module { name, address, parent, ..Module::default() });
        index
    }

    /// Every node and every module but the first, what lies in a module between entering
    /// and leaving it; with the depth of each.
    pub(super) fn walk(&self, mut visit: impl FnMut(Visit, usize)) {
        let (mut open, mut depth) = (self.inside(0), 0);
        while let Some(step) = open.pop() {
            depth -= usize::from(matches!(step, Visit::Leave));
            visit(step, depth);
            if let Visit::Enter(module) = step {
                depth += 1;
                open.push(Visit::Leave);
                open.extend(self.inside(module));
            }
        }
    }

    /// What lies in a module, the first last.
    fn inside(&self, module: usize) -> Vec<Visit> {
        let module = &self.all[module];
        let modules = module.modules.iter().map(|&inner| Visit::Enter(inner));
        let mut inside: Vec<Visit> = module.nodes.iter().map(|&node| Visit::Node(node)).chain(modules).collect();
        inside.reverse();
        inside
    }
}
