#![allow(clippy::unwrap_used)]

use super::*;
use crate::diagnostic::{Diagnostic, SourceId, Sources, render_plain};
use proptest::prelude::*;

fn parsed(text: &str) -> Node {
    let Parsed { root, diagnostics } = parse(SourceId(0), text);
    assert_eq!(diagnostics, [], "{text}");
    root.unwrap()
}

fn refused(text: &str) -> Vec<Diagnostic> {
    let found = parse(SourceId(0), text).diagnostics;
    assert!(!found.is_empty(), "{text}");
    found
}

/// The only finding: its code and the text under its span.
fn finding(text: &str) -> (&'static str, &str) {
    let found = refused(text);
    assert_eq!(found.len(), 1, "{found:?}");
    let span = found[0].span.unwrap();
    (found[0].code, &text[span.start..span.end])
}

fn rendered(text: &str) -> String {
    let mut sources = Sources::default();
    let source = sources.add("a.yaml", text);
    parse(source, text).diagnostics.iter().map(|found| render_plain(found, &sources)).collect()
}

/// Every token of the tree: its text in the source.
fn tokens<'t>(node: &Node, text: &'t str, into: &mut Vec<&'t str>) {
    into.push(&text[node.span.start..node.span.end]);
    for item in node.items().unwrap_or_default() {
        tokens(item, text, into);
    }
    for entry in node.entries().unwrap_or_default() {
        into.push(&text[entry.key.span.start..entry.key.span.end]);
        tokens(&entry.value, text, into);
    }
}

fn all_tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    tokens(&parsed(text), text, &mut found);
    found
}

#[test]
fn scalars_keep_their_text_and_the_schema_may_decide() {
    let root = parsed("a: no\nb: on\nc: 012345678901\nd: 1e3\ne: 3.10\nf: 0o17\ng: '1'\nh:\ni: ~\nj: \"\"\n");
    let texts: Vec<_> = root.entries().unwrap().iter().map(|entry| entry.value.text().unwrap()).collect();
    assert_eq!(texts, ["no", "on", "012345678901", "1e3", "3.10", "0o17", "1", "", "~", ""]);
    let kinds: Vec<_> = root.entries().unwrap().iter().map(|entry| entry.value.describe()).collect();
    let expected = ["a string", "a string", "an integer", "a number", "a number", "an integer", "a string"];
    assert_eq!(kinds[..7], expected);
    assert_eq!(kinds[7..], ["nothing", "nothing", "a string"]);
}

#[test]
fn spans_are_the_exact_tokens() {
    assert_eq!(
        all_tokens("a: 'x'\nb: &n !!str y # c\nc: |- # d\n  one\n  two\n\ne: [1, {f: \"2\"}]\n"),
        [
            "a: 'x'\nb: &n !!str y # c\nc: |- # d\n  one\n  two\n\ne: [1, {f: \"2\"}]",
            "a",
            "'x'",
            "b",
            "y",
            "c",
            "|- # d\n  one\n  two",
            "e",
            "[1, {f: \"2\"}]",
            "1",
            "{f: \"2\"}",
            "f",
            "\"2\"",
        ]
    );
}

#[test]
fn lists_begin_at_their_first_dash() {
    let text = "a:\n- b\n-\n  - c\n- - d\ne: # -\n\n  - f\n";
    let expected = [
        "a:\n- b\n-\n  - c\n- - d\ne: # -\n\n  - f",
        "a",
        "- b\n-\n  - c\n- - d",
        "b",
        "- c",
        "c",
        "- d",
        "d",
        "e",
        "- f",
        "f",
    ];
    assert_eq!(all_tokens(text), expected);
}

#[test]
fn carriage_returns_and_byte_order_marks_shift_nothing() {
    let text = "\u{feff}a: \"é\"\r\nb:\r\n  - |\r\n    c\r\n    d\r\n";
    let expected = [
        "a: \"é\"\r\nb:\r\n  - |\r\n    c\r\n    d",
        "a",
        "\"é\"",
        "b",
        "- |\r\n    c\r\n    d",
        "|\r\n    c\r\n    d",
    ];
    assert_eq!(all_tokens(text), expected);
    assert_eq!(parsed(text).get("b").unwrap().items().unwrap()[0].text(), Some("c\nd\n"));
}

#[test]
fn strings_of_several_lines_fold_as_yaml_says() {
    let root = parsed("a: |\n  x\n   y\n\nb: >\n  x\n  y\n\n  z\nc: x\n  y\nd: 'x\n\n  y'\ne: |+\n  x\n\nf: >-\n  x\n");
    let texts: Vec<_> = root.entries().unwrap().iter().map(|entry| entry.value.text().unwrap()).collect();
    assert_eq!(texts, ["x\n y\n", "x y\nz\n", "x y", "x\ny", "x\n\n", "x"]);
}

