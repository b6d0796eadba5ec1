//! Where a resource of the spec lies, and what it imports: worked out before anything is
//! planned.

use std::collections::BTreeMap;

use super::document::ImportBlock;
use super::tree::Tree;
use super::{ResourceScope, ResourceTemplate};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::driver::{AssumeRole, Id, Place};
use crate::plan::Adoption;
use crate::value::Value;

/// Where an instance of `template` lies.
pub(super) fn place(template: &ResourceTemplate, scope: &ResourceScope<'_>, found: &mut Vec<Diagnostic>) -> Place {
    let region = template.region.as_ref().and_then(|tree| text(tree, scope, "region", found));
    let assume_role = template.assume_role.as_ref().and_then(|tree| role(tree, scope, found));
    Place { region, assume_role }
}

/// What the entries of `import` adopt.
pub(super) fn imports(
    blocks: &[ImportBlock],
    scope: &ResourceScope<'_>,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<Address, Adoption> {
    let mut imports: BTreeMap<Address, Adoption> = BTreeMap::new();
    for block in blocks {
        let Some(id) = text(&block.id, scope, "id", found) else { continue };
        if let Some(other) = imports.get(&block.to) {
            let message = format!("`{}` is imported twice", block.to);
            let diagnostic = Diagnostic::error("import-twice", message).at(block.span);
            found.push(diagnostic.with_label(other.span, "the other entry").with_help("keep one of the entries"));
        }
        imports.insert(block.to.clone(), Adoption { id: Id(id), span: block.span });
    }
    imports
}

fn role(tree: &Tree, scope: &ResourceScope<'_>, found: &mut Vec<Diagnostic>) -> Option<AssumeRole> {
    let value = known(tree, scope, "assume_role", found)?;
    let field = |name: &str| value.as_map()?.get(name)?.as_str().map(str::to_owned);
    let role_arn = value.as_str().map(str::to_owned).or_else(|| field("role_arn"));
    match role_arn {
        Some(role_arn) => {
            let (external_id, role_session_name) = (field("external_id"), field("role_session_name"));
            Some(AssumeRole { role_arn, external_id, role_session_name })
        }
        None => {
            let diagnostic = Diagnostic::error("wrong-type", "`assume_role` is a role's ARN").at(tree.span);
            found.push(diagnostic.with_help("write the ARN, or a mapping with `role_arn:`"));
            None
        }
    }
}

fn text(tree: &Tree, scope: &ResourceScope<'_>, what: &str, found: &mut Vec<Diagnostic>) -> Option<String> {
    let value = known(tree, scope, what, found)?;
    if value.as_str().is_none() {
        let diagnostic = Diagnostic::error("wrong-type", format!("`{what}` is a single string")).at(tree.span);
        found.push(diagnostic.with_help("write one, or an expression that gives one"));
    }
    value.as_str().map(str::to_owned)
}

fn known(tree: &Tree, scope: &ResourceScope<'_>, what: &str, found: &mut Vec<Diagnostic>) -> Option<Value> {
    let value = tree.evaluate(scope).map_err(|errors| found.extend(errors)).ok()?;
    if !value.is_known() {
        let diagnostic = Diagnostic::error("too-early", format!("`{what}` is not known before the apply"));
        found.push(diagnostic.at(tree.span).with_help("let it depend on params and constants only"));
        return None;
    }
    Some(value)
}
