//! kill -9 at every mutating call of every spec. `MATRIX=ec2/vpc,classla-base` runs some only.
//!
//! The tables go past the test harness, so that they stand in every log.

#![allow(clippy::unwrap_used, missing_docs)]

use std::thread;
use std::time::Instant;

use provision_aws::kinds;
use provision_tests::conformance::ON_LOCALSTACK;
use provision_tests::local_aws::{Backend, LocalAws};
use provision_tests::matrix::{Ground, Subject, run, table};
use provision_tests::tell;

/// Nobody else writes such words.
const CANARIES: [(&str, &str); 6] = [
    ("PROVISION_PARAM_supabase_url", "canary9wq1supabase0url"),
    ("PROVISION_PARAM_supabase_anon_key", "canary9wq2supabase0anon"),
    ("PROVISION_PARAM_supabase_service_role_key", "canary9wq3supabase0service"),
    ("PROVISION_PARAM_workos_api_key", "canary9wq4workos0key"),
    ("PROVISION_PARAM_workos_client_id", "canary9wq5workos0client"),
    // This one is in the example of secretsmanager/secret.
    ("SECRET_OF_THE_EXAMPLE", "correct-horse-battery-staple"),
];

fn is_wanted(name: &str) -> bool {
    std::env::var("MATRIX").map_or(true, |only| only.split(',').any(|it| it == name))
}

fn is_on_localstack(kind: &str) -> bool {
    ON_LOCALSTACK.iter().any(|(it, _)| *it == kind)
}

fn example(kind: &str) -> Subject {
    Subject { name: kind.to_owned(), spec: format!("specs/kinds/{kind}.yaml") }
}

fn ground(backend: Backend, is_remote: bool) -> Ground {
    let benches = match backend {
        Backend::Moto => thread::available_parallelism().map_or(2, |cores| cores.get() + 1),
        Backend::LocalStack => 1,
    };
    Ground { program: env!("CARGO_BIN_EXE_provision-under-test"), backend, is_remote, benches, secrets: &CANARIES }
}

fn every_kill_is_mended(title: &str, ground: Ground, subjects: Vec<Subject>) {
    let subjects: Vec<Subject> = subjects.into_iter().filter(|subject| is_wanted(&subject.name)).collect();
    if subjects.is_empty() {
        return;
    }
    let started = Instant::now();
    let rows = run(ground, &subjects).unwrap();
    tell(&format!("\n{title}, in {:.0} s:\n{}", started.elapsed().as_secs_f64(), table(&rows)));
    let wrong: Vec<String> = rows.iter().flat_map(|row| row.wrong()).collect();
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn killed_at_any_call_it_is_finished_by_the_next_run() {
    let kinds = kinds::NAMES.iter().filter(|kind| !is_on_localstack(kind)).map(|kind| example(kind));
    let base = Subject { name: "classla-base".to_owned(), spec: "specs/classla-base.yaml".to_owned() };
    every_kill_is_mended("On moto", ground(Backend::Moto, false), std::iter::once(base).chain(kinds).collect());
    every_kill_is_mended(
        "On moto, with the state in S3",
        ground(Backend::Moto, true),
        ["ssm/parameter", "ec2/internet_gateway"].map(example).into(),
    );
}

#[test]
fn kinds_that_moto_cannot_serve_are_finished_too() {
    if LocalAws::start(Backend::LocalStack).unwrap().is_old_localstack().unwrap() {
        tell("NOT RUN: LocalStack 4 takes no tags in CreateBucket; LocalStack 2026 needs a Python 3.13");
        return;
    }
    let kinds = kinds::NAMES.iter().filter(|kind| is_on_localstack(kind)).map(|kind| example(kind));
    every_kill_is_mended("On LocalStack", ground(Backend::LocalStack, false), kinds.collect());
}
