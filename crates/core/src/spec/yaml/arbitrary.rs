//! Trees for property tests, with the strings that YAML gets wrong most often.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Entry, Key, Node, NodeKind, Style, Tag};
use crate::diagnostic::Span;

/// Texts that look like something else, or hold what YAML gives a meaning.
const TRAPS: &[&str] = &[
    "",
    " ",
    "no",
    "on",
    "yes",
    "y",
    "null",
    "~",
    "true",
    "1e3",
    "3.10",
    "012345678901",
    "0o17",
    "0x1f",
    ".inf",
    "-.5",
    "-",
    "--",
    "---",
    "...",
    "-a",
    "- a",
    "?",
    "? a",
    ":",
    ":a",
    "a:",
    "a: b",
    "a :b",
    "a #b",
    "a#b",
    "#",
    "# c",
    "&a",
    "*a",
    "!a",
    "!!str",
    "|",
    ">",
    "|-",
    "%a",
    "@a",
    "`a`",
    "'",
    "\"",
    "'a'",
    "\"a\"",
    "a'b",
    "it's \"x\"",
    "\\",
    "\\n",
    "{",
    "{}",
    "[a]",
    "a, b",
    "a]",
    "${vpc.id}",
    "${ {\"a\": 1}[\"a\"] }",
    "$${x}",
    "<<",
    "=",
    " a",
    "a ",
    "a\n",
    "\na",
    "a\nb",
    "a\n\nb\n",
    "a\n\n",
    "  a\nb",
    "a\n  b\n c\n",
    "\n",
    "\n\n",
    " \n",
    "a\n \nb",
    "\ta",
    "a\tb",
    "a\n\tb",
    "é",
    "日本",
    "🎵",
    "\u{feff}",
    "\u{a0}",
    "\u{85}",
    "\u{2028}",
    "\u{0}",
    "\r",
    "a\r\nb",
    "2012-10-17",
    "12:30",
    "1_000",
    "10.0.0.0/16",
    "a: b # c\nd: e\n",
    "# c\n# d\n",
    "arn:aws:iam::123456789012:role/x",
];

/// Any text, the hard ones more often.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(TRAPS).prop_map(str::to_owned),
        2 => "[a-z_]{1,8}",
        1 => "([ab:#'\"\\\\{}\\[\\],&*!|>%@`?~ \n\t\u{e9}\u{85}$.-]){0,12}",
        1 => any::<String>(),
    ]
}

fn style() -> impl Strategy<Value = Style> {
    let styles = [Style::Plain, Style::SingleQuoted, Style::DoubleQuoted, Style::Literal, Style::Folded];
    prop::sample::select(styles.to_vec())
}

fn scalar() -> impl Strategy<Value = NodeKind> {
    (text(), style(), prop::option::weighted(0.1, Just(Tag::Str))).prop_map(|(text, style, tag)| NodeKind::Scalar {
        text: Arc::from(text),
        style,
        tag,
    })
}

fn node(kind: NodeKind) -> Node {
    Node { span: Span::default(), kind }
}

fn entries(pairs: Vec<(String, Node)>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(pairs.len());
    for (text, value) in pairs {
        if entries.iter().all(|entry| *entry.key.text != *text) {
            entries.push(Entry { key: Key { text: Arc::from(text), span: Span::default() }, value });
        }
    }
    entries
}

/// Any tree: a few levels, a few dozen nodes, no key twice in one mapping.
pub(crate) fn tree() -> impl Strategy<Value = Node> {
    scalar().prop_map(node).prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(NodeKind::Sequence),
            prop::collection::vec((text(), inner), 0..5).prop_map(|pairs| NodeKind::Mapping(entries(pairs))),
        ]
        .prop_map(node)
    })
}
