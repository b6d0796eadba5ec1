//! The section `import`: what exists and is to be taken under our care.

use super::Reader;
use crate::address::Address;
use crate::diagnostic::Span;
use crate::schema::{StringType, Type};
use crate::spec::tree::Tree;
use crate::spec::yaml::Node;

/// One entry of `import`.
#[derive(Clone, Debug)]
pub struct ImportBlock {
    /// The address it is to have.
    pub to: Address,
    /// Its physical name; rests on params alone.
    pub id: Tree,
    /// Where the entry stands.
    pub span: Span,
    /// Where the address stands.
    pub to_span: Span,
}

impl Reader<'_> {
    pub(super) fn imports(&mut self, node: &Node) -> Vec<ImportBlock> {
        let entries = self.entries(node, "`import`", ["to", "id"], "{ to: vpc, id: vpc-0a1b }");
        entries.iter().filter_map(|entry| self.one_import(entry)).collect()
    }

    fn one_import(&mut self, node: &Node) -> Option<ImportBlock> {
        let entries = self.whole(node, &["to", "id"], "an entry of `import`")?;
        let [to, id] = ["to", "id"].map(|name| entries.iter().find(|entry| &*entry.key.text == name));
        let to_span = to?.value.span;
        let to = self.address(&to?.value);
        let id = self.tree(&id?.value, &Type::String(StringType::default()));
        Some(ImportBlock { to: to?, id, span: node.span, to_span })
    }
}
