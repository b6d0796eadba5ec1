//! What every store of states does, whichever place it has. Each function gets an empty store
//! of the stack `shop`.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::collections::BTreeMap;
use std::mem;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use provision_core::address::Address;
use provision_core::state::history::{Ending, Entry, KEPT, Past};
use provision_core::state::{Instance, Record, Salt, State, fold};
use provision_core::store::{Holder, Lease, Loaded, Replacement, Store, StoreError};
use serde_json::json;

/// Somebody who takes locks.
pub fn holder(who: &str) -> Holder {
    Holder { who: who.into(), pid: 7, command: "provision apply".into(), since: "2026-11-21T00:00:00Z".into() }
}

/// A state that was never stored.
pub fn fresh() -> State {
    State::new("shop", "0f", Salt::new("5a"))
}

/// Records of what was settled.
pub fn records(numbers: std::ops::Range<u64>) -> Vec<Record> {
    numbers.map(record).collect()
}

fn record(number: u64) -> Record {
    Record::Settled {
        address: Address::root(format!("r{}", number % 3)),
        kind: "ec2/vpc".to_owned(),
        place: Default::default(),
        dependencies: Default::default(),
        lifecycle: Default::default(),
        instance: Instance {
            generation: number,
            id: format!("vpc-{number}").into(),
            kind: None,
            place: None,
            settled: true,
            applied: json!({ "cidr_block": "10.0.0.0/16" }),
            outputs: json!({}),
        },
    }
}

async fn lock(store: &dyn Store) -> Box<dyn Lease> {
    store.lock(&holder("ada@lab")).await.unwrap()
}

async fn loaded(store: &dyn Store) -> Loaded {
    store.load().await.unwrap().unwrap()
}

/// The process dies: it gives nothing back, and its lock has to be taken from it.
async fn crash(store: &dyn Store, lease: Box<dyn Lease>) {
    mem::forget(lease);
    store.break_lock(&holder("ada@lab")).await.unwrap();
}

/// What is durable is found again, and a saved snapshot holds all of it.
pub async fn what_was_saved_and_appended_is_loaded(store: &dyn Store) {
    assert_eq!(store.load().await, Ok(None));
    let lease = lock(store).await;
    assert_eq!(lease.save(fresh().into()).await, Ok(1));
    for some in records(1..6).chunks(2) {
        lease.append(some).await.unwrap();
    }
    let found = loaded(store).await;
    assert_eq!(found, Loaded { state: fold(fresh().successor(), &records(1..6)), journalled: 5 });
    crash(store, lease).await;

    let lease = lock(store).await;
    assert_eq!(loaded(store).await, found);
    assert_eq!(lease.save(found.state.clone().into()).await, Ok(2));
    lease.release().await.unwrap();
    assert_eq!(loaded(store).await, Loaded { state: found.state.successor(), journalled: 0 });
}

/// One holds the lock, all others are told who.
pub async fn a_second_run_is_told_who_holds_the_lock_until_it_is_free(store: &dyn Store) {
    assert_eq!(store.holder().await, Ok(None));
    let lease = lock(store).await;
    assert_eq!(lease.taken_from(), None);
    let refused = store.lock(&holder("bob@lab")).await.err().unwrap();
    assert_eq!(refused, StoreError::Locked { holder: Some(holder("ada@lab")) });
    assert!(refused.to_string().contains("ada@lab (process 7) with `provision apply` since 2026"), "{refused}");
    assert_eq!(store.holder().await, Ok(Some(holder("ada@lab"))));
    lease.release().await.unwrap();
    assert_eq!(store.holder().await, Ok(None));

    let lease = store.lock(&holder("bob@lab")).await.unwrap();
    let refused = store.lock(&holder("ada@lab")).await.err();
    assert_eq!(refused, Some(StoreError::Locked { holder: Some(holder("bob@lab")) }));
    lease.release().await.unwrap();
    assert!(store.lock(&holder("ada@lab")).await.is_ok());
}

/// Many ask at the same time.
pub async fn of_many_at_once_one_gets_the_lock(store: &dyn Store) {
    let me = holder("ada@lab");
    let mut outcomes = Vec::new();
    let (one, two, three, four) = tokio::join!(store.lock(&me), store.lock(&me), store.lock(&me), store.lock(&me));
    outcomes.extend([one, two, three, four]);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let refused = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(refused.into_iter().all(|error| matches!(error, StoreError::Locked { .. })));
}

/// Nobody writes over what he has not seen.
pub async fn only_the_snapshot_a_state_came_from_is_replaced(store: &dyn Store) {
    let lease = lock(store).await;
    assert_eq!(lease.save(fresh().into()).await, Ok(1));
    assert_eq!(lease.save(fresh().into()).await, Err(StoreError::Stale { expected: 0, found: 1 }));
    let other = State { lineage: "1e".to_owned(), ..fresh().successor() };
    assert!(matches!(lease.save(other.clone().into()).await, Err(StoreError::Foreign { .. })));
    assert_eq!(loaded(store).await.state, fresh().successor());
}

/// Records follow a snapshot of the same lease.
pub async fn nothing_is_appended_before_a_save(store: &dyn Store) {
    let lease = lock(store).await;
    assert!(matches!(lease.append(&records(1..2)).await, Err(StoreError::Io { .. })));
    lease.save(fresh().into()).await.unwrap();
    lease.append(&records(1..2)).await.unwrap();
    crash(store, lease).await;
    let lease = lock(store).await;
    assert!(matches!(lease.append(&records(2..3)).await, Err(StoreError::Io { .. })));
    assert_eq!(loaded(store).await.journalled, 1);
}

