//! Every kind, through the one suite. `CONFORMANCE=ec2/vpc,iam/role` runs some only.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use std::collections::BTreeSet;

use provision_aws::kinds;
use provision_tests::conformance::{Case, Conformance, ON_LOCALSTACK};
use provision_tests::generated::workspace;
use provision_tests::local_aws::{Backend, LocalAws};

fn wanted(kind: &str) -> bool {
    std::env::var("CONFORMANCE").map_or(true, |only| only.split(',').any(|it| it == kind))
}

fn backend(kind: &str) -> Backend {
    match ON_LOCALSTACK.iter().any(|(it, _)| *it == kind) {
        true => Backend::LocalStack,
        false => Backend::Moto,
    }
}

#[test]
fn every_property_is_changed_or_skipped_with_a_reason() {
    for schema in kinds::schemas().iter() {
        let case = Case::read(&workspace(), schema.name()).unwrap();
        let changed = case.changes.iter().map(|change| change.field.as_str());
        let listed: BTreeSet<&str> = changed.chain(case.skipped.iter().map(|(field, _)| field.as_str())).collect();
        let properties: BTreeSet<&str> = schema.spec.fields.keys().map(String::as_str).collect();
        assert_eq!(listed, properties, "{}", schema.name());
        assert!(case.skipped.iter().all(|(_, reason)| !reason.is_empty()), "{}", schema.name());
    }
}

#[test]
fn every_kind_conforms() {
    let mut wrong = Vec::new();
    for wanted_backend in [Backend::Moto, Backend::LocalStack] {
        let names = kinds::NAMES.iter().filter(|kind| wanted(kind) && backend(kind) == wanted_backend);
        let names: Vec<&str> = names.copied().collect();
        if !names.is_empty() {
            wrong.extend(run(wanted_backend, &names));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn run(backend: Backend, names: &[&str]) -> Vec<String> {
    let mut aws = LocalAws::start(backend).unwrap();
    if backend == Backend::LocalStack && aws.is_old_localstack().unwrap() {
        eprintln!(
            "NOT RUN: {names:?}: LocalStack 4 takes no tags in CreateBucket, and LocalStack 2026 needs a Python 3.13"
        );
        return Vec::new();
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut wrong = Vec::new();
    for kind in names {
        let started = std::time::Instant::now();
        let case = Case::read(&workspace(), kind).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let schemas = kinds::schemas();
        let conformance = Conformance { case: &case, schemas, endpoint: aws.endpoint(), folder: folder.path() };
        let found = runtime.block_on(conformance.run());
        eprintln!(
            "{kind}: {} in {:.1} s",
            if found.is_empty() { "conforms" } else { "FAILS" },
            started.elapsed().as_secs_f64()
        );
        wrong.extend(found.into_iter().map(|wrong| format!("{kind}: {wrong}")));
        let left = aws.inventory().unwrap();
        if left != "{}" {
            wrong.push(format!("{kind}: left behind: {left}"));
            aws.reset().unwrap();
        }
    }
    wrong
}
