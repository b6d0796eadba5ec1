//! The local store under crashes, rivals and odd directories. What all stores have in common is tested in
//! `tests/tests/stores.rs`.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use provision_core::address::Address;
use provision_core::state::{Instance, Lifecycle, Salt, State, fold};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;

fn holder(who: &str) -> Holder {
    Holder { who: who.into(), pid: 7, command: "provision apply".into(), since: "2026-11-21T00:00:00Z".into() }
}

fn fresh() -> State {
    State::new("shop", "0f", Salt::new("5a"))
}

fn record(number: u64) -> Record {
    Record::Settled {
        address: Address::root(format!("r{}", number % 3)),
        kind: "ec2/vpc".to_owned(),
        place: Default::default(),
        dependencies: BTreeSet::new(),
        lifecycle: Lifecycle::default(),
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

fn records(numbers: std::ops::Range<u64>) -> Vec<Record> {
    numbers.map(record).collect()
}

fn store(directory: &TempDir) -> LocalStore {
    LocalStore::new(directory.path().join("state"), "shop")
}

async fn lock(store: &LocalStore) -> Box<dyn Lease> {
    store.lock(&holder("ada@lab")).await.unwrap()
}

async fn loaded(store: &LocalStore) -> Loaded {
    store.load().await.unwrap().unwrap()
}

/// A store whose snapshot of serial 1 is followed by these records.
async fn with_journal(directory: &TempDir, records: &[Record]) -> LocalStore {
    let store = store(directory);
    let lease = lock(&store).await;
    assert_eq!(lease.save(fresh().into()).await, Ok(1));
    for some in records.chunks(2) {
        lease.append(some).await.unwrap();
    }
    store
}

#[tokio::test]
async fn a_journal_cut_anywhere_is_a_valid_prefix_and_can_be_continued() {
    let directory = TempDir::new().unwrap();
    let all = records(1..5);
    let store = with_journal(&directory, &all).await;
    let text = fs::read(&store.files.journal).unwrap();
    for length in 0..=text.len() {
        fs::write(&store.files.journal, &text[..length]).unwrap();
        let lines = text[..length].iter().filter(|&&byte| byte == b'\n').count();
        let kept = &all[..lines.saturating_sub(1)];
        let expected = Loaded { state: fold(fresh().successor(), kept), journalled: kept.len() };
        assert_eq!(loaded(&store).await, expected, "cut at byte {length}");
    }
    fs::write(&store.files.journal, &text[..text.len() - 3]).unwrap();
    let lease = lock(&store).await;
    let state = loaded(&store).await.state;
    lease.save(state.clone().into()).await.unwrap();
    lease.append(&records(9..11)).await.unwrap();
    assert_eq!(loaded(&store).await.state, fold(state.successor(), &records(9..11)));
}

#[tokio::test]
async fn a_crash_between_snapshot_and_journal_folds_nothing_twice() {
    let directory = TempDir::new().unwrap();
    let store = with_journal(&directory, &records(1..4)).await;
    let old_journal = fs::read(&store.files.journal).unwrap();
    let state = loaded(&store).await.state;
    let lease = lock(&store).await;
    lease.save(state.clone().into()).await.unwrap();
    fs::write(&store.files.journal, &old_journal).unwrap();
    assert_eq!(loaded(&store).await, Loaded { state: state.successor(), journalled: 0 });
    lease.append(&records(4..5)).await.unwrap();
    assert_eq!(loaded(&store).await.journalled, 1);
}

#[tokio::test]
async fn a_half_written_snapshot_beside_the_real_one_is_nothing() {
    let directory = TempDir::new().unwrap();
    let store = with_journal(&directory, &records(1..3)).await;
    let before = loaded(&store).await;
    fs::write(store.files.directory.join("shop.json.new"), "{\"version\": 1, \"lin").unwrap();
    assert_eq!(loaded(&store).await, before);
    let lease = lock(&store).await;
    assert_eq!(lease.save(before.state.clone().into()).await, Ok(2));
}

#[tokio::test]
async fn nothing_is_appended_before_a_save_or_after_a_failed_write() {
    let directory = TempDir::new().unwrap();
    let store = with_journal(&directory, &records(1..3)).await;
    let lease = lock(&store).await;
    assert!(matches!(lease.append(&records(3..4)).await, Err(StoreError::Io { .. })));

    let state = loaded(&store).await.state;
    lease.save(state.clone().into()).await.unwrap();
    fs::create_dir(&store.files.journal).unwrap();
    let error = lease.append(&records(3..4)).await.unwrap_err().to_string();
    assert!(error.contains("a directory is in its place: move it away"), "{error}");
    fs::remove_dir(&store.files.journal).unwrap();
    assert!(lease.append(&records(3..4)).await.is_err());
    assert_eq!(lease.save(state.successor().into()).await, Ok(3));
    assert_eq!(lease.append(&records(3..4)).await, Ok(()));
}

#[tokio::test]
async fn a_lock_without_a_name_is_looked_at_again() {
    let directory = TempDir::new().unwrap();
    let store = store(&directory);
    drop(lock(&store).await);
    let mut rival = open_lock(&store.files.lock).unwrap();
    rival.lock().unwrap();
    rival.set_len(0).unwrap();
    let name = async {
        pace::wait(5 * A_MOMENT).await;
        write_holder(&mut rival, &holder("bob@lab")).unwrap();
    };
    let ada = holder("ada@lab");
    let (refused, ()) = tokio::join!(store.lock(&ada), name);
    assert_eq!(refused.err(), Some(StoreError::Locked { holder: Some(holder("bob@lab")) }));

    rival.set_len(0).unwrap();
    let give_back = async {
        pace::wait(5 * A_MOMENT).await;
        drop(rival);
    };
    let (taken, ()) = tokio::join!(store.lock(&ada), give_back);
    assert!(taken.is_ok(), "it was being given back");
}

#[tokio::test]
async fn what_is_in_the_way_is_named() {
    let directory = TempDir::new().unwrap();
    let store = store(&directory);
    fs::write(&store.files.directory, "").unwrap();
    let locked = store.lock(&holder("ada@lab")).await.err().unwrap().to_string();
    let loaded = store.load().await.unwrap_err().to_string();
    for text in [locked, loaded] {
        assert!(text.contains("a file is where a directory should be"), "{text}");
    }
    fs::remove_file(&store.files.directory).unwrap();
    fs::create_dir_all(&store.files.snapshot).unwrap();
    let text = store.load().await.unwrap_err().to_string();
    assert!(text.starts_with("cannot read `") && text.contains("a directory is in its place"), "{text}");
}

#[test]
fn denied_and_full_come_with_a_remedy() {
    let text = |kind: io::ErrorKind| failed("write", Path::new("state/shop.json"), &kind.into()).to_string();
    assert!(text(io::ErrorKind::PermissionDenied).contains("give this user the right"));
    assert!(text(io::ErrorKind::StorageFull).contains("make room"));
}

#[derive(Clone, Debug)]
enum Happening {
    Append(u64),
    Save,
    /// The process dies with this share of the journal's last bytes not yet on the disk.
    Crash(u8),
}

fn any_happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (1..4_u64).prop_map(Happening::Append),
        1 => Just(Happening::Save),
        2 => any::<u8>().prop_map(Happening::Crash),
    ]
}

