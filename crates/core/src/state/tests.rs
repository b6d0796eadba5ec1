//! Laws of the fold and of the text form, over random journals.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::format::{
    FormatError, Header, Journal, decode_journal, decode_snapshot, encode_header, encode_records, encode_snapshot,
};
use super::{FORMAT, Instance, Lifecycle, Operation, Pending, Record, Salt, State, fold, violations};
use crate::address::Address;
use crate::driver::{AssumeRole, Place};

fn empty() -> State {
    State::new("shop", "0f", Salt::new("5a"))
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,6}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::btree_map("[a-z$]{1,4}", inner, 0..3).prop_map(|it| it.into_iter().collect()),
        ]
    })
}

fn any_address() -> impl Strategy<Value = Address> {
    prop_oneof![
        Just(Address::root("vpc")),
        Just(Address::root("subnet").with_key("a\n\"")),
        Just("net.vpc".parse().unwrap()),
    ]
}

fn any_operation() -> impl Strategy<Value = Operation> {
    prop_oneof![Just(Operation::Create), Just(Operation::Update), Just(Operation::Delete)]
}

fn any_lifecycle() -> impl Strategy<Value = Lifecycle> {
    any::<(bool, bool, bool)>().prop_map(|(prevent_destroy, retain_on_delete, create_before_destroy)| Lifecycle {
        prevent_destroy,
        retain_on_delete,
        create_before_destroy,
    })
}

fn any_place() -> impl Strategy<Value = Place> {
    let role = |account: &str| AssumeRole {
        role_arn: format!("arn:aws:iam::{account}:role/x"),
        external_id: None,
        role_session_name: None,
    };
    let role = prop::option::of(prop_oneof![Just(role("111111111111")), Just(role("222222222222"))]);
    (prop::option::of("[a-b]"), role).prop_map(|(region, assume_role)| Place { region, assume_role })
}

fn any_instance() -> impl Strategy<Value = Instance> {
    (0..5_u64, ".{0,4}", any::<bool>(), any_json(), any_json()).prop_map(
        |(generation, id, settled, applied, outputs)| Instance {
            generation,
            id: id.into(),
            kind: None,
            place: None,
            settled,
            applied,
            outputs,
        },
    )
}

fn any_pending() -> impl Strategy<Value = Pending> {
    (any_operation(), 0..5_u64, "[0-9a-f]{4}", any_json()).prop_map(|(operation, generation, token, request)| Pending {
        operation,
        generation,
        token,
        request,
    })
}

/// Any record at all, whether or not an engine would write it.
fn any_record() -> impl Strategy<Value = Record> {
    let facts = || {
        let dependencies = prop::collection::btree_set(any_address(), 0..3);
        (any_address(), "[a-z/]{1,6}", any_place(), dependencies, any_lifecycle())
    };
    prop_oneof![
        3 => (facts(), any_pending()).prop_map(|((address, kind, place, dependencies, lifecycle), pending)| {
            Record::Intent { address, kind, place, dependencies, lifecycle, pending }
        }),
        2 => (facts(), any_instance()).prop_map(|((address, kind, place, dependencies, lifecycle), instance)| {
            Record::Settled { address, kind, place, dependencies, lifecycle, instance }
        }),
        3 => (any_address(), 0..5_u64, ".{1,4}")
            .prop_map(|(address, generation, id)| Record::Created { address, generation, id: id.into() }),
        1 => (any_address(), 0..5_u64).prop_map(|(address, generation)| Record::Refused { address, generation }),
        2 => (any_address(), 0..5_u64).prop_map(|(address, generation)| Record::Deleted { address, generation }),
        1 => any_address().prop_map(|address| Record::Forgotten { address }),
        1 => (any_address(), any_address()).prop_map(|(from, to)| Record::Moved { from, to }),
    ]
}

fn any_records() -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(any_record(), 0..24)
}

/// What holds of every state, however it came about.
fn assert_valid(state: &State) {
    for (address, resource) in &state.resources {
        assert!(resource.instances().next().is_some() || resource.pending.is_some(), "{address} is empty");
        let generations: Vec<_> = resource.instances().map(|it| it.generation).collect();
        assert!(generations.is_sorted_by(|a, b| a < b), "{address}: {generations:?}");
        let pending = resource.pending.iter().map(|it| it.generation);
        assert!(generations.into_iter().chain(pending).all(|it| it < state.next_generation), "{address}");
    }
}

