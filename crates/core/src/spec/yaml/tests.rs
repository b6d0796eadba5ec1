#![allow(clippy::unwrap_used)]

use super::*;
use crate::diagnostic::{Diagnostic, SourceId, Sources, render_plain};
use proptest::prelude::*;

mod core_schema;
mod shared;
mod texts;

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
fn one_file_holds_one_document() {
    for text in ["a: 1\n---\nb: 2\n", "---\n---\n", "--- a\n--- b\n", "a: 1\n---\n", "a: |\n  x\n---\nb: 1\n"] {
        assert_eq!(finding(text), ("several-documents", "---"), "{text}");
    }
    assert_eq!(finding("a: 1\n...\nb: 2\n"), ("several-documents", ""));
    for text in ["---\na: 1\n...\n", "--- {a: 1}\n", "a: 1\n... # end\n", "# c\n---\n# d\na: 1\n"] {
        assert_eq!(parsed(text).get("a").unwrap().text(), Some("1"), "{text}");
    }
    for text in ["", "# only a comment\n", "---\n", "...\n", "\u{feff}", "\r\n"] {
        assert!(parsed(text).is_null(), "{text:?}");
    }
}

#[test]
fn only_yaml_1_2_is_read() {
    parsed("%YAML 1.2\n---\na: 1\n");
    parsed("%YAML 1.2 # as it should be\r\n--- \r\na: 1\r\n");
    for version in ["%YAML 1.1", "%YAML 1.3", "%YAML 2.0"] {
        assert_eq!(finding(&format!("# %YAML 1.2\n{version}  \n---\na: yes\n")), ("yaml-version", version));
    }
    for text in ["%YAML\n---\na: 1\n", "%YAML 1.2\n%YAML 1.2\n---\n", "%YAML 1.2\na: 1\n", "a: 1\n%YAML 1.2\n---\n"] {
        assert_eq!(finding(text).0, "yaml-syntax", "{text}");
        assert!(refused(text)[0].help.is_some(), "{text}");
    }
}

#[test]
fn tags_of_the_core_schema_alone_are_known() {
    for (tag, value) in [
        ("!Ref", "vpc"),
        ("!!binary", "eA=="),
        ("!!set", "{}"),
        ("!!str", "[]"),
        ("!!int", "{}"),
        ("!x!y", "z"),
        ("!<x>", "y"),
    ] {
        assert_eq!(finding(&format!("a: {tag} {value}\n")), ("unknown-tag", tag));
    }
    for (tag, value) in [("!!map", "[]"), ("!!seq", "{}"), ("!!int", "x"), ("!!float", "1_0")] {
        assert_eq!(finding(&format!("a: {tag} {value}\n")), ("wrong-tag", tag));
    }
    parsed("a: !!seq []\nb: !!map {}\nc: ! []\nd: !!seq\n  - x\n");
    parsed("%TAG !c! tag:yaml.org,2002:\n---\na: !c!str 1\n");
}

#[test]
fn tags_of_cloudformation_are_told_what_they_are_here() {
    let help = |text: &str| refused(&format!("a: {text}\n"))[0].help.clone().unwrap();
    assert_eq!(help("!Ref vpc"), "write `${vpc}` for a param, and `${vpc.id}` for a resource's id");
    assert_eq!(help("!Ref AWS::Region"), "write `${aws.region}`");
    assert_eq!(help("!Sub 'x'"), "remove it: `${…}` works in every text");
    assert!(help("!GetAtt vpc.Id").contains("`${name.output}`"));
    assert!(help("!Join [',', [a, b]]").contains("`${join("));
}

#[test]
fn keys_are_strings() {
    let root = parsed("80: a\ntrue: b\n~: c\n'': d\n${x}: e\n");
    let keys: Vec<_> = root.entries().unwrap().iter().map(|entry| &*entry.key.text).collect();
    assert_eq!(keys, ["80", "true", "~", "", "${x}"]);
    assert_eq!(parsed("? a\n: b\n? |\n  c\n: d\n").get("c\n").unwrap().text(), Some("d"));
    for text in ["? [a]\n: b\n", "? {a: b}\n: c\n", "{[a]: b}\n", "a: {{x}}\n", "? - a\n: b\n"] {
        assert_eq!(finding(text).0, "complex-key", "{text}");
    }
    assert_eq!(finding("&a [x]: 1\n"), ("complex-key", "["));
    assert_eq!(finding("- &k [a]\n- *k : b\n").0, "complex-key");
    assert_eq!(finding("a: {: b}\n"), ("missing-key", ":"));
    assert_eq!(finding("a: 1\n: b\n"), ("missing-key", ":"));
}