#[test]
fn anchors_aliases_and_merge_keys_are_resolved() {
    let root = parsed("a: &a {x: 1, y: 2}\nb: *a\nc: {y: 3, <<: *a, z: 4}\nd: {<<: [{y: 5}, *a]}\ne: {\"<<\": 1}\n");
    let keys = |name: &str| -> String {
        let entries = root.get(name).unwrap().entries().unwrap();
        entries.iter().map(|entry| format!("{}={} ", entry.key.text, entry.value.text().unwrap())).collect()
    };
    assert_eq!(keys("b"), "x=1 y=2 ");
    assert_eq!(keys("c"), "y=3 x=1 z=4 ");
    assert_eq!(keys("d"), "y=5 x=1 ");
    assert_eq!(keys("e"), "<<=1 ");
    assert_eq!(parsed("- &k key\n- *k : 1\n").items().unwrap()[1].get("key").unwrap().text(), Some("1"));
}

#[test]
fn merges_of_no_mapping_are_refused() {
    assert_eq!(finding("a: {<<: [1]}"), ("bad-merge", "1"));
    assert_eq!(finding("a: {<<: b}"), ("bad-merge", "b"));
    assert_eq!(finding("x: &x {}\na:\n  <<: *x\n  <<: *x\n").0, "duplicate-key");
}

#[test]
fn every_duplicate_key_is_told_and_the_first_holds() {
    let text = "a: 1\nb: {c: 1, c: 2}\na: 3\n\"a\": 4\n";
    let Parsed { root, diagnostics } = parse(SourceId(0), text);
    assert_eq!(root.unwrap().get("a").unwrap().text(), Some("1"));
    let places: Vec<_> = diagnostics.iter().map(|found| found.span.unwrap().start).collect();
    assert_eq!(places, [15, 21, 26]);
    assert!(diagnostics.iter().all(|found| found.code == "duplicate-key" && found.labels.len() == 1));
}

#[test]
fn aliases_that_lead_nowhere_are_refused() {
    assert_eq!(finding("a: &name 1\nb: *nme\n"), ("unknown-alias", "*nme"));
    assert_eq!(refused("a: &name 1\nb: *nmae\n")[0].help.as_deref(), Some("did you mean `name`?"));
    assert_eq!(finding("a: &a [*a]"), ("recursive-alias", "*a"));
    assert!(parse(SourceId(0), "a: *b").root.is_none());
}

#[test]
fn alias_bombs_are_refused_at_the_alias() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..20 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert_eq!(finding(&text).0, "alias-bomb");
    let nested: String = (0..100).map(|level| format!("&a{level} [")).collect();
    assert_eq!(finding(&format!("{nested}{}{}", "x,".repeat(20_000), "]".repeat(100))).0, "alias-bomb");
}

#[test]
fn deep_nesting_is_refused_however_it_comes() {
    assert_eq!(finding(&"[".repeat(10_000)).0, "too-deep");
    assert_eq!(finding(&"- ".repeat(10_000)).0, "too-deep");
    assert_eq!(finding(&format!("{}{}", "[".repeat(129), "]".repeat(129))).0, "too-deep");
    parsed(&format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH)));
    let half = |inner: &str| format!("{}{inner}{}", "[".repeat(70), "]".repeat(70));
    assert_eq!(finding(&format!("a: &a {}\nb: {}\n", half("1"), half("*a"))), ("too-deep", "*a"));
}

#[test]
fn one_file_holds_one_document() {
    assert_eq!(finding("a: 1\n---\nb: 2\n"), ("several-documents", "---"));
    assert_eq!(parsed("---\na: 1\n...\n").get("a").unwrap().text(), Some("1"));
    assert!(parsed("").is_null());
    assert!(parsed("# only a comment\n").is_null());
}

#[test]
fn tags_of_the_core_schema_alone_are_known() {
    assert_eq!(finding("a: !Ref vpc\n"), ("unknown-tag", "!Ref"));
    assert_eq!(finding("a: !!binary eA==\n"), ("unknown-tag", "!!binary"));
    assert_eq!(finding("a: !x!y z\n").0, "unknown-tag");
    assert_eq!(finding("a: !!int x\n"), ("wrong-tag", "!!int"));
    assert_eq!(finding("a: !!map []\n"), ("wrong-tag", "!!map"));
    assert_eq!(finding("a: !!str []\n"), ("unknown-tag", "!!str"));
    let root = parsed("a: !!str 1\nb: ! 2\nc: !!seq []\nd: !!int \"3\"\n");
    assert_eq!(root.get("a").unwrap().scalar_value(), Some(ScalarValue::String("1".into())));
    assert_eq!(root.get("b").unwrap().scalar_value(), Some(ScalarValue::String("2".into())));
    assert_eq!(root.get("d").unwrap().scalar_value(), Some(ScalarValue::Int(3)));
}

