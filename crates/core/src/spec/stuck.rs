//! Blocks whose repetition, condition or place rests on each other's.

use super::expand::Expanded;
use super::unroll::{Block, Left};
use crate::address::{Address, nearby};
use crate::diagnostic::Diagnostic;
use crate::graph::{Cycle, Graph};

/// What to say of blocks of which each waits for others that are left.
pub(super) fn circles(expanded: &Expanded, left: &[Left]) -> Vec<Diagnostic> {
    let mut graph = Graph::new(left.len());
    for (index, one) in left.iter().enumerate() {
        for (other, _) in left.iter().enumerate().filter(|(_, it)| one.why.blocks.contains(&(it.frame, it.block))) {
            graph.needs(index, other);
        }
    }
    graph.order().err().unwrap_or_default().iter().map(|circle| in_words(expanded, left, circle)).collect()
}

fn in_words(expanded: &Expanded, left: &[Left], Cycle(circle): &Cycle) -> Diagnostic {
    let addresses: Vec<Address> = circle.iter().map(|&index| address(expanded, &left[index])).collect();
    let fields = circle.iter().map(|&index| left[index].why.field);
    let names: Vec<String> =
        fields.zip(nearby(&addresses)).map(|(field, address)| format!("`{field}` of `{address}`")).collect();
    let message = match names.as_slice() {
        [only] => format!("{only} rests on itself"),
        [first, ..] => format!("these rest on each other: {} → {first}", names.join(" → ")),
        [] => String::new(),
    };
    let mut diagnostic = Diagnostic::error("cycle", message);
    for (position, &index) in circle.iter().enumerate() {
        let span = left[index].why.span;
        match position {
            0 => diagnostic.span = Some(span),
            _ => {
                let next = &names[(position + 1) % names.len()];
                diagnostic = diagnostic.with_label(span, format!("rests on {next}"));
            }
        }
    }
    diagnostic.with_help("break the loop: let one of them go by params, locals and constants alone")
}

fn address(expanded: &Expanded, left: &Left) -> Address {
    let frame = &expanded.frames[left.frame];
    frame.address(match left.block {
        Block::Resource(index) => &frame.module.resources[index].name,
        Block::Call(index) => &frame.module.calls[index].name,
        Block::Existing(index) => &frame.module.existing[index].name,
    })
}