fn journal_text(snapshot: &State, records: &[Record]) -> String {
    encode_header(&Header::of(snapshot)).unwrap() + &encode_records(records).unwrap()
}

/// A journal as an engine writes it, for each choice one record.
fn history(choices: &[(Address, u8)]) -> Vec<Record> {
    let mut state = empty();
    let mut records = Vec::new();
    for (address, choice) in choices {
        let record = next_record(&state, address, *choice);
        state.apply(&record);
        records.push(record);
    }
    records
}

fn next_record(state: &State, address: &Address, choice: u8) -> Record {
    let resource = state.resources.get(address).cloned().unwrap_or_default();
    let oldest = resource.instances().next().cloned();
    match (&resource.pending, oldest) {
        (Some(pending), _) => result(address, pending, choice),
        (None, Some(_)) if choice % 16 == 15 => Record::Forgotten { address: address.clone() },
        (None, Some(oldest)) if choice.is_multiple_of(3) => {
            intent(address, Operation::Delete, oldest.generation, choice)
        }
        (None, Some(_)) if choice % 3 == 1 => match &resource.current {
            Some(current) => intent(address, Operation::Update, current.generation, choice),
            None => intent(address, Operation::Create, state.next_generation, choice),
        },
        (None, None) if choice % 8 == 7 => settled(address, state.next_generation, choice),
        (None, _) => intent(address, Operation::Create, state.next_generation, choice),
    }
}

fn intent(address: &Address, operation: Operation, generation: u64, choice: u8) -> Record {
    let pending = Pending { operation, generation, token: format!("{generation:032x}"), request: json!(choice) };
    let dependencies = BTreeSet::from([Address::root(format!("d{choice}"))]);
    let kind = "ec2/vpc".to_owned();
    let (address, place, lifecycle) = (address.clone(), Place::default(), Lifecycle::default());
    Record::Intent { address, kind, place, dependencies, lifecycle, pending }
}

fn settled(address: &Address, generation: u64, choice: u8) -> Record {
    let (id, applied, outputs) = (format!("vpc-{generation}").into(), json!(choice), json!({ "arn": choice }));
    Record::Settled {
        address: address.clone(),
        kind: "ec2/vpc".to_owned(),
        place: Place::default(),
        dependencies: BTreeSet::new(),
        lifecycle: Lifecycle { prevent_destroy: choice.is_multiple_of(2), ..Lifecycle::default() },
        instance: Instance { generation, id, kind: None, place: None, settled: true, applied, outputs },
    }
}

fn result(address: &Address, pending: &Pending, choice: u8) -> Record {
    let (address, generation) = (address.clone(), pending.generation);
    match pending.operation {
        _ if choice.is_multiple_of(4) => Record::Refused { address, generation },
        Operation::Create => Record::Created { address, generation, id: format!("vpc-{generation}").into() },
        Operation::Update => settled(&address, generation, choice),
        Operation::Delete => Record::Deleted { address, generation },
    }
}