#[test]
fn a_key_without_a_value_is_null() {
    let root = parsed("a:\nb: # c\nc: {d, e: , f: }\ng:\n  -\n  -\n? h\n");
    assert!(root.get("a").unwrap().is_null() && root.get("b").unwrap().is_null() && root.get("h").unwrap().is_null());
    assert!(root.get("c").unwrap().entries().unwrap().iter().all(|entry| entry.value.is_null()));
    assert_eq!(root.get("g").unwrap().items().unwrap().len(), 2);
}

#[test]
fn tabs_may_separate_but_not_indent() {
    for text in ["a:\t1\n", "a: 1\t# c\n", "-\ta\n", "{\ta:\t1\t}\n", "a: |\n  x\n  \ty\n", "a: x\ty\n"] {
        parsed(text);
    }
    for text in ["a:\n\tb: c\n", "a:\n  b: 1\n\tc: 2\n", "a:\n\t- 1\n", "a: [\n\t1\n]\n", "a: |\n\tx\n"] {
        assert_eq!(finding(text), ("tab-indentation", "\t"), "{text}");
    }
}

#[test]
fn syntax_errors_speak_the_users_language() {
    let table = [
        ("a: {x: ${b.c}}\n", "unquoted-expression", "${b.c}"),
        ("a: [${b}, 1]\n", "unquoted-expression", "${b}"),
        ("a: ${b ? 1 : 2}\n", "unquoted-expression", "${b ? 1 : 2}"),
        ("a: ${f({\"}\": {}, \"b\": 1})}-x\n", "unquoted-expression", "${f({\"}\": {}, \"b\": 1})}"),
        ("a: [${f({})}]\n", "unquoted-expression", "${f({})}"),
        ("a: \"x\nb: 'it''s'\n", "unclosed-quote", "\"x"),
        ("a: 'b'\nc: 'd\n", "unclosed-quote", "'d"),
        ("a: '", "unclosed-quote", "'"),
        ("a: \"x\n---\ny\"\n", "unclosed-quote", "\"x"),
        ("a: [1\nb: c\n", "unclosed-bracket", ":"),
        ("a: [1, 2\n", "unclosed-bracket", "["),
        ("a: [\nb: c\n", "unclosed-bracket", "["),
        ("a: {b: [1}\n", "unclosed-bracket", "["),
        ("a: ]\n", "unclosed-bracket", "]"),
        ("a: [- b]\n", "unclosed-bracket", "-"),
        ("a: @b\n", "yaml-syntax", "@b"),
        ("a: `b`\n", "yaml-syntax", "`b`"),
        ("a: %b\n", "yaml-syntax", "%b"),
        ("a: ,b\n", "yaml-syntax", ",b"),
        ("a: b: c\n", "yaml-syntax", ":"),
        ("a: {b: c: d}\n", "yaml-syntax", ":"),
        ("a: [b, , c]\n", "yaml-syntax", ","),
        ("a: [,]\n", "yaml-syntax", ",]"),
        ("a: [-]\n", "yaml-syntax", "-]"),
        ("a: [b] c\n", "yaml-syntax", "c"),
        ("a: 1\n b: 2\n", "yaml-syntax", ":"),
        ("a: 1\nb\n", "yaml-syntax", "b"),
        ("a: 1\nb:2\n", "yaml-syntax", ":"),
        ("- a\n-b\n", "yaml-syntax", "-"),
        ("a: 'it's'\n", "yaml-syntax", "s'"),
        ("a: 'b'# c\n", "yaml-syntax", "#"),
        ("a: |b\n", "yaml-syntax", "|b"),
        ("a: |0\n", "yaml-syntax", "|0"),
        ("a: !<b\n", "unknown-tag", "!<b"),
    ];
    for (text, code, place) in table {
        assert_eq!(finding(text), (code, place), "{text}");
        assert!(refused(text)[0].help.is_some(), "{text}");
    }
    assert_eq!(refused("a: [${b[\"c\"]}]\n")[0].help.as_deref(), Some("write `'${b[\"c\"]}'`"));
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
