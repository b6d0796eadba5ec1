//! Every example is a sound spec in the canonical layout: in specs/, README and DESIGN's words.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use provision_core::diagnostic::{Sources, render_plain};
use provision_core::spec::{Files, Given, format, validate};
use provision_tests::generated::workspace;

/// What is wrong with a spec, in words; none for a sound one.
fn wrong(name: &str, text: &str) -> Vec<String> {
    let mut sources = Sources::default();
    let source = sources.add(name, text);
    let read = |name: &str| fs::read_to_string(name).map_err(|error| error.to_string());
    let files = Arc::new(Files::new(read));
    let found = validate(&mut sources, source, provision_aws::kinds::schemas(), &Given::default(), &files);
    let mut wrong: Vec<String> = found.err().into_iter().flatten().map(|it| render_plain(&it, &sources)).collect();
    if format::format(source, text).is_ok_and(|formatted| formatted != text) {
        wrong.push(format!("{name} is not laid out as `provision fmt` does it"));
    }
    wrong
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => yaml_files(&path),
        false => vec![path],
    });
    found.filter(|path| path.extension().is_some_and(|it| it == "yaml")).collect()
}

/// The fenced blocks of `language` in a Markdown text.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let after = markdown.split(&fence).skip(1);
    after.filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

#[test]
fn every_spec_is_sound() {
    let specs = yaml_files(&workspace().join("specs"));
    assert!(specs.len() > provision_aws::kinds::NAMES.len());
    let found: Vec<String> =
        specs.iter().flat_map(|path| wrong(&path.display().to_string(), &fs::read_to_string(path).unwrap())).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_spec_in_the_readme_is_sound() {
    let specs = blocks(&fs::read_to_string(workspace().join("README.md")).unwrap(), "yaml");
    assert!(!specs.is_empty());
    let found: Vec<String> = specs.iter().flat_map(|text| wrong("README.md", text)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
