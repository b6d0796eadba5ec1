//! Whatever stands in a file: loading it ends soon, never panics, and always says the same.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{Arc, LazyLock};

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_pieces_are_read_or_refused(text in put_together()) {
        check(&text);
    }

    #[test]
    fn any_expression_is_evaluated_or_refused(text in any::<String>(), style in 0usize..4) {
        check(&with_expression(&text, style));
    }

    #[test]
    fn any_words_are_evaluated_or_refused(text in put_in_words(), style in 0usize..4) {
        check(&with_expression(&text, style));
    }
}

/// Small texts that stand for much work.
#[test]
fn what_looks_small_and_is_large_is_bounded() {
    let nested = format!("stack: shop\noutputs:\n  a: {}\n", "[".repeat(10_000));
    let calls = format!("stack: shop\noutputs:\n  a: ${{{}1{}}}\n", "upper(".repeat(5_000), ")".repeat(5_000));
    let sums = format!("stack: shop\noutputs:\n  a: ${{{}1}}\n", "1 + ".repeat(20_000));
    let powers = "stack: shop\noutputs:\n  a: ${range(1000).map(a, range(1000).map(b, range(1000)))}\n".to_owned();
    let aliases: String = (1..30).map(|i| format!("  a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1)).collect();
    let bomb = format!("stack: shop\noutputs:\n  a0: &a0 [x]\n{aliases}");
    let repeated = "stack: shop\nresources:\n  a:\n    for_each: ${range(100000)}\n    logs/log_group: {}\n".to_owned();
    for text in [nested, calls, sums, powers, bomb, repeated] {
        let told = load(&text, false).unwrap_err();
        assert!(told.concat().len() < 10_000, "{} lines", told.len());
    }
}