/// Whoever lost the lock writes nothing, before the next one has written and after.
pub async fn a_broken_lock_ends_the_lease(store: &dyn Store) {
    let lost = lock(store).await;
    lost.save(fresh().into()).await.unwrap();
    lost.append(&records(1..2)).await.unwrap();
    store.break_lock(&holder("bob@lab")).await.unwrap();
    assert_eq!(store.holder().await, Ok(Some(holder("ada@lab"))), "another's lock was meant");
    store.break_lock(&holder("ada@lab")).await.unwrap();
    assert_eq!(store.holder().await, Ok(None));

    let next = store.lock(&holder("bob@lab")).await.unwrap();
    let found = loaded(store).await;
    assert!(matches!(lost.append(&records(2..3)).await, Err(StoreError::LeaseLost { .. })));
    assert_eq!(loaded(store).await, found);
    assert_eq!(next.save(found.state.clone().into()).await, Ok(2));
    assert!(lost.append(&records(2..3)).await.is_err());
    assert!(lost.save(found.state.clone().into()).await.is_err());
    next.append(&records(3..4)).await.unwrap();
    assert!(lost.append(&records(2..3)).await.is_err(), "what closed its journal has gone with the journal");
    let expected = Loaded { state: fold(found.state.successor(), &records(3..4)), journalled: 1 };
    assert_eq!(loaded(store).await, expected);
    drop(lost);
    assert_eq!(store.holder().await, Ok(Some(holder("bob@lab"))), "the lost lease gave back another's lock");
}

/// A state that was moved away leaves word, and comes back only from where it went.
pub async fn what_has_gone_is_refused(store: &dyn Store) {
    let lease = lock(store).await;
    lease.save(fresh().into()).await.unwrap();
    let state = fresh().successor();
    let gone = Replacement::Gone { state: state.clone(), to: "s3://there/x".to_owned() };
    assert_eq!(lease.replace(&gone).await, Ok(2));
    let is_word = |error: StoreError| {
        assert!(error.to_string().contains("moved to s3://there/x"), "{error}");
    };
    is_word(store.load().await.unwrap_err());
    is_word(lease.save(state.clone().into()).await.unwrap_err());
    is_word(lease.replace(&Replacement::Brought(state.clone())).await.unwrap_err());
    assert!(lease.append(&records(1..2)).await.is_err());
    assert_eq!(lease.replace(&Replacement::Brought(state.successor())).await, Ok(3));
    assert_eq!(loaded(store).await.state, state.successor().successor());
}

fn past(serial: u64, lineage: &str) -> Past {
    let state = State { serial, lineage: lineage.to_owned(), ..fresh() };
    let entry = Entry {
        serial,
        lineage: lineage.to_owned(),
        when: "2026-11-21T00:00:00Z".to_owned(),
        who: "ada@lab".to_owned(),
        command: "provision apply".to_owned(),
        ending: Ending::Complete,
        counts: BTreeMap::from([("created".to_owned(), 3)]),
    };
    Past { entry, state }
}

/// What was remembered is found again, the latest entries at least; a state of the same name
/// that begins anew writes over what the former left.
pub async fn the_latest_of_the_history_is_kept(store: &dyn Store) {
    assert_eq!((store.history().await, store.past(1).await), (Ok(Vec::new()), Ok(None)));
    let most = KEPT as u64;
    for serial in 1..=most + 2 {
        store.remember(&past(serial, "0f")).await.unwrap();
    }
    let serials: Vec<u64> = store.history().await.unwrap().iter().map(|entry| entry.serial).collect();
    assert_eq!(serials, (3..=most + 2).collect::<Vec<_>>());
    assert_eq!(store.past(2).await, Ok(None));
    assert_eq!(store.past(9).await, Ok(Some(past(9, "0f"))));
    for _ in 0..2 {
        store.remember(&past(9, "1e")).await.unwrap();
        assert_eq!(store.past(9).await, Ok(Some(past(9, "1e"))));
    }
    assert_eq!(store.load().await, Ok(None), "the history is no state");
}

#[derive(Clone, Debug)]
enum Happening {
    Append(u64),
    Save,
    Crash,
}

fn any_happenings() -> impl Strategy<Value = Vec<Happening>> {
    let any = prop_oneof![
        4 => (1..4_u64).prop_map(Happening::Append),
        1 => Just(Happening::Save),
        2 => Just(Happening::Crash),
    ];
    prop::collection::vec(any, 24)
}

/// Random happenings beside a model that holds all that was reported durable.
pub async fn nothing_durable_is_lost_or_folded_twice(store: &dyn Store) {
    let happenings = any_happenings().new_tree(&mut TestRunner::default()).unwrap().current();
    let mut lease = lock(store).await;
    let mut model = fresh();
    model.serial = lease.save(model.clone().into()).await.unwrap();
    for (number, happening) in (1_u64..).zip(&happenings) {
        match happening {
            Happening::Append(count) => {
                let some = records(number..number + count);
                lease.append(&some).await.unwrap();
                model = fold(model, &some);
            }
            Happening::Save => model.serial = lease.save(model.clone().into()).await.unwrap(),
            Happening::Crash => {
                crash(store, lease).await;
                lease = lock(store).await;
                let state = loaded(store).await.state;
                assert_eq!(state, model, "{happenings:?}");
                model.serial = lease.save(state.clone().into()).await.unwrap();
            }
        }
        assert_eq!(loaded(store).await.state, model, "{happenings:?}");
    }
}
