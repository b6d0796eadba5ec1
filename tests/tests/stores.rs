//! The contract of stores, held by each; and what only the one in S3 can be asked.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use provision_aws::cloud::Cloud;
use provision_aws::s3_store::S3Store;
use provision_core::state::fold;
use provision_core::store::{Loaded, Store, StoreError};
use provision_engine::edit::{edit, migrate, push};
use provision_engine::local_store::LocalStore;
use provision_engine::pace::{self, Patience};
use provision_sim::{MemoryStore, Process, Simulation, StoreRules};
use provision_tests::local_aws::{Backend, LocalAws};
use provision_tests::relay::{Fault, Refusal, Relay, Rule};
use provision_tests::store_contract::{self as contract, fresh, holder, records};
use tempfile::TempDir;

/// One local AWS for all tests; each test has a prefix of its own.
static AWS: LazyLock<LocalAws> = LazyLock::new(|| {
    let aws = LocalAws::start(Backend::Moto).unwrap();
    aws.make_bucket("states").unwrap();
    aws
});

const PATIENCE: Patience =
    Patience { grace: Duration::ZERO, first_pause: Duration::from_millis(10), tempo: 0.0, jitter: 0.5 };

/// A store in S3, behind a relay.
struct Site {
    relay: Relay,
    store: S3Store,
}

impl Site {
    async fn new(prefix: &str, term: u64) -> Self {
        let relay = Relay::start(AWS.endpoint()).unwrap();
        // moto looks at the condition of a write and then writes: in between others must not.
        relay.one_at_a_time();
        let cloud = Cloud::local(&relay.endpoint(), "us-east-1").await;
        let tries = pace::store_tries(PATIENCE);
        let store = S3Store::of(cloud, "states", prefix, "shop", tries, Duration::from_secs(term));
        Self { relay, store }
    }

    /// Lets the next answer to a write of what begins with `name` be lost.
    fn lose_answer(&self, prefix: &str, name: &str) {
        let operation = format!("s3:PUT /states/{prefix}/shop/{name}*");
        self.relay.inject(Rule::new(operation, Fault::DropResponse).times(1));
    }
}

/// A store in memory, as the simulation has it.
fn connected(store: &MemoryStore) -> Arc<dyn Store> {
    store.connect(Arc::new(Process::new(None, None)))
}

/// The same with leases, to which writes travel.
fn bucket() -> MemoryStore {
    Simulation::far("shop", Arc::default(), Duration::from_secs(60)).store
}

macro_rules! held_by_each {
    ($($name:ident)*) => {
        mod local {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                let folder = TempDir::new().unwrap();
                contract::$name(&LocalStore::new(folder.path().join("state"), "shop")).await;
            })*
        }
        mod memory_like_files {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                contract::$name(&*connected(&MemoryStore::new("shop"))).await;
            })*
        }
        mod memory_like_a_bucket {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                contract::$name(&*connected(&bucket())).await;
            })*
        }
        mod s3 {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                contract::$name(&Site::new(stringify!($name), 60).await.store).await;
            })*
        }
    };
}

held_by_each! {
    what_was_saved_and_appended_is_loaded
    a_second_run_is_told_who_holds_the_lock_until_it_is_free
    of_many_at_once_one_gets_the_lock
    only_the_snapshot_a_state_came_from_is_replaced
    nothing_is_appended_before_a_save
    a_broken_lock_ends_the_lease
    what_has_gone_is_refused
    the_latest_of_the_history_is_kept
    nothing_durable_is_lost_or_folded_twice
}

