//! One layout for every spec: `provision fmt`.
//!
//! - Two spaces per level, lists indented below their key, blocks where the author
//!   wrote blocks. Collections in brackets stay so while they fit on their line
//!   and hold no comment; else they become blocks.
//! - The sections of a spec come in their usual order, [`SECTIONS`]; a key that is
//!   no section stays behind the one it followed.
//! - One blank line between resources, and before the sections that hold blocks of
//!   them; elsewhere a blank line stays where the author had one or more.
//! - Quotes stay unless every reader would take the text for a string without them.
//! - Comments stay beside what they were written beside. Those at the end of a line
//!   keep their column where the line leaves room.
//!
//! Byte-order mark, carriage returns, directives and document markers go.

mod comments;
mod layout;
mod tree;

use crate::diagnostic::{Diagnostic, SourceId};
use crate::spec::yaml::{Entry, Node, NodeKind, Parsed, parse};

/// The sections of specs and modules in the order they are written.
pub const SECTIONS: [&str; 16] = [
    "stack",
    "description",
    "region",
    "assume_role",
    "state",
    "params",
    "environments",
    "locals",
    "defaults",
    "existing",
    "modules",
    "resources",
    "moved",
    "import",
    "checks",
    "outputs",
];

/// The text of a spec in its one layout.
///
/// Formatting twice changes nothing more. The result is read again and compared:
/// it says the same as `text` and holds the same comments.
///
/// # Errors
/// The findings of [`parse`], when there are any; or that the text, valid as it is,
/// would not survive: then it is to be left alone.
pub fn format(source: SourceId, text: &str) -> Result<String, Vec<Diagnostic>> {
    let Parsed { root, diagnostics } = parse(source, text);
    let Some(root) = root.filter(|_| diagnostics.is_empty()) else {
        return Err(diagnostics);
    };
    let plain = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    // Moving a section must not carry an alias in front of its anchor; then all stay put.
    let tries = [true, false].into_iter().filter_map(|reorder| lay_out(&plain, reorder));
    let mut faithful = tries.filter(|made| says_the_same(&root, &plain, made));
    faithful.next().ok_or_else(|| {
        let refused = Diagnostic::error("format-refused", "this text cannot be laid out anew without changing it");
        vec![
            refused
                .with_help("it is valid as it stands; simplify its anchors or multi-line strings to have it formatted"),
        ]
    })
}

fn lay_out(text: &str, reorder: bool) -> Option<String> {
    let mut document = tree::read(text)?;
    comments::attach(text, &mut document);
    if reorder {
        layout::sort_sections(&mut document.root);
    }
    Some(layout::write(&document.root))
}

/// Whether `made` has the values of `root`, in any order at the top, and the comments of `text`.
fn says_the_same(root: &Node, text: &str, made: &str) -> bool {
    let Parsed { root: again, diagnostics } = parse(SourceId::default(), made);
    let same = again.is_some_and(|again| sorted(&again).same_as(&sorted(root)));
    diagnostics.is_empty() && same && sorted_comments(text) == sorted_comments(made)
}

fn sorted(root: &Node) -> Node {
    let mut root = root.clone();
    if let NodeKind::Mapping(entries) = &mut root.kind {
        entries.sort_by(|left: &Entry, right: &Entry| left.key.text.cmp(&right.key.text));
    }
    root
}

fn sorted_comments(text: &str) -> Option<Vec<&str>> {
    let mut comments: Vec<_> = tree::read(text)?.comments.into_iter().map(|comment| comment.text).collect();
    comments.sort_unstable();
    Some(comments)
}

#[cfg(test)]
mod tests;