/// Half a line at the end of the journal: an append that never returned.
fn tear(store: &LocalStore, share: u8) {
    if let Ok(mut file) = OpenOptions::new().append(true).open(&store.files.journal) {
        let line = encode_records([&record(99)]).unwrap();
        file.write_all(&line.as_bytes()[..line.len() * usize::from(share) / 256]).unwrap();
    }
}

/// Runs the happenings beside a model that holds all that was reported durable.
async fn live_through(happenings: &[Happening]) {
    let directory = TempDir::new().unwrap();
    let store = with_journal(&directory, &[]).await;
    let mut model = fresh().successor();
    let mut lease = lock(&store).await;
    model.serial = lease.save(model.clone().into()).await.unwrap();
    for (number, happening) in (1_u64..).zip(happenings) {
        match happening {
            Happening::Append(count) => {
                let some = records(number..number + count);
                lease.append(&some).await.unwrap();
                model = fold(model, &some);
            }
            Happening::Save => model.serial = lease.save(model.clone().into()).await.unwrap(),
            Happening::Crash(share) => {
                drop(lease);
                tear(&store, *share);
                lease = lock(&store).await;
                let state = loaded(&store).await.state;
                assert_eq!(state, model);
                model.serial = lease.save(state.clone().into()).await.unwrap();
            }
        }
        assert_eq!(loaded(&store).await.state, model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn nothing_durable_is_lost_or_folded_twice(happenings in prop::collection::vec(any_happening(), 0..12)) {
        Runtime::new().unwrap().block_on(live_through(&happenings));
    }
}
