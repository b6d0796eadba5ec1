//! Values stated once: anchors, aliases and merge keys; and how much they may stand for.

use super::*;

/// A tree as it would be written in brackets.
fn shown(node: &Node) -> String {
    let list = |parts: Vec<String>| parts.join(",");
    match &node.kind {
        NodeKind::Scalar { text, .. } => text.to_string(),
        NodeKind::Sequence(items) => format!("[{}]", list(items.iter().map(shown).collect())),
        NodeKind::Mapping(entries) => {
            let entry = |entry: &Entry| format!("{}:{}", entry.key.text, shown(&entry.value));
            format!("{{{}}}", list(entries.iter().map(entry).collect()))
        }
    }
}

#[test]
fn aliases_stand_for_what_is_anchored() {
    let table = [
        ("a: &x 1\nb: *x\n", "{a:1,b:1}"),
        ("a: &x [1, 2]\nb: *x\n", "{a:[1,2],b:[1,2]}"),
        ("a: &x {c: 1}\nb: *x\n", "{a:{c:1},b:{c:1}}"),
        ("a: &x\nb: *x\n", "{a:,b:}"),
        ("a: &x |\n  t\nb: *x\n", "{a:t\n,b:t\n}"),
        ("- &x a\n- *x : b\n", "[a,{a:b}]"),
        ("&x a: b\nc: *x\n", "{a:b,c:a}"),
        ("a: &x 1\nb: &x 2\nc: *x\n", "{a:1,b:2,c:2}"),
        ("a: &x [&y 1, *y]\nb: [*x, *y]\n", "{a:[1,1],b:[[1,1],1]}"),
    ];
    for (text, expected) in table {
        assert_eq!(shown(&parsed(text)), expected, "{text}");
    }
}

#[test]
fn merge_keys_bring_in_what_is_not_stated() {
    let table = [
        // What is stated wins, wherever it stands.
        ("x: &x {a: 1, b: 2}\nz: {<<: *x, a: 3}\n", "{b:2,a:3}"),
        ("x: &x {a: 1, b: 2}\nz: {a: 3, <<: *x}\n", "{a:3,b:2}"),
        // Of several mappings the first wins.
        ("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y]}\n", "{a:1,b:2}"),
        ("x: &x [{a: 1}, {a: 2, b: 2}]\nz: {<<: *x}\n", "{a:1,b:2}"),
        // What is merged may itself be merged.
        ("x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: {<<: *y, c: 3}\n", "{a:1,b:2,c:3}"),
        ("z:\n  <<: {a: 1}\n  b: 2\n", "{a:1,b:2}"),
        ("z: {<<: {}}\n", "{}"),
        ("z: {<<: []}\n", "{}"),
        // Only the mapping itself is merged, not what lies in it.
        ("x: &x {a: {b: 1}}\nz: {<<: *x, a: {c: 2}}\n", "{a:{c:2}}"),
        // In quotes it is a key, and as a value a text.
        ("z: {\"<<\": 1}\n", "{<<:1}"),
        ("z: {!!str <<: 1}\n", "{<<:1}"),
        ("z: [<<]\n", "[<<]"),
    ];
    for (text, expected) in table {
        assert_eq!(shown(parsed(text).get("z").unwrap()), expected, "{text}");
    }
}

#[test]
fn merges_of_no_mapping_are_told_where_they_are_asked_for() {
    assert_eq!(finding("a: {<<: [1]}"), ("bad-merge", "1"));
    assert_eq!(finding("a: {<<: b}"), ("bad-merge", "b"));
    assert_eq!(finding("a: {<<: }"), ("bad-merge", ""));
    assert_eq!(finding("a: {<<: [[{b: 1}]]}"), ("bad-merge", "[{b: 1}]"));
    assert_eq!(finding("x: &x [1]\na: {<<: *x}\n"), ("bad-merge", "<<"));
    assert_eq!(finding("x: &x text\na: {<<: [*x]}\n"), ("bad-merge", "<<"));
    assert_eq!(finding("x: &x {}\na:\n  <<: *x\n  <<: *x\n"), ("duplicate-key", "<<"));
}

#[test]
fn every_duplicate_key_is_told_and_the_first_holds() {
    let text = "a: 1\nb: {c: 1, c: 2}\na: 3\n\"a\": 4\n";
    let Parsed { root, diagnostics } = parse(SourceId(0), text);
    assert_eq!(shown(&root.unwrap()), "{a:1,b:{c:1}}");
    let places: Vec<_> = diagnostics.iter().map(|found| found.span.unwrap().start).collect();
    assert_eq!(places, [15, 21, 26]);
    assert!(diagnostics.iter().all(|found| found.code == "duplicate-key" && found.labels.len() == 1));
    for text in ["a: 1\n'a': 2\n", "a: 1\n? a\n: 2\n", "1: a\n\"1\": b\n", "a: 1\n\"\\x61\": 2\n", "&x a: 1\n*x : 2\n"]
    {
        assert_eq!(finding(text).0, "duplicate-key", "{text}");
    }
    parsed("a: 1\nA: 2\n01: 3\n1: 4\n");
}

#[test]
fn aliases_that_lead_nowhere_are_refused() {
    assert_eq!(finding("a: &name 1\nb: *nme\n"), ("unknown-alias", "*nme"));
    assert_eq!(refused("a: &name 1\nb: *nmae\n")[0].help.as_deref(), Some("did you mean `name`?"));
    assert_eq!(finding("a: *b\nb: &b 1\n"), ("unknown-alias", "*b"));
    assert_eq!(finding("a: &a [*a]"), ("recursive-alias", "*a"));
    assert_eq!(finding("a: &a {b: {<<: *a}}"), ("recursive-alias", "*a"));
    assert!(parse(SourceId(0), "a: *b").root.is_none());
    assert_eq!(finding("a: *\n"), ("yaml-syntax", "*"));
    assert_eq!(finding("a: & b\n"), ("yaml-syntax", "&"));
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
    let merged: String = (1..40)
        .map(|level| format!("m{level}: &m{level} {{<<: [*m{0}, *m{0}], k{level}: {{<<: *m{0}}}}}\n", level - 1))
        .collect();
    assert_eq!(finding(&format!("m0: &m0 {{a: 1}}\n{merged}")).0, "alias-bomb");
}

#[test]
fn deep_nesting_is_refused_however_it_comes() {
    for opener in ["[", "- ", "{a: ", "[{a: ", "? ", "!!seq [", "&a ["] {
        assert!(matches!(finding(&opener.repeat(10_000)).0, "too-deep" | "complex-key"), "{opener}");
    }
    let indented: String = (0..200).map(|depth| format!("{:depth$}a:\n", "")).collect();
    assert_eq!(finding(&indented).0, "too-deep");
    assert_eq!(finding(&format!("{}{}", "[".repeat(129), "]".repeat(129))).0, "too-deep");
    parsed(&format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH)));
    let half = |inner: &str| format!("{}{inner}{}", "[".repeat(70), "]".repeat(70));
    assert_eq!(finding(&format!("a: &a {}\nb: {}\n", half("1"), half("*a"))), ("too-deep", "*a"));
}
