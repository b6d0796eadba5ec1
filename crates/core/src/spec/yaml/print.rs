//! A tree as YAML text.

use super::quote::{Context, double_quoted, literal, may_be_plain, single_quoted};
use super::{Entry, Node, NodeKind, Style, Tag};

/// Spaces per level.
const STEP: usize = 2;

/// YAML asks of a key on the line of its `:` that it is no longer than 1024 characters.
const LONGEST_KEY: usize = 1000;

/// A tree as YAML text in block layout. Read again it is the same tree, as
/// [`Node::same_as`] sees it.
///
/// Scalars keep their style where their text allows it: a plain text that could not
/// stand without quotes gets them, a folded block becomes a literal one.
pub fn print(node: &Node) -> String {
    let mut out = String::new();
    match &node.kind {
        NodeKind::Scalar { text, style, tag } => {
            // A block scalar's digit counts from the parent, and the root has none.
            let style = if matches!(style, Style::Literal | Style::Folded) { Style::DoubleQuoted } else { *style };
            out.push_str(&scalar(text, style, *tag, 0));
        }
        _ if is_empty(node) => out.push_str(brackets(node)),
        _ => block(&mut out, node, 0),
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

fn is_empty(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Sequence(items) => items.is_empty(),
        NodeKind::Mapping(entries) => entries.is_empty(),
        NodeKind::Scalar { .. } => false,
    }
}

fn brackets(node: &Node) -> &'static str {
    if node.items().is_some() { "[]" } else { "{}" }
}

/// Writes the items or entries, the first where the line stands, the others on new
/// lines indented by `indent`.
fn block(out: &mut String, node: &Node, indent: usize) {
    let start = |out: &mut String, index: usize| {
        if index > 0 {
            out.extend(std::iter::repeat_n(' ', indent));
        }
    };
    for (index, item) in node.items().unwrap_or_default().iter().enumerate() {
        start(out, index);
        out.push('-');
        value(out, item, indent, true);
    }
    for (index, entry) in node.entries().unwrap_or_default().iter().enumerate() {
        start(out, index);
        key(out, entry, indent);
        value(out, &entry.value, indent, false);
    }
}

fn key(out: &mut String, entry: &Entry, indent: usize) {
    let text = key_text(&entry.key.text, Context::Block);
    if text.chars().count() <= LONGEST_KEY {
        out.push_str(&text);
    } else {
        out.push_str(&format!("? {text}\n{:indent$}", ""));
    }
    out.push(':');
}

/// A key as it stands in front of its `:`.
pub(crate) fn key_text(text: &str, context: Context) -> String {
    if may_be_plain(text, context) && text != "<<" { text.to_owned() } else { double_quoted(text) }
}

/// Writes a value behind `key:` or `-` and ends the line. A list item's collection
/// begins on the line of its dash.
fn value(out: &mut String, node: &Node, indent: usize, compact: bool) {
    match &node.kind {
        NodeKind::Scalar { text, style, tag } => {
            let text = scalar(text, *style, *tag, indent + STEP);
            if !text.is_empty() {
                out.push(' ');
                out.push_str(&text);
            }
        }
        _ if is_empty(node) => {
            out.push(' ');
            out.push_str(brackets(node));
        }
        _ => {
            if compact {
                out.push(' ');
            } else {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent + STEP));
            }
            return block(out, node, indent + STEP);
        }
    }
    out.push('\n');
}

fn scalar(text: &str, style: Style, tag: Option<Tag>, indent: usize) -> String {
    let written = styled(text, style, indent);
    match tag {
        // A tag before nothing at all: readers differ on what that is.
        Some(tag) if written.is_empty() => format!("{} \"\"", tag.text()),
        Some(tag) => format!("{} {written}", tag.text()),
        None => written,
    }
}

fn styled(text: &str, style: Style, indent: usize) -> String {
    let kept = match style {
        Style::Plain if text.is_empty() || may_be_plain(text, Context::Block) => Some(text.to_owned()),
        Style::SingleQuoted => single_quoted(text),
        Style::Literal | Style::Folded => literal(text, indent),
        Style::Plain | Style::DoubleQuoted => None,
    };
    kept.unwrap_or_else(|| double_quoted(text))
}

impl Tag {
    /// The tag as it is written.
    pub fn text(self) -> &'static str {
        match self {
            Self::Str => "!!str",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Bool => "!!bool",
            Self::Null => "!!null",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{SourceId, Span};
    use crate::spec::yaml::arbitrary::tree;
    use crate::spec::yaml::{Key, Parsed, parse};
    use proptest::prelude::*;

    /// Printed and read again, the tree must be the same.
    fn round_trip(node: &Node) -> Result<(), TestCaseError> {
        let text = print(node);
        let Parsed { root, diagnostics } = parse(SourceId(0), &text);
        prop_assert_eq!(diagnostics, [], "{}", text);
        prop_assert!(root.is_some_and(|root| root.same_as(node)), "{}", text);
        Ok(())
    }

    #[test]
    fn collections_lie_in_blocks() {
        let text = "a:\n  - 1\n  - b: c\n    d:\n      - - e\n  - []\nf: {}\ng: |-\n  x\n  y\nh:\n";
        let flow = "a: [1, {b: c, d: [[e]]}, []]\nf: {}\ng: |-\n      x\n      y\nh:\n";
        let printed = parse(SourceId(0), flow).root.map(|root| print(&root));
        assert_eq!(printed.as_deref(), Some(text));
    }

    #[test]
    fn keys_too_long_for_a_line_get_one_of_their_own() -> Result<(), TestCaseError> {
        let span = Span::default();
        let key = Key { text: "k: ".repeat(2000).into(), span };
        let leaf = Node { span, kind: NodeKind::Sequence(vec![]) };
        let inner = Node { span, kind: NodeKind::Mapping(vec![Entry { key: key.clone(), value: leaf }]) };
        let outer = Node { span, kind: NodeKind::Mapping(vec![Entry { key, value: inner }]) };
        round_trip(&Node { span, kind: NodeKind::Sequence(vec![outer]) })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(node in tree()) {
            round_trip(&node)?;
        }

        #[test]
        fn what_is_read_prints_to_the_same(text in "([ab:\\-\\[\\]{},#!|>'\" \n~0.]|  |- |: |&a |\\*a|\n  ){0,40}") {
            let Parsed { root, diagnostics } = parse(SourceId(0), &text);
            if let Some(root) = root.filter(|_| diagnostics.is_empty()) {
                round_trip(&root)?;
            }
        }
    }
}
