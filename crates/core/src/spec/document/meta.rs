//! What may stand beside every block that makes or looks up something.

use std::sync::Arc;

use super::Reader;
use crate::schema::{StringType, Type};
use crate::spec::definition::Meta;
use crate::spec::yaml::Node;

/// The fields of a [`Meta`].
pub(super) const META_FIELDS: [&str; 4] = ["for_each", "when", "region", "assume_role"];

impl Reader<'_> {
    /// Reads one of [`META_FIELDS`] into `meta`.
    pub(super) fn meta(&mut self, name: &str, node: &Node, meta: &mut Meta) {
        let (field, ty) = match name {
            "for_each" => (&mut meta.for_each, Type::Any),
            "when" => (&mut meta.when, Type::Bool),
            "region" => (&mut meta.region, Type::String(StringType::default())),
            "assume_role" => (&mut meta.assume_role, Type::Any),
            _ => return,
        };
        *field = Some(Arc::new(self.tree(node, &ty)));
    }
}