proptest! {
    #[test]
    fn every_prefix_of_every_journal_is_a_valid_state_that_can_be_stored(records in any_records()) {
        let mut state = empty();
        for record in &records {
            state.apply(record);
            assert_valid(&state);
        }
        let text = encode_snapshot(&state).unwrap();
        prop_assert_eq!(encode_snapshot(&decode_snapshot(text.as_bytes()).unwrap()).unwrap(), text.clone());
        prop_assert_eq!(decode_snapshot(text.as_bytes()).unwrap(), state);
    }

    #[test]
    fn wherever_a_journal_is_cut_recovery_finds_what_it_needs(
        choices in prop::collection::vec((any_address(), any::<u8>()), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let records = history(&choices);
        let mut state = empty();
        for record in &records {
            state.apply(record);
            prop_assert_eq!(violations(&state), Vec::<String>::new());
        }
        let text = journal_text(&empty(), &records);
        let text = &text.as_bytes()[..cut.index(text.len() + 1)];
        let durable = decode_journal(text).unwrap().map_or(Vec::new(), |journal| journal.records);
        prop_assert_eq!(violations(&fold(empty(), &durable)), Vec::<String>::new());
    }

    #[test]
    fn a_compacted_snapshot_and_the_rest_are_the_whole_fold(records in any_records(), cut in any::<prop::sample::Index>()) {
        let (before, after) = records.split_at(cut.index(records.len() + 1));
        let snapshot = encode_snapshot(&fold(empty(), before)).unwrap();
        prop_assert_eq!(fold(decode_snapshot(snapshot.as_bytes()).unwrap(), after), fold(empty(), &records));
    }

    #[test]
    fn a_journal_folded_twice_is_a_journal_folded_once(
        choices in prop::collection::vec((any_address(), any::<u8>()), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let records = history(&choices);
        let (before, journal) = records.split_at(cut.index(records.len() + 1));
        let once = fold(fold(empty(), before), journal);
        prop_assert_eq!(fold(once.clone(), journal), once);
    }

    #[test]
    fn what_has_moved_does_not_move_again(
        choices in prop::collection::vec((any_address(), any::<u8>()), 0..40),
        later in prop::collection::vec(any::<u8>(), 0..10),
    ) {
        let (from, to) = (Address::root("vpc"), Address::root("network"));
        let before = fold(empty(), &history(&choices));
        let mut journal = vec![Record::Moved { from: from.clone(), to: to.clone() }];
        let mut state = fold(before.clone(), &journal);
        prop_assert_eq!(state.resources.get(&to), before.resources.get(&from));
        prop_assert!(state.resources.values().all(|it| !it.dependencies.contains(&from)) || !before.resources.contains_key(&from));
        for choice in later.into_iter().filter(|_| before.resources.contains_key(&from)) {
            let record = next_record(&state, &to, choice);
            state.apply(&record);
            journal.push(record);
            prop_assume!(state.resources.contains_key(&to));
        }
        prop_assert_eq!(fold(fold(before, &journal), &journal), state);
    }

    #[test]
    fn a_journal_reads_back_up_to_where_it_was_cut(records in any_records(), cut in any::<prop::sample::Index>()) {
        let text = journal_text(&empty(), &records);
        let cut = cut.index(text.len() + 1);
        let whole_lines = text.as_bytes()[..cut].iter().filter(|&&byte| byte == b'\n').count();
        let expected = whole_lines.checked_sub(1).map(|count| {
            Journal { header: Header::of(&empty()), records: records[..count].to_vec() }
        });
        prop_assert_eq!(decode_journal(&text.as_bytes()[..cut]).unwrap(), expected);
    }

    #[test]
    fn a_damaged_whole_line_is_an_error(records in any_records(), at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut text = journal_text(&empty(), &records).into_bytes();
        let at = at.index(text.len() - 1);
        prop_assume!(text[at] != b'\n' && text[at] ^ flip != b'\n');
        text[at] ^= flip;
        let is_corrupt = matches!(decode_journal(&text), Err(FormatError::Corrupt { .. }));
        prop_assert!(is_corrupt);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256), text in "[\\[{\":,}0-9a-z \n]{0,64}") {
        for bytes in [&bytes[..], text.as_bytes()] {
            let _ = decode_snapshot(bytes);
            let _ = decode_journal(bytes);
        }
    }
}

#[test]
fn every_invariant_of_states_is_broken_once() {
    let vpc = Address::root("vpc");
    let sound = fold(empty(), &[settled(&vpc, 1, 0), settled(&vpc, 2, 0), intent(&vpc, Operation::Update, 2, 0)]);
    let broken = |change: &dyn Fn(&mut State)| {
        let mut state = sound.clone();
        change(&mut state);
        violations(&state).join("; ")
    };
    let pending = |state: &mut State, operation, generation| {
        let pending = state.resources.get_mut(&vpc).unwrap().pending.as_mut().unwrap();
        (pending.operation, pending.generation) = (operation, generation);
    };
    assert_eq!(broken(&|_| {}), "");
    for (change, told) in [
        (&|state: &mut State| drop(state.resources.insert(Address::root("empty"), Default::default())), "neither"),
        (&|state| state.resources.get_mut(&vpc).unwrap().deposed[0].generation = 2, "out of order"),
        (&|state| state.next_generation = 2, "generation 2, and the next is 2"),
        (&|state| state.resources.get_mut(&vpc).unwrap().kind.clear(), "no kind"),
        (&|state| state.resources.get_mut(&vpc).unwrap().pending.as_mut().unwrap().token.clear(), "without a token"),
        (&|state| pending(state, Operation::Create, 1), "which is there"),
        (&|state| pending(state, Operation::Delete, 0), "which is not there"),
    ] as [(&dyn Fn(&mut State), &str); 7]
    {
        let found = broken(change);
        assert!(found.contains(told), "{told}: {found}");
    }
}

#[test]
fn a_life_of_a_resource() {
    let vpc = Address::root("vpc");
    let mut state = empty();
    state.apply(&intent(&vpc, Operation::Create, 1, 0));
    assert_eq!((state.resources[&vpc].current.is_none(), state.next_generation), (true, 2));

    state.apply(&Record::Created { address: vpc.clone(), generation: 1, id: "vpc-1".into() });
    let resource = state.resources[&vpc].clone();
    assert_eq!(resource.pending, None);
    let created = resource.current.unwrap();
    assert_eq!((created.id.as_str(), created.settled, created.applied), ("vpc-1", false, json!(0)));

    state.apply(&settled(&vpc, 1, 7));
    assert!(state.resources[&vpc].current.as_ref().unwrap().settled);

    state.apply(&intent(&vpc, Operation::Create, 2, 0));
    state.apply(&Record::Created { address: vpc.clone(), generation: 2, id: "vpc-2".into() });
    let ids: Vec<_> = state.resources[&vpc].instances().map(|it| it.id.to_string()).collect();
    assert_eq!((ids, state.resources[&vpc].deposed.len()), (vec!["vpc-1".to_owned(), "vpc-2".to_owned()], 1));

    for generation in [1, 2] {
        state.apply(&Record::Deleted { address: vpc.clone(), generation });
    }
    assert_eq!((state.resources, state.next_generation), (BTreeMap::new(), 3));
}

#[test]
fn a_refused_create_leaves_nothing_and_a_refused_update_what_was_there() {
    let vpc = Address::root("vpc");
    let refused = Record::Refused { address: vpc.clone(), generation: 1 };
    let created = fold(empty(), &[intent(&vpc, Operation::Create, 1, 0), refused.clone()]);
    assert!(created.resources.is_empty());
    let updated = fold(empty(), &[settled(&vpc, 1, 0), intent(&vpc, Operation::Update, 1, 0), refused]);
    assert_eq!((updated.resources[&vpc].current.is_some(), updated.resources[&vpc].pending.is_some()), (true, false));
}

#[test]
fn a_move_takes_the_needs_of_others_along_and_never_what_is_taken() {
    let [vpc, network, subnet] = ["vpc", "network", "subnet"].map(Address::root);
    let user = Record::Settled {
        address: subnet.clone(),
        kind: "ec2/subnet".to_owned(),
        place: Place::default(),
        dependencies: BTreeSet::from([vpc.clone()]),
        lifecycle: Lifecycle::default(),
        instance: Instance {
            generation: 2,
            id: "subnet-1".into(),
            kind: None,
            place: None,
            settled: true,
            applied: json!({}),
            outputs: json!({}),
        },
    };
    let moved = Record::Moved { from: vpc.clone(), to: network.clone() };
    let before = fold(empty(), &[settled(&vpc, 1, 0), user]);
    let after = fold(before.clone(), std::slice::from_ref(&moved));
    assert_eq!(after.resources.get(&network), before.resources.get(&vpc));
    assert_eq!(after.resources[&subnet].dependencies, BTreeSet::from([network.clone()]));
    let taken = fold(before, &[settled(&network, 3, 0)]);
    assert_eq!(fold(taken.clone(), &[moved]), taken);
}

#[test]
fn what_lies_elsewhere_by_now_is_known_for_where_it_was() {
    let vpc = Address::root("vpc");
    let placed = |region: &str, role: Option<&str>| Place {
        region: Some(region.to_owned()),
        assume_role: role.map(|name| AssumeRole {
            role_arn: format!("arn:aws:iam::111111111111:role/{name}"),
            external_id: None,
            role_session_name: None,
        }),
    };
    let intent_at = |place: &Place, operation, generation| match intent(&vpc, operation, generation, 0) {
        Record::Intent { address, kind, dependencies, lifecycle, pending, .. } => {
            Record::Intent { address, kind, place: place.clone(), dependencies, lifecycle, pending }
        }
        other => other,
    };
    let place_of = |records: &[Record], generation| {
        let state = fold(empty(), records);
        let resource = state.resources[&vpc].clone();
        let instance = resource.instances().find(|it| it.generation == generation).unwrap();
        resource.place_of(instance).clone()
    };
    let (first, renamed, second) = (placed("a", Some("x")), placed("a", Some("y")), placed("b", Some("y")));
    let created = |generation| Record::Created { address: vpc.clone(), generation, id: "vpc-1".into() };
    let mut records = vec![intent_at(&first, Operation::Create, 1), created(1)];
    assert_eq!(place_of(&records, 1), first);
    // Another role of the same account: the same thing, reached in another way.
    records.push(intent_at(&renamed, Operation::Update, 1));
    assert_eq!(place_of(&records, 1), renamed);
    records.extend([intent_at(&second, Operation::Create, 2), created(2)]);
    assert_eq!((place_of(&records, 1), place_of(&records, 2)), (renamed, second));
}

#[test]
fn deep_nesting_is_refused_both_ways() {
    let deep = (0..200).fold(Json::Null, |inner, _| json!([inner]));
    let mut record = intent(&Address::root("vpc"), Operation::Create, 1, 0);
    if let Record::Intent { pending, .. } = &mut record {
        pending.request = deep;
    }
    assert_eq!(encode_records([&record]), Err(FormatError::TooDeep));
    let text = format!("{{\"version\":1,\"outputs\":{}", "[".repeat(1 << 20));
    assert!(matches!(decode_snapshot(text.as_bytes()), Err(FormatError::Corrupt { .. })));
}

#[test]
fn whatever_fits_into_the_journal_fits_into_the_snapshot() {
    let deepest = |levels| (0..levels).fold(Json::Null, |inner, _| json!([inner]));
    let vpc = Address::root("vpc");
    let mut levels = 0;
    loop {
        let mut record = settled(&vpc, 1, 0);
        if let Record::Settled { instance, .. } = &mut record {
            instance.applied = deepest(levels);
        }
        let Ok(text) = encode_records([&record]) else { break };
        assert!(decode_journal((encode_header(&Header::of(&empty())).unwrap() + &text).as_bytes()).is_ok());
        let state = fold(empty(), &[record, settled(&vpc, 2, 0)]);
        assert_eq!(decode_snapshot(encode_snapshot(&state).unwrap().as_bytes()), Ok(state));
        levels += 1;
    }
    assert!(levels > 90, "{levels}");
}

#[test]
fn a_newer_format_is_named() {
    let newer = Err(FormatError::Newer { found: FORMAT + 1, known: FORMAT });
    let snapshot = format!("{{\"a\": [], \"version\": {}}}", FORMAT + 1);
    assert_eq!(decode_snapshot(snapshot.as_bytes()), newer);
    let header = Header { version: FORMAT + 1, ..Header::of(&empty()) };
    let journal = encode_header(&header).unwrap() + "lines of a shape to come\n";
    assert!(
        matches!(decode_journal(journal.as_bytes()), Err(FormatError::Newer { found, known: FORMAT }) if found == FORMAT + 1)
    );
}

#[test]
fn damage_is_found_at_its_line() {
    let place = |text: &str| match decode_snapshot(text.as_bytes()) {
        Err(FormatError::Corrupt { place, .. }) => place,
        other => format!("{other:?}"),
    };
    assert_eq!(place("{\n\"version\": 1,\n\"surprise\": 2}"), "line 3");
    assert_eq!(place(""), "line 1");
}

fn fixtures(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../state/fixtures/v{version}"))
}

fn read_fixtures(version: u32) -> (String, String) {
    let read = |name| std::fs::read_to_string(fixtures(version).join(name)).unwrap();
    (read("shop.json"), read("shop.journal"))
}

#[test]
fn every_format_there_ever_was_is_read() {
    for version in 1..=FORMAT {
        let (snapshot, journal) = read_fixtures(version);
        let state = decode_snapshot(snapshot.as_bytes()).unwrap();
        let journal = decode_journal(journal.as_bytes()).unwrap().unwrap();
        assert_eq!((state.version, journal.header.serial), (FORMAT, state.serial));
        assert_valid(&fold(state, &journal.records));
    }
}

/// The fixtures of the present format hold every form of record and are what this
/// build writes: a change of the form shows here and calls for a new format.
#[test]
fn the_present_format_is_written_as_its_fixtures_are() {
    let (snapshot, journal) = read_fixtures(FORMAT);
    let state = decode_snapshot(snapshot.as_bytes()).unwrap();
    assert_eq!(encode_snapshot(&state).unwrap(), snapshot);
    let records = decode_journal(journal.as_bytes()).unwrap().unwrap().records;
    assert_eq!(journal_text(&state, &records), journal);
    let forms: BTreeSet<_> = records.iter().map(std::mem::discriminant).map(|it| format!("{it:?}")).collect();
    assert_eq!(forms.len(), 7);
}
