//! Whatever stands in a file: reading it as YAML, printing and formatting it end soon and
//! never panic.

#![allow(clippy::unwrap_used)]

mod fuzz;
#[path = "fuzz/specs.rs"]
mod specs;

use fuzz::{Hard, alone, cases, each_alone, edited, tried};
use proptest::prelude::*;
use provision_core::diagnostic::{SourceId, Sources, render_plain};
use provision_core::spec::format::format;
use provision_core::spec::yaml::{Node, Parsed, parse, print};

/// Reads it and draws what is wrong with it; the tree, if nothing is.
fn read(text: &str) -> Option<Node> {
    tried(text.as_bytes());
    let mut sources = Sources::default();
    let source = sources.add("shop.yaml", text);
    let Parsed { root, diagnostics } = parse(source, text);
    assert!(root.is_some() || !diagnostics.is_empty());
    for found in &diagnostics {
        let span = found.span.unwrap();
        assert!(text.get(span.start..span.end).is_some(), "{span:?}");
        assert!(found.help.is_some(), "no advice: {}", found.message);
        render_plain(found, &sources);
    }
    root.filter(|_| diagnostics.is_empty())
}

/// What can be read says the same when it is printed, and settles when it is formatted.
fn check(text: &str) {
    if let Some(root) = read(text) {
        let again = parse(SourceId::default(), &print(&root)).root;
        assert!(again.is_some_and(|again| again.same_as(&root)));
        if let Ok(made) = format(SourceId::default(), text) {
            assert_eq!(format(SourceId::default(), &made).as_ref(), Ok(&made));
        }
    }
}

/// Marks of YAML in any order.
fn soup() -> impl Strategy<Value = String> {
    "([ab:\\-\\[\\]{},#&*!|>'\"%@`?<\t \n\r\u{e9}\u{feff}\u{85}\u{0}\\\\$~0.]|  |- |: |<<: |&a |\\*a|---\n|\\.\\.\\.\n|%YAML 1\\.2\n|\n|\r\n|\n  |!!str |\\? |\\$\\{a\\}|\\|-\n|>\n){0,60}"
}

#[test]
fn any_text_is_read_or_refused() {
    alone("any_text_is_read_or_refused", || proptest!(cases(2_000), |(text in any::<String>())| check(&text)));
}

#[test]
fn any_marks_are_read_or_refused() {
    alone("any_marks_are_read_or_refused", || proptest!(cases(3_000), |(text in soup())| check(&text)));
}

#[test]
fn any_edit_of_a_spec_is_read_or_refused() {
    alone("any_edit_of_a_spec_is_read_or_refused", || {
        proptest!(cases(1_000), |(bytes in edited(specs::specs()))| check(&specs::text(&bytes)));
    });
}

/// Texts that are long, deep or stand for more than they show.
const HARD: [Hard; 18] = [
    ("brackets", || "[".repeat(200_000)),
    ("dashes", || "- ".repeat(200_000)),
    ("questions", || "? ".repeat(100_000)),
    ("braces", || "{a: ".repeat(100_000)),
    ("closed", || format!("a: {}{}\n", "[".repeat(128), "]".repeat(100_000))),
    ("indented", || (0..1_500).map(|depth| format!("{:depth$}a:\n", "")).collect()),
    ("long line", || format!("a: {}\n", "x ".repeat(500_000))),
    ("long key", || format!("{}: a\n", "k".repeat(1_000_000))),
    ("long quotes", || format!("a: \"{}\"\n", "\\u00e9".repeat(150_000))),
    ("long comment", || format!("# {}\na: 1\n", "c".repeat(1_000_000))),
    ("many comments", || "# c\n".repeat(100_000)),
    ("block", || format!("a: |\n{}", "  line\n".repeat(100_000))),
    ("keys", || (0..100_000).map(|n| format!("k{n}: v\n")).collect()),
    ("same key", || "k: v\n".repeat(20_000)),
    ("items", || format!("[{}]", "a,".repeat(50_000))),
    ("unclosed quotes", || "a: \"\n".repeat(100_001)),
    ("alias bomb", || {
        (1..40)
            .map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1))
            .fold("a0: &a0 [x]\n".to_owned(), |all, line| all + &line)
    }),
    ("merge bomb", || {
        (1..40)
            .map(|n| format!("a{n}: &a{n} {{ k{n}: *a{0}, <<: *a{0} }}\n", n - 1))
            .fold("a0: &a0 { x: 1 }\n".to_owned(), |all, line| all + &line)
    }),
];

/// How many bytes of memory a byte of text may take: a tree, what is laid out anew, and
/// the trees of both texts to compare.
const FACTOR: usize = 200;

#[test]
fn what_looks_small_and_is_large_is_bounded() {
    each_alone("what_looks_small_and_is_large_is_bounded", &HARD, FACTOR, |text| {
        read(text).map(|_| format(SourceId::default(), text));
    });
}