/// The simulation has a clock that tells in time that a lease is over, so fence and
/// compare-and-swap come into play there only together with a clock that stood still.
#[tokio::test]
async fn a_store_that_breaks_a_rule_breaks_the_contract() {
    let broken = [("fences", false, true), ("compares", true, false)];
    for (rule, fences, compares) in broken {
        let store = bucket();
        store.keep(StoreRules { fences, compares });
        let store = connected(&store);
        let held = tokio::spawn(async move { contract::a_broken_lock_ends_the_lease(&*store).await });
        assert!(held.await.is_err(), "without `{rule}` the contract holds all the same");
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_no_conflict() {
    let site = Site::new("lost", 60).await;
    let store = &site.store;
    site.lose_answer("lost", "lock.json");
    let lease = store.lock(&holder("ada@lab")).await.unwrap();
    site.lose_answer("lost", "state.json");
    assert_eq!(lease.save(fresh().into()).await, Ok(1));
    site.lose_answer("lost", "journal/");
    lease.append(&records(1..3)).await.unwrap();
    site.lose_answer("lost", "lock.json");
    lease.renew().await.unwrap();
    lease.append(&records(3..4)).await.unwrap();
    let expected = Loaded { state: fold(fresh().successor(), &records(1..4)), journalled: 3 };
    assert_eq!(store.load().await, Ok(Some(expected.clone())));
    site.lose_answer("lost", "state.json");
    assert_eq!(lease.save(expected.state.clone().into()).await, Ok(2));
    site.lose_answer("lost", "lock.json");
    assert_eq!(lease.release().await, Ok(()));
    assert_eq!(store.holder().await, Ok(None));
}

#[tokio::test]
async fn what_is_throttled_or_fails_in_passing_is_tried_again() {
    let site = Site::new("throttled", 60).await;
    for refusal in [Refusal::Throttled, Refusal::InternalError, Refusal::Unavailable] {
        site.relay.inject(Rule::new("s3:*", Fault::Refuse(refusal)).times(2));
        let lease = site.store.lock(&holder("ada@lab")).await.unwrap();
        lease.release().await.unwrap();
    }
    site.relay.inject(Rule::new("s3:GET *", Fault::Refuse(Refusal::Denied)).times(1));
    let denied = site.store.load().await.unwrap_err().to_string();
    assert!(denied.contains("s3:ListBucket") && denied.contains("arn:aws:s3:::states"), "{denied}");
    let tries = pace::store_tries(PATIENCE);
    let cloud = Cloud::local(&site.relay.endpoint(), "us-east-1").await;
    let nowhere = S3Store::of(cloud, "nowhere-at-all", "", "shop", tries, Duration::from_secs(60));
    let missing = nowhere.load().await.unwrap_err().to_string();
    assert!(missing.contains("provision init SPEC --bootstrap"), "{missing}");
}

/// Law 7: a lease that ran out is over for whoever had it.
#[tokio::test]
async fn a_lock_whose_lease_ran_out_is_taken_over() {
    let site = Site::new("over", 1).await;
    let store = &site.store;
    let former = store.lock(&holder("ada@lab")).await.unwrap();
    former.save(fresh().into()).await.unwrap();
    former.append(&records(1..2)).await.unwrap();
    let next = loop {
        match store.lock(&holder("bob@lab")).await {
            Ok(next) => break next,
            Err(error) => assert_eq!(error, StoreError::Locked { holder: Some(holder("ada@lab")) }),
        }
        pace::wait(Duration::from_millis(200)).await;
    };
    assert_eq!(next.taken_from(), Some(&holder("ada@lab")));
    let state = store.load().await.unwrap().unwrap();
    assert_eq!(state.journalled, 1);

    let lost = Err(StoreError::LeaseLost { holder: Some(holder("bob@lab")) });
    assert_eq!(former.append(&records(2..3)).await, lost);
    assert_eq!(former.renew().await, lost);
    assert_eq!(next.save(state.state.clone().into()).await, Ok(2));
    assert!(former.save(state.state.clone().into()).await.is_err());
    assert_eq!(store.load().await.unwrap().unwrap().state, state.state.successor());
    assert_eq!(former.release().await, lost);
    assert_eq!(store.holder().await, Ok(Some(holder("bob@lab"))));
}

/// Law 8: what was left of older journals is neither read nor kept for long.
#[tokio::test]
async fn older_journals_go() {
    let site = Site::new("older", 60).await;
    let lease = site.store.lock(&holder("ada@lab")).await.unwrap();
    lease.save(fresh().into()).await.unwrap();
    lease.append(&records(1..2)).await.unwrap();
    let state = site.store.load().await.unwrap().unwrap().state;
    site.relay.inject(Rule::new("s3:POST /states*", Fault::Refuse(Refusal::Denied)).times(1));
    assert_eq!(lease.save(state.clone().into()).await, Ok(2), "tidying is no condition");
    assert_eq!(site.store.load().await, Ok(Some(Loaded { state: state.successor(), journalled: 0 })));
    lease.append(&records(2..3)).await.unwrap();
    assert_eq!(site.store.load().await.unwrap().unwrap().journalled, 1);
    lease.save(site.store.load().await.unwrap().unwrap().state.clone().into()).await.unwrap();
    lease.release().await.unwrap();
    let names: BTreeSet<String> = AWS.objects("states", "older/").unwrap();
    assert_eq!(names, ["older/shop/lock.json".to_owned(), "older/shop/state.json".to_owned()].into());
}

async fn stored(store: &dyn Store) -> Loaded {
    store.load().await.unwrap().unwrap()
}

#[tokio::test]
async fn a_state_goes_to_s3_and_comes_back() {
    let (folder, site) = (TempDir::new().unwrap(), Site::new("carried", 60).await);
    let local = LocalStore::new(folder.path(), "shop");
    let me = holder("ada@lab");
    let lease = local.lock(&me).await.unwrap();
    lease.save(fresh().into()).await.unwrap();
    lease.append(&records(1..4)).await.unwrap();
    lease.release().await.unwrap();
    let before = stored(&local).await.state;

    let moved = migrate(&local, &site.store, "s3://states/carried", &me).await.unwrap();
    assert_eq!((moved.serial, &moved.resources), (2, &before.resources));
    assert_eq!(stored(&site.store).await, Loaded { state: moved.clone(), journalled: 0 });
    let word = local.load().await.unwrap_err().to_string();
    assert!(word.contains("moved to s3://states/carried"), "{word}");
    assert!(migrate(&local, &site.store, "s3://states/carried", &me).await.is_err());

    let back = migrate(&site.store, &local, "here", &me).await.unwrap();
    assert_eq!((back.serial, &back.lineage, &back.resources), (3, &before.lineage, &before.resources));
    assert_eq!(stored(&local).await.state, back);
    assert!(matches!(site.store.load().await, Err(StoreError::Moved { .. })));
}

/// Killed between the two writes, both places have it; the same again ends it.
#[tokio::test]
async fn a_migration_that_was_cut_short_is_finished_by_another() {
    let (folder, site) = (TempDir::new().unwrap(), Site::new("cut", 60).await);
    let local = LocalStore::new(folder.path(), "shop");
    let me = holder("ada@lab");
    local.lock(&me).await.unwrap().save(fresh().into()).await.unwrap();
    push(&site.store, &me, fresh().successor()).await.unwrap();
    let moved = migrate(&local, &site.store, "s3://states/cut", &me).await.unwrap();
    assert_eq!(moved.serial, 2);
    assert_eq!(stored(&site.store).await.state, moved);
}

#[tokio::test]
async fn a_push_replaces_nothing_it_does_not_know() {
    let site = Site::new("pushed", 60).await;
    let me = holder("ada@lab");
    assert_eq!(push(&site.store, &me, fresh()).await, Ok(1));
    assert_eq!(push(&site.store, &me, fresh()).await, Err(StoreError::Stale { expected: 0, found: 1 }));
    let lease = site.store.lock(&me).await.unwrap();
    lease.save(fresh().successor().into()).await.unwrap();
    lease.append(&records(1..2)).await.unwrap();
    lease.release().await.unwrap();
    let pulled = stored(&site.store).await.state;
    let refused = push(&site.store, &me, pulled).await.unwrap_err().to_string();
    assert!(refused.contains("an apply was cut short"), "{refused}");
}

#[tokio::test]
async fn an_edit_that_is_refused_leaves_all_as_it_was() {
    let site = Site::new("edited", 60).await;
    let me = holder("ada@lab");
    push(&site.store, &me, fresh()).await.unwrap();
    let no = StoreError::Io { what: "x".to_owned(), message: "y".to_owned() };
    assert_eq!(edit(&site.store, &me, |_| Err(no.clone())).await, Err(no));
    assert_eq!(stored(&site.store).await.state, fresh().successor());
    let record = records(1..2).remove(0);
    let edited = edit::<StoreError>(&site.store, &me, |_| Ok(record.clone())).await.unwrap();
    assert_eq!((edited.serial, edited.resources.len()), (3, 1));
    assert_eq!(stored(&site.store).await, Loaded { state: edited, journalled: 0 });
    assert_eq!(site.store.holder().await, Ok(None));
    let empty: Arc<dyn Store> = Arc::new(Site::new("never", 60).await.store);
    assert!(edit::<StoreError>(&*empty, &me, |_| Ok(record)).await.is_err());
}
