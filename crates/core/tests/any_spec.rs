//! Whatever stands in a file: loading it ends soon, never panics, and always says the same.

#![allow(clippy::unwrap_used)]

mod common;
mod fuzz;
#[path = "fuzz/specs.rs"]
mod specs;

use std::sync::{Arc, LazyLock};

use fuzz::{Hard, alone, cases, each_alone, edited, tried};
use proptest::prelude::*;
use provision_core::diagnostic::{Diagnostic, Sources, render_plain};
use provision_core::schema::Schemas;
use provision_core::spec::{self, Files, Given};

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(common::schemas);

/// The spec's names, or what is wrong with it as people see it.
fn load(text: &str, partial: bool) -> Result<Vec<String>, Vec<String>> {
    let mut sources = Sources::default();
    let source = sources.add("shop.yaml", text);
    let show = |found: &Diagnostic, sources: &Sources| {
        let span = found.span.unwrap_or_default();
        assert!(span.start <= span.end && span.end <= text.len(), "{span:?} of {} bytes", text.len());
        found.to_json(sources);
        render_plain(found, sources)
    };
    let given = Given { partial, ..Given::default() };
    match spec::load(&mut sources, source, &SCHEMAS, &given, &Arc::new(Files::none())) {
        Ok(spec) => Ok(spec.root.resources.iter().map(|resource| resource.name.clone()).collect()),
        Err(found) => Err(found.iter().map(|found| show(found, &sources)).collect()),
    }
}

/// Loads twice, and as `validate` does.
fn check(text: &str) {
    tried(text.as_bytes());
    let first = load(text, false);
    assert_eq!(first, load(text, false));
    let _ = load(text, true);
}

/// Pieces of real specs, which random ones are put together from.
const PIECES: [&str; 44] = [
    "stack: shop\n",
    "region: us-east-1\n",
    "params:\n",
    "resources:\n",
    "outputs:\n",
    "defaults:\n",
    "  vpc:\n",
    "  env: { default: dev }\n",
    "  size: { type: integer }\n",
    "    ec2/vpc:\n",
    "    ec2/subnet: {}\n",
    "    for_each: [a, b]\n",
    "    for_each: ${size}\n",
    "    depends_on: [vpc]\n",
    "    lifecycle: { ignore_changes: [tags] }\n",
    "      cidr_block: 10.0.0.0/16\n",
    "      vpc_id: ${vpc.id}\n",
    "      tags: { a: b }\n",
    "  id: ${vpc.id}\n",
    "${",
    "}",
    "each.key",
    "vpc",
    "[",
    "]",
    "{",
    "\"",
    "'",
    ": ",
    "- ",
    "\n",
    "  ",
    "\t",
    "&a ",
    "*a",
    "<<: *a",
    "|\n",
    "!!str ",
    "# ",
    "---\n",
    "\u{feff}",
    "é",
    "\u{0}",
    ",",
];

fn put_together() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat())
}

#[test]
fn any_text_is_read_or_refused() {
    alone("any_text_is_read_or_refused", || proptest!(cases(400), |(text in any::<String>())| check(&text)));
}

#[test]
fn any_pieces_are_read_or_refused() {
    alone("any_pieces_are_read_or_refused", || proptest!(cases(1_000), |(text in put_together())| check(&text)));
}

#[test]
fn any_edit_of_a_spec_is_read_or_refused() {
    alone("any_edit_of_a_spec_is_read_or_refused", || {
        proptest!(cases(1_000), |(bytes in edited(specs::specs()))| check(&specs::text(&bytes)));
    });
}

/// A spec whose one output is `value`.
fn output(value: &str) -> String {
    format!("stack: shop\noutputs:\n  a: {value}\n")
}

/// Specs that are long, deep or stand for more than they show.
const HARD: [Hard; 8] = [
    ("brackets", || output(&"[".repeat(100_000))),
    ("alias bomb", || {
        let lines = (1..40).map(|n| format!("  a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1));
        lines.fold(output("&a0 [x]").replace("a:", "a0:"), |all, line| all + &line)
    }),
    ("copies", || output(&format!("&a [{}]", "x,".repeat(1_000))) + &"  b: [*a, *a]\n".repeat(400)),
    ("repeated", || "stack: shop\nresources:\n  a:\n    for_each: ${range(1000000)}\n    logs/log_group: {}\n".into()),
    ("resources", || (0..20_000).fold("stack: shop\nresources:\n".into(), |all, n| all + &format!("  r{n}: x\n"))),
    ("unknown keys", || (0..20_000).fold("stack: shop\n".into(), |all, n| all + &format!("k{n}: x\n"))),
    ("chain", || {
        let link = |n: usize| format!("  r{n}:\n    logs/log_group: {{ log_group_name: \"${{r{}.id}}\" }}\n", n + 1);
        (0..2_000).fold("stack: shop\nresources:\n".into(), |all, n| all + &link(n))
    }),
    ("long line", || output(&"x".repeat(1_000_000))),
];

/// How many bytes of memory a byte of text may take: what is told of each of its lines
/// takes a few hundred.
const FACTOR: usize = 1_000;

#[test]
fn what_looks_small_and_is_large_is_bounded() {
    each_alone("what_looks_small_and_is_large_is_bounded", &HARD, FACTOR, |text| {
        let _ = load(text, false);
    });
}
