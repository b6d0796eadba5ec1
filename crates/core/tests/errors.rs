//! Every mistake a spec can hold, as its author is told of it.
//!
//! A file of `errors/` holds a spec, a line `---`, and what is said about the spec. The
//! last `---` counts. A comment `# -p name=value` in the spec gives a param, `# --env name`
//! names the environment, `# --params name` a file with params, and `# validate` checks all
//! environments; a line `=== name` begins another file that the spec uses. With
//! `UPDATE_GOLDEN=1` the files are written anew.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use provision_core::diagnostic::{Diagnostic, Sources, render_plain};
use provision_core::schema::Schemas;
use provision_core::spec::{self, Files, Given};

/// What separates a spec from what is said about it.
const SEPARATOR: &str = "\n---\n";

fn cases() -> Vec<PathBuf> {
    let folder = common::workspace("crates/core/tests/errors");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

/// What the comments of a spec give.
fn given(text: &str, files: &BTreeMap<String, String>, sources: &mut Sources) -> Given {
    let after = |word: &'static str| text.lines().filter_map(move |line| line.strip_prefix(word));
    let arguments = after("# -p ").filter_map(|param| param.split_once('='));
    Given {
        arguments: arguments.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        environment: after("# --env ").next().map(str::to_owned),
        file: after("# --params ").next().map(|name| sources.add(name, files[name].as_str())),
        ..Given::default()
    }
}

/// The spec, and the other files by name.
fn files(text: &str) -> (String, BTreeMap<String, String>) {
    let mut parts = text.split("\n=== ");
    let spec = parts.next().unwrap_or_default();
    let others = parts.filter_map(|part| part.split_once('\n'));
    let line = |text: &str| format!("{}\n", text.trim_end_matches('\n'));
    (line(spec), others.map(|(name, text)| (name.to_owned(), line(text))).collect())
}

/// All that is wrong with a spec, and the texts it points into.
fn told(text: &str, schemas: &Schemas) -> (Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let (spec, others) = files(text);
    let source = sources.add("shop.yaml", spec.as_str());
    let given = given(&spec, &others, &mut sources);
    let read = move |name: &str| others.get(name).cloned().ok_or_else(|| "there is no such file".to_owned());
    let files = Arc::new(Files::new(read));
    let check = if spec.lines().any(|line| line == "# validate") { spec::validate } else { spec::load };
    let found = check(&mut sources, source, schemas, &given, &files).err().unwrap_or_default();
    (found, sources)
}

fn render(found: &[Diagnostic], sources: &Sources) -> String {
    found.iter().map(|diagnostic| render_plain(diagnostic, sources)).collect::<Vec<_>>().join("\n")
}

/// Told once, in the order of the files, each with advice.
fn check(found: &[Diagnostic], name: &str) {
    assert!(!found.is_empty(), "{name}: nothing is wrong with it");
    let spans = found.iter().filter_map(|diagnostic| diagnostic.span);
    let places: Vec<_> = spans.map(|span| (span.source, span.start)).collect();
    assert!(places.is_sorted(), "{name}: {places:?}");
    let told: BTreeSet<_> = found.iter().map(|found| (found.span, &found.message)).collect();
    assert_eq!(told.len(), found.len(), "{name}: something is told twice");
    // What is wrong with a value is often all there is to say.
    let bare =
        found.iter().find(|found| found.help.is_none() && found.code != "expression").map(|found| &found.message);
    assert_eq!(bare, None, "{name}: no advice");
}

#[test]
fn every_mistake_is_told_as_its_author_should_hear_it() {
    let (schemas, update) = (common::schemas(), std::env::var_os("UPDATE_GOLDEN").is_some());
    let mut wrong = Vec::new();
    for path in cases() {
        let text = std::fs::read_to_string(&path).unwrap();
        let (spec, expected) = text.rsplit_once(SEPARATOR).unwrap_or((&text, ""));
        let (found, sources) = told(&format!("{spec}\n"), &schemas);
        check(&found, &path.display().to_string());
        let shown = render(&found, &sources);
        if shown == expected {
            continue;
        }
        if update {
            std::fs::write(&path, format!("{spec}{SEPARATOR}{shown}")).unwrap();
        } else {
            wrong.push(format!("{}\nexpected:\n{expected}\nfound:\n{shown}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 writes these anew:\n\n{}", wrong.join("\n\n"));
}
