//! Every invariant of moves, adoptions and places is broken once.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::violations;
use crate::address::Address;
use crate::diff::Change;
use crate::driver::Place;
use crate::plan::{Action, Plan, Reason, Step};
use crate::spec::Attributes;
use crate::state::{Instance, Resource, Salt, State};
use crate::value::Value;

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn region(name: &str) -> Place {
    Place { region: Some(name.to_owned()), assume_role: None }
}

/// A state with `a` of generation 1 and `b` of generation 2, in region `r`.
fn state() -> State {
    let resource = |generation: u64, id: &str| Resource {
        kind: "ec2/vpc".to_owned(),
        current: Some(Instance {
            generation,
            id: id.into(),
            kind: None,
            place: None,
            settled: true,
            applied: json!({}),
            outputs: json!({}),
        }),
        ..Resource::default()
    };
    let resources = [(address("a"), resource(1, "vpc-a")), (address("b"), resource(2, "vpc-b"))];
    let region = Some("r".to_owned());
    State { region, resources: resources.into(), ..State::new("shop", "0f", Salt::new("5a")) }
}

fn plan(moves: &[(&str, &str)], steps: Vec<Step>) -> Plan {
    Plan {
        stack: "shop".to_owned(),
        lineage: "0f".to_owned(),
        serial: 0,
        moves: moves.iter().map(|(from, to)| (address(from), address(to))).collect(),
        steps,
        unchanged: Vec::new(),
        outputs: BTreeMap::new(),
        attributes: Attributes::default(),
        paces: Vec::new(),
        bound: None,
        asks: BTreeSet::new(),
    }
}

fn step(at: &str, action: Action, reason: Reason) -> Step {
    Step {
        address: address(at),
        kind: "ec2/vpc".to_owned(),
        place: Place::default(),
        action,
        reason,
        changes: Vec::new(),
        waits: Vec::new(),
        desired: Value::Null,
    }
}

fn adopt(at: &str, id: &str) -> Step {
    step(at, Action::Adopt, Reason::Imported(id.into()))
}

fn assert_breaks(plan: &Plan, what: &str) {
    let found = violations(plan, &state());
    assert!(found.iter().any(|it| it.contains(what)), "{what}: {found:?}");
}

#[test]
fn what_is_sound_breaks_nothing() {
    let update = Step { place: region("r"), ..step("c", Action::Update, Reason::Changed) };
    let elsewhere = Step { place: region("other"), ..adopt("d", "vpc-b") };
    let sound = plan(&[("a", "c")], vec![update, elsewhere, adopt("e", "vpc-e")]);
    assert_eq!(violations(&sound, &state()), Vec::<String>::new());
}

#[test]
fn moves_lose_nothing() {
    assert_breaks(&plan(&[("x", "c")], vec![]), "x is moved but not there");
    assert_breaks(&plan(&[("a", "c"), ("a", "d")], vec![]), "a is moved but not there");
    assert_breaks(&plan(&[("a", "b")], vec![]), "a is moved to b, which is taken");
    assert_breaks(&plan(&[("a", "c"), ("b", "c")], vec![]), "b is moved to c, which is taken");
    let create = step("a", Action::Create { replaces: false }, Reason::New);
    assert_breaks(&plan(&[("a", "c")], vec![create]), "a was moved away, and has a step");
}

#[test]
fn only_what_is_nobodys_is_adopted_and_it_stays_what_it_is() {
    assert_breaks(&plan(&[], vec![step("c", Action::Adopt, Reason::New)]), "nothing says what it is");
    assert_breaks(&plan(&[], vec![adopt("a", "vpc-c")]), "a is adopted but has an instance");
    assert_breaks(&plan(&[], vec![adopt("c", "vpc-b")]), "c adopts vpc-b, which is b");
    assert_breaks(&plan(&[("a", "c")], vec![adopt("c", "vpc-x")]), "c is adopted but has an instance");
    assert_breaks(&plan(&[], vec![adopt("c", "vpc-c"), adopt("d", "vpc-c")]), "vpc-c is adopted twice");
    let change = Change { path: vec!["cidr_block".to_owned()], old: None, new: None, replace: true };
    let fixed = Step { changes: vec![change], ..adopt("c", "vpc-c") };
    assert_breaks(&plan(&[], vec![fixed]), "cannot become what it is to be");
}

#[test]
fn what_lies_somewhere_is_changed_and_deleted_there() {
    for action in [Action::Update, Action::Delete { generation: 1, replaced: false }] {
        let elsewhere = Step { place: region("other"), ..step("a", action, Reason::Removed) };
        assert_breaks(&plan(&[], vec![elsewhere]), "a lies elsewhere");
    }
}
