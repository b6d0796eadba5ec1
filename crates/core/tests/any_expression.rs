//! Whatever stands in `${…}`: it is read and evaluated within bounds, or refused.

#![allow(clippy::unwrap_used)]

mod common;
mod fuzz;
#[path = "fuzz/specs.rs"]
mod specs;

use std::sync::{Arc, LazyLock};

use fuzz::{Hard, alone, cases, each_alone, edited, tried};
use proptest::prelude::*;
use provision_core::diagnostic::{Sources, render_plain};
use provision_core::expr::Expression;
use provision_core::schema::Schemas;
use provision_core::spec::{self, Files, Given};

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(common::schemas);

/// Reads an expression by itself, and evaluates it in every place of a spec.
fn check(text: &str, style: usize) {
    tried(text.as_bytes());
    match Expression::parse(text) {
        Ok(expression) => drop(expression.references()),
        Err(error) => {
            assert!(text.get(error.range.clone()).is_some(), "{:?} of {} bytes", error.range, text.len());
        }
    }
    let spec = with_expression(text, style);
    let mut sources = Sources::default();
    let source = sources.add("shop.yaml", spec);
    let found = spec::load(&mut sources, source, &SCHEMAS, &Given::default(), &Arc::new(Files::none()))
        .err()
        .unwrap_or_default();
    let told: String = found.iter().map(|found| render_plain(found, &sources)).collect();
    assert!(told.len() < 100_000, "{} bytes are told", told.len());
}

/// Pieces of expressions.
const WORDS: [&str; 40] = [
    "vpc",
    "public",
    "log",
    "size",
    "env",
    "each",
    "aws",
    ".id",
    ".cidr_block",
    ".key",
    ".map(",
    "x, ",
    "x",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    " + ",
    " - ",
    " ? ",
    " : ",
    " && ",
    " == ",
    "1",
    "0",
    "\"a\"",
    "'",
    "\"",
    "values(",
    "cidrsubnet(",
    "zones(",
    "has(",
    "!",
    "\\",
    "$",
    "//",
    "é",
];

fn put_in_words() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..16).prop_map(|words| words.concat())
}

/// A spec with `expression` in every place that takes one, written in `style`.
fn with_expression(expression: &str, style: usize) -> String {
    let folded = format!(">-\n        ${{{}}}", expression.replace('\n', "\n        "));
    let written = match style {
        0 => format!("${{{expression}}}"),
        1 => format!("\"${{{}}}\"", expression.replace('\\', "\\\\").replace('"', "\\\"")),
        2 => format!("'a ${{{}}} b'", expression.replace('\'', "''")),
        _ => folded,
    };
    format!(
        "stack: shop\nregion: {written}\nparams:\n  size: {{ default: 3, type: integer }}\n  env: {{ default: dev }}\n\
         resources:\n  vpc:\n    ec2/vpc:\n      cidr_block: 10.0.0.0/16\n  public:\n    for_each: [a, b]\n    \
         ec2/subnet:\n      vpc_id: {written}\n      tags:\n        a: {written}\n  log:\n    for_each: {written}\n    \
         logs/log_group:\n      log_group_name: ${{each.key}}\noutputs:\n  it: {written}\n"
    )
}

/// Every expression of the workspace's specs.
fn expressions() -> Vec<Vec<u8>> {
    let texts: Vec<String> = specs::specs().iter().map(|bytes| specs::text(bytes)).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let starts = lines.flat_map(|line| line.match_indices("${").map(|(at, _)| &line[at + 2..]));
    starts.filter_map(|rest| rest.rfind('}').map(|end| rest.as_bytes()[..end].to_vec())).collect()
}

#[test]
fn any_text_is_evaluated_or_refused() {
    alone("any_text_is_evaluated_or_refused", || {
        proptest!(cases(400), |(text in any::<String>(), style in 0usize..4)| check(&text, style));
    });
}

#[test]
fn any_words_are_evaluated_or_refused() {
    alone("any_words_are_evaluated_or_refused", || {
        proptest!(cases(1_000), |(text in put_in_words(), style in 0usize..4)| check(&text, style));
    });
}

#[test]
fn any_edit_of_an_expression_is_evaluated_or_refused() {
    alone("any_edit_of_an_expression_is_evaluated_or_refused", || {
        proptest!(cases(1_000), |(bytes in edited(expressions()), style in 0usize..4)| {
            check(&specs::text(&bytes), style);
        });
    });
}

/// Expressions that are long, deep or make more than they show.
const HARD: [Hard; 18] = [
    ("parentheses", || format!("{}1{}", "(".repeat(30_000), ")".repeat(30_000))),
    ("open", || "(".repeat(60_000)),
    ("nots", || format!("{}true", "!".repeat(60_000))),
    ("minuses", || format!("{}1", "-".repeat(60_000))),
    ("calls", || format!("{}1{}", "upper(".repeat(9_000), ")".repeat(9_000))),
    ("sums", || format!("{}1", "1 + ".repeat(15_000))),
    ("choices", || format!("{}1", "true ? 1 : ".repeat(5_000))),
    ("lists", || format!("{}{}", "[".repeat(30_000), "]".repeat(30_000))),
    ("fields", || format!("vpc{}", ".id".repeat(20_000))),
    ("range", || "range(0, 1000000000)".into()),
    ("ranges", || "range(1000).map(a, range(1000).map(b, range(1000)))".into()),
    ("powers", || format!("[1]{}", ".map(x, [x, x, x, x])".repeat(40))),
    ("doubled", || format!("{}[1]{}", "flatten([".repeat(20), "])".repeat(20))),
    ("joined", || "join(\"x\", range(100000).map(a, join(\"y\", range(100000).map(b, \"z\"))))".into()),
    ("texts", || {
        "range(1000).map(a, join(\"\", range(10000).map(b, \"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\")))".into()
    }),
    ("format", || "format(\"%1000000000d %01000000000d\", 1, 2)".into()),
    ("replaced", || {
        "replace(replace(replace(join(\"\", range(1000).map(a, \"a\")), \"a\", \"aaaaaaaaaaaaaaaa\"), \"a\", \"aaaaaaaaaaaaaaaa\"), \"a\", \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\")".into()
    }),
    ("words", || "a ".repeat(400_000)),
];

/// How many bytes of memory a byte of text may take: the spec holds it five times.
const FACTOR: usize = 1_000;

#[test]
fn what_looks_small_and_is_large_is_bounded() {
    each_alone("what_looks_small_and_is_large_is_bounded", &HARD, FACTOR, |text| check(text, 1));
}
