//! The picture of a spec.

use std::collections::HashMap;

use super::{Edge, EdgeKind, Node, Note, Picture};
use crate::plan::Stage;
use crate::spec::{Expanded, Instance};

/// All that a spec wants to exist, with every edge.
pub fn of_spec(expanded: &Expanded) -> Picture {
    let instances = expanded.instances.iter().enumerate();
    let index: HashMap<_, _> = instances.map(|(index, instance)| (&instance.address, index)).collect();
    let mut edges = Vec::new();
    for (from, instance) in expanded.instances.iter().enumerate() {
        let needs = expanded.needs(&instance.address);
        edges.extend(needs.iter().filter_map(|(needed, stage)| {
            let what = if *stage == Stage::Done { EdgeKind::Done } else { EdgeKind::Early };
            Some(Edge { from, to: *index.get(needed)?, what })
        }));
    }
    let nodes = expanded.instances.iter().map(|instance| node(expanded, instance)).collect();
    Picture { title: expanded.spec.stack.clone(), nodes, edges }
}

fn node(expanded: &Expanded, instance: &Instance) -> Node {
    let template = expanded.template(instance);
    Node {
        address: instance.address.clone(),
        kind: template.kind.clone(),
        note: instance.stands_for_several().then_some(Note::Repeated),
    }
}
