//! The section `moved`: resources that had other addresses.

use super::Reader;
use crate::address::Address;
use crate::plan::Move;
use crate::spec::yaml::{Entry, Node, NodeKind};

impl Reader<'_> {
    pub(super) fn moved(&mut self, node: &Node) -> Vec<Move> {
        let entries = self.entries(node, "`moved`", ["from", "to"], "{ from: web, to: api.web }");
        entries.iter().filter_map(|entry| self.one_move(entry)).collect()
    }

    fn one_move(&mut self, node: &Node) -> Option<Move> {
        let entries = self.whole(node, &["from", "to"], "an entry of `moved`")?;
        let [from, to] = ["from", "to"].map(|name| entries.iter().find(|entry| &*entry.key.text == name));
        let (from, to) = (self.address(&from?.value), self.address(&to?.value));
        Some(Move { from: from?, to: to?, span: node.span })
    }

    /// The items of a section that is a list of mappings.
    pub(super) fn entries<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        [first, second]: [&str; 2],
        example: &str,
    ) -> &'n [Node] {
        match &node.kind {
            NodeKind::Sequence(items) => items,
            _ if node.is_null() => &[],
            _ => {
                let pair = node.entries().and_then(|entries| entries.first());
                let pair = pair.and_then(|entry| Some((&entry.key.text, entry.value.text()?)));
                let help = match pair {
                    Some((key, value)) if ![first, second].contains(&&**key) => {
                        format!("write a list, here `- {{ {first}: {key}, {second}: {value} }}`")
                    }
                    _ => format!("write a list, each item such as `- {example}`"),
                };
                let message = format!("{what} is a list, not {}", node.describe());
                self.error("wrong-type", node.span, message, Some(help));
                &[]
            }
        }
    }

    /// The entries of a mapping that has all of `fields` and no others; else that is told.
    pub(super) fn whole<'n>(&mut self, node: &'n Node, fields: &[&'static str], what: &str) -> Option<&'n [Entry]> {
        let entries = self.mapping(node, what);
        if !super::is_mapping(node) {
            return None;
        }
        let known: Vec<_> = entries.iter().filter_map(|entry| self.field(entry, entries, fields, what)).collect();
        let missing: Vec<&str> = fields.iter().copied().filter(|field| !known.contains(field)).collect();
        if !missing.is_empty() {
            let help = format!("it has {}", super::list(fields));
            self.error("missing-field", node.span, format!("{what} lacks {}", super::list(&missing)), Some(help));
        }
        missing.is_empty().then_some(entries)
    }

    pub(super) fn address(&mut self, node: &Node) -> Option<Address> {
        match self.text(node, "an address")?.parse() {
            Ok(address) => Some(address),
            Err(error) => {
                let error: crate::address::AddressError = error;
                let help = "write the name of a resource, with its key and the modules it lies in, if any".to_owned();
                self.error("bad-address", node.span, error.to_string(), Some(help));
                None
            }
        }
    }
}
