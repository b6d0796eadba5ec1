//! Keys given twice, and what `<<` brings in.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::parse::Builder;
use super::{Entry, Key, Node, NodeKind};
use crate::diagnostic::{Diagnostic, Span};

impl Builder<'_> {
    /// Refuses keys given twice and puts what `<<` brings in where it stands.
    pub(super) fn settle(&mut self, entries: Vec<Entry>, merges: &[usize]) -> Vec<Entry> {
        let mut seen = BTreeMap::new();
        let mut unique = Vec::with_capacity(entries.len());
        for (index, entry) in entries.into_iter().enumerate() {
            // A quoted `"<<"` is a key like any other, and no twin of the merge key.
            let merge = merges.binary_search(&index).is_ok();
            match seen.entry((merge, Arc::clone(&entry.key.text))) {
                Slot::Vacant(slot) => {
                    slot.insert(entry.key.span);
                    unique.push((merge, entry));
                }
                Slot::Occupied(first) => self.diagnostics.push(duplicate(merge, &entry.key, *first.get())),
            }
        }
        if merges.is_empty() {
            return unique.into_iter().map(|(_, entry)| entry).collect();
        }
        let known = seen.into_keys().filter(|(merge, _)| !merge).map(|(_, text)| text).collect();
        self.merge(unique, known)
    }

    /// Expands merge keys. Explicit keys win wherever they stand; of several mappings
    /// brought in the first wins.
    fn merge(&mut self, entries: Vec<(bool, Entry)>, mut known: HashSet<Arc<str>>) -> Vec<Entry> {
        let mut merged = Vec::with_capacity(entries.len());
        for (merge, entry) in entries {
            if !merge {
                merged.push(entry);
                continue;
            }
            for source in self.merge_sources(entry) {
                merged.extend(source.into_iter().filter(|entry| known.insert(Arc::clone(&entry.key.text))));
            }
        }
        merged
    }

    fn merge_sources(&mut self, Entry { key, value }: Entry) -> Vec<Vec<Entry>> {
        let sources = match value.kind {
            NodeKind::Sequence(items) => items,
            kind => vec![Node { span: value.span, kind }],
        };
        let mut mappings = Vec::with_capacity(sources.len());
        for Node { span, kind } in sources {
            match kind {
                NodeKind::Mapping(entries) => mappings.push(entries),
                _ => self.diagnostics.push(bad_merge(key.span, span)),
            }
        }
        mappings
    }
}

fn duplicate(merge: bool, key: &Key, first: Span) -> Diagnostic {
    let twice = Diagnostic::error("duplicate-key", format!("the key `{}` is given twice", key.text));
    let help = if merge { "merge several mappings with `<<: [*a, *b]`" } else { "keep one of the two" };
    twice.at(key.span).with_label(first, "first given here").with_help(help)
}

/// `source` is what `<<` at `key` was to bring in, where it is written: an alias
/// leads to somewhere further up.
fn bad_merge(key: Span, source: Span) -> Diagnostic {
    let wrong = Diagnostic::error("bad-merge", "`<<` takes a mapping or a list of mappings")
        .with_help("write `<<: *name`, where `&name` marks a mapping");
    if source.start < key.start { wrong.at(key).with_label(source, "this is no mapping") } else { wrong.at(source) }
}