#[test]
fn keys_are_strings() {
    assert_eq!(parsed("80: a\ntrue: b\n").get("80").unwrap().text(), Some("a"));
    assert_eq!(finding("? [a]\n: b\n"), ("complex-key", "["));
    assert_eq!(finding("a: {{x}}\n").0, "complex-key");
    assert_eq!(finding("a: {: b}\n").0, "missing-key");
}

#[test]
fn syntax_errors_speak_the_users_language() {
    assert_eq!(finding("a:\n\tb: c\n"), ("tab-indentation", "\t"));
    assert_eq!(finding("a:\n  b: 1\n\tc: 2\n"), ("tab-indentation", "\t"));
    assert_eq!(finding("a: {x: ${b.c}}\n"), ("unquoted-expression", "${b.c}"));
    assert_eq!(finding("a: [${b}, 1]\n"), ("unquoted-expression", "${b}"));
    assert_eq!(finding("a: \"x\nb: 'it''s'\n"), ("unclosed-quote", "\"x"));
    assert_eq!(finding("a: 'b'\nc: 'd\n"), ("unclosed-quote", "'d"));
    assert_eq!(finding("a: [1\nb: c\n").0, "unclosed-bracket");
    assert_eq!(finding("a: [1, 2\n"), ("unclosed-bracket", "["));
    assert_eq!(finding("a: @b\n"), ("yaml-syntax", "@b"));
    assert_eq!(finding("a: b: c\n").0, "yaml-syntax");
    assert_eq!(finding("a: \"\\q\"\n").0, "unknown-escape");
    assert_eq!(finding("a: 1\n b: 2\n").0, "yaml-syntax");
    assert_eq!(finding("a: 1\nb\n").0, "yaml-syntax");
}

#[test]
fn findings_are_drawn_at_their_place() {
    let expected = "\
error[duplicate-key]: the key `cidr` is given twice
 --> a.yaml:3:3
  |
3 |   cidr: 2
  |   ^^^^
 ::: a.yaml:2:3
  |
2 |   cidr: 1
  |   ---- first given here
  = help: keep one of the two
";
    assert_eq!(rendered("vpc:\n  cidr: 1\n  cidr: 2\n"), expected);
    let expected = "\
error[unquoted-expression]: an expression inside `{…}` or `[…]` needs quotes
 --> a.yaml:1:16
  |
1 | tags: { \"é\": x-${env} }
  |                ^^^^^^
  = help: write `\"${env}\"`
";
    assert_eq!(rendered("tags: { \"é\": x-${env} }\n"), expected);
}

#[test]
fn time_grows_with_the_text_alone() {
    let many: String = (0..5_000).map(|index| format!("r{index}:\n  ec2/vpc: {{cidr_block: 10.0.0.0/16}}\n")).collect();
    assert_eq!(parsed(&many).entries().unwrap().len(), 5_000);
    for hard in ["a: 1\n", "<<: {}\n", "- &a a\n", "{a: ", "\"", "? ", "a:\n", "- [\n", "# c\n"] {
        let Parsed { root, diagnostics } = parse(SourceId(0), &hard.repeat(20_000));
        assert!(root.is_some() || !diagnostics.is_empty());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        sane(&text)?;
    }

    #[test]
    fn any_text_of_yaml_marks_is_read_or_refused(text in "([ab:\\-\\[\\]{},#&*!|>'\"%@`?<\t \n\r\u{e9}\u{feff}$~0.]|  |- |: |<<|&a |\\*a|---\n|\n  ){0,40}") {
        sane(&text)?;
    }
}

/// Whatever the text, it is a tree with spans within the text, or there is a reason.
fn sane(text: &str) -> Result<(), TestCaseError> {
    let Parsed { root, diagnostics } = parse(SourceId(0), text);
    prop_assert!(root.is_some() || !diagnostics.is_empty());
    let _ = rendered(text);
    if let Some(root) = root {
        tokens(&root, text, &mut Vec::new());
    }
    for span in diagnostics.iter().filter_map(|found| found.span) {
        prop_assert!(text.get(span.start..span.end).is_some(), "{:?} of {:?}", span, text);
    }
    Ok(())
}
