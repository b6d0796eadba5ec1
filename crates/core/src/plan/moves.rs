//! Resources that change their address and nothing else.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span, suggest, tidy};
use crate::graph::{Cycle, Graph};
use crate::spec::{Expanded, Instance};
use crate::state::{Record, State, fold};

/// One entry of `moved`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The address of a resource, of a module, or of all instances of either.
    pub from: Address,
    /// Its address by now.
    pub to: Address,
    /// Where the entry stands.
    pub span: Span,
}

impl Move {
    /// Where it takes `address`; `None` if it does not speak of it.
    fn of(&self, address: &Address) -> Option<Address> {
        address.moved(&self.from, &self.to)
    }

    /// Whether it may speak of what `other` has moved.
    fn may_follow(&self, other: &Self) -> bool {
        self.of(&other.to).is_some() || (self != other && self.from.is_inside(&other.to))
    }
}

/// The resources of `state` that `spec` has elsewhere: from where to where. Each follows
/// the entries of `moved` as far as they lead. What is taken already stays taken.
///
/// # Errors
/// Entries that contradict each other, or the resources of the spec.
pub fn moves(state: &State, spec: &Expanded) -> Result<Vec<(Address, Address)>, Vec<Diagnostic>> {
    let wrong = contradictions(spec);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let ways = state.resources.keys().filter_map(|address| Some((way(address, &spec.moves)?, address)));
    let mut ways: Vec<_> = ways.map(|((hops, to), from)| (hops, from.clone(), to)).collect();
    // Who comes from the nearest address was there last.
    ways.sort();
    let mut taken = BTreeSet::new();
    ways.retain(|(_, _, to)| !state.resources.contains_key(to) && taken.insert(to.clone()));
    Ok(ways.into_iter().map(|(_, from, to)| (from, to)).collect())
}

impl State {
    /// This state with `moves` carried out.
    #[must_use]
    pub fn moved(&self, moves: &[(Address, Address)]) -> Self {
        let record = |(from, to): &(Address, Address)| Record::Moved { from: from.clone(), to: to.clone() };
        let records: Vec<Record> = moves.iter().map(record).collect();
        fold(self.clone(), &records)
    }
}

/// Where `address` ends up, after how many moves. The moves lead in no circle.
fn way(address: &Address, moves: &[Move]) -> Option<(usize, Address)> {
    let next = |at: &Address| moves.iter().find_map(|it| it.of(at));
    std::iter::successors(next(address), next).enumerate().last()
}

/// What entries of `moved` say against each other, or against the resources of `spec`.
pub(crate) fn contradictions(spec: &Expanded) -> Vec<Diagnostic> {
    let misplaced = spec.moves.iter().filter_map(|it| still_there(it, spec).or_else(|| nowhere(it, spec)));
    let mut found: Vec<Diagnostic> = misplaced.collect();
    for (index, one) in spec.moves.iter().enumerate() {
        found.extend(spec.moves[..index].iter().find_map(|other| contradiction(one, other)));
    }
    found.extend(circles(&spec.moves));
    tidy(&mut found);
    found
}

fn still_there(one: &Move, spec: &Expanded) -> Option<Diagnostic> {
    let stands_at = |it: &Instance| one.of(&it.address).filter(|_| !spec.is_open(it));
    let (there, to) = spec.instances.iter().find_map(|it| Some((it, stands_at(it)?)))?;
    let message = format!("`{}` is moved to `{to}`, but the spec still has it", there.address);
    let diagnostic = Diagnostic::error("moved-still-there", message).at(one.span);
    let diagnostic = diagnostic.with_label(spec.template(there).span, "it stands here");
    Some(diagnostic.with_help("rename it there, too, or take this entry out of `moved`"))
}

/// A resource that is moved to where nothing stands would be deleted.
fn nowhere(one: &Move, spec: &Expanded) -> Option<Diagnostic> {
    let names: Vec<String> = one.to.segments().iter().map(|it| it.name.clone()).collect();
    let goes_on = || spec.moves.iter().any(|other| other.may_follow(one));
    if spec.spec.root.may_state(&names) || goes_on() {
        return None;
    }
    let message = format!("`{}` is moved to `{}`, which the spec does not have", one.from, one.to);
    let known: Vec<String> = spec.instances.iter().map(|it| it.address.to_string()).collect();
    let help = match suggest(&one.to.to_string(), known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write the address it has in the spec; take the entry out if the resource is to be deleted".to_owned(),
    };
    Some(Diagnostic::error("moved-nowhere", message).at(one.span).with_help(help))
}

fn contradiction(one: &Move, other: &Move) -> Option<Diagnostic> {
    let message = match (one.from == other.from, one.to == other.to) {
        (true, _) => format!("`{}` is moved twice", one.from),
        (_, true) => format!("`{}` and `{}` are both moved to `{}`", other.from, one.from, one.to),
        _ => return None,
    };
    let diagnostic = Diagnostic::error("moved-twice", message).at(one.span).with_label(other.span, "the other entry");
    Some(diagnostic.with_help("keep the entry that tells what became of the resource"))
}

fn circles(moves: &[Move]) -> Vec<Diagnostic> {
    let mut graph = Graph::new(moves.len());
    for (index, one) in moves.iter().enumerate() {
        let followers = moves.iter().enumerate().filter(|(_, other)| other.may_follow(one));
        followers.for_each(|(follower, _)| graph.needs(index, follower));
    }
    graph.order().err().unwrap_or_default().iter().filter_map(|circle| in_words(circle, moves)).collect()
}

fn in_words(circle: &Cycle, moves: &[Move]) -> Option<Diagnostic> {
    let entries: Vec<&Move> = circle.0.iter().map(|&index| &moves[index]).collect();
    let (first, rest) = entries.split_first()?;
    let names: Vec<String> = entries.iter().chain([first]).map(|it| format!("`{}`", it.from)).collect();
    let message = format!("the moves lead in a circle: {}", names.join(" → "));
    let diagnostic = Diagnostic::error("moved-circle", message).at(first.span);
    let diagnostic = rest.iter().fold(diagnostic, |found, it| found.with_label(it.span, "and back from here"));
    Some(diagnostic.with_help("a resource has one address at a time: leave out the entries that no longer hold"))
}
