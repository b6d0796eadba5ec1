//! From the text of a spec to resources ready to be planned.
//!
//! `yaml` gives a tree with places, `document` reads its sections, `check` holds them
//! against the kinds' schemas, `rehearse` evaluates it with all unknown that only AWS
//! can tell, and `expand` unrolls what is repeated.

mod check;
mod document;
mod expand;
pub mod format;
mod params;
mod place;
mod rehearse;
mod scope;
pub mod template;
mod tree;
pub mod yaml;

use std::collections::BTreeMap;

pub use crate::fact::Facts;
pub use document::{ImportBlock, OutputBlock};
pub use expand::{Expanded, Instance, ResourceReference};
pub use params::Param;
pub use scope::{Attributes, Each, ResourceScope};
pub use tree::{Located, Mention, Piece, Tree, TreeKind};

use crate::address::Address;
use crate::diagnostic::{Diagnostic, SourceId, Sources, Span, tidy};
use crate::expr::{PathStep, Reference};
use crate::plan::Move;
use crate::schema::{KindSchema, Misfit, Schemas, conform_object};
use crate::state::Lifecycle;
use crate::value::Value;

/// A spec whose every part is known to fit: kinds, fields, types and names.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The stack's name.
    pub stack: String,
    /// The region, where the spec states it.
    pub region: Option<String>,
    /// The params' values.
    pub params: BTreeMap<String, Value>,
    /// Tags for every resource that takes tags.
    pub default_tags: Option<std::sync::Arc<Tree>>,
    /// The resources, in the order of the file.
    pub resources: Vec<ResourceTemplate>,
    /// Resources that had other addresses.
    pub moved: Vec<Move>,
    /// What exists and is to be taken under our care.
    pub imports: Vec<ImportBlock>,
    /// The outputs, in the order of the file.
    pub outputs: Vec<std::sync::Arc<OutputBlock>>,
}

/// One resource as the spec states it, before `for_each` repeats it.
#[derive(Clone, Debug)]
pub struct ResourceTemplate {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Its kind.
    pub kind: String,
    /// Its properties.
    pub body: std::sync::Arc<Tree>,
    /// What it is repeated over.
    pub for_each: Option<std::sync::Arc<Tree>>,
    /// The region, where it is not the stack's.
    pub region: Option<Tree>,
    /// The role to assume.
    pub assume_role: Option<Tree>,
    /// Resources it needs without referring to them.
    pub depends_on: Vec<DependsOn>,
    /// Resources its expressions name.
    pub references: Vec<ResourceReference>,
    /// What protects it and orders its replacement.
    pub lifecycle: Lifecycle,
    /// Properties whose changes are left alone, dotted.
    pub ignore_changes: Vec<String>,
    /// Resources whose change replaces this one.
    pub replace_triggered_by: Vec<Trigger>,
}

/// An entry of `depends_on`.
#[derive(Clone, Copy, Debug)]
pub struct DependsOn {
    /// The template it names.
    pub template: usize,
}

/// An entry of `replace_triggered_by`: a name means all its instances.
#[derive(Clone, Debug)]
pub struct Trigger(Address);

impl Trigger {
    /// Whether a change of `address` triggers.
    pub fn matches(&self, address: &Address) -> bool {
        self.0.name() == address.name() && self.0.key().is_none_or(|key| address.key() == Some(key))
    }
}

impl ResourceTemplate {
    /// The properties as the kind has them; what does not fit is noted.
    fn conform(
        &self,
        stated: &Value,
        schema: &KindSchema,
        address: &Address,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Value {
        let value = match conform_object(stated, &schema.spec) {
            Ok(value) => value,
            Err(misfits) => {
                diagnostics.extend(misfits.into_iter().map(|misfit| self.misfit(misfit, address)));
                return Value::Null;
            }
        };
        let broken = value.to_driver_json().map(|json| (schema.rules)(&json)).unwrap_or_default();
        diagnostics.extend(broken.into_iter().map(|broken| {
            let (path, message) = (broken.path, broken.message);
            self.misfit(Misfit { path, code: "broken-rule", message, help: None }, address)
        }));
        value
    }

    /// Whether the spec says what the property `name` is, so that it need not be read.
    fn states(&self, name: &str) -> bool {
        match &self.body.kind {
            TreeKind::Literal(Value::Map(entries)) => entries.contains_key(name),
            TreeKind::Map(entries) => entries.contains_key(name),
            _ => false,
        }
    }

    /// A value that does not fit its field, as the user is told.
    fn misfit(&self, misfit: Misfit, address: &Address) -> Diagnostic {
        let at_key = misfit.code == "unknown-field";
        let span = match misfit.code {
            "missing-field" if misfit.path.is_empty() => self.span,
            _ => self.body.locate(&misfit.path, at_key),
        };
        let path = match misfit.code {
            "unknown-field" => &misfit.path[..misfit.path.len() - 1],
            _ => &misfit.path,
        };
        let place =
            if path.is_empty() { format!("`{address}`") } else { format!("`{}` of `{address}`", path.join(".")) };
        let mut diagnostic = Diagnostic::error(misfit.code, format!("{place}: {}", misfit.message)).at(span);
        diagnostic.help =
            misfit.help.or_else(|| Some(format!("`provision kinds {}` tells of all its fields", self.kind)));
        diagnostic
    }
}

/// What is known of the params when a spec is loaded.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a> {
    /// These; what is left out has its default or is an error.
    All(&'a BTreeMap<String, String>),
    /// Some; what is left out and has no default is unknown. For checking a spec
    /// without applying it.
    Some(&'a BTreeMap<String, String>),
}

/// Reads and checks the spec `source`.
///
/// # Errors
/// All that is wrong with it, in the order of the file.
pub fn load(sources: &Sources, source: SourceId, schemas: &Schemas, given: Given<'_>) -> Result<Spec, Vec<Diagnostic>> {
    let parsed = yaml::parse(source, sources.text(source));
    let mut diagnostics = parsed.diagnostics;
    let Some(root) = parsed.root else {
        return Err(diagnostics);
    };
    let document = document::read(&root, sources, schemas, &mut diagnostics);
    let params = params::values(&document.params, given, &mut diagnostics);
    let unread = document.unread.clone();
    let spec = check::check(document, params, &mut diagnostics);
    let spec = rehearse::rehearse(spec, &unread, schemas, &mut diagnostics);
    tidy(&mut diagnostics);
    if diagnostics.is_empty() { Ok(spec) } else { Err(diagnostics) }
}

/// The name of the stack a spec is for; nothing else of it is checked.
///
/// # Errors
/// When the text is no YAML or names no stack.
pub fn stack_name(sources: &Sources, source: SourceId) -> Result<String, Vec<Diagnostic>> {
    let parsed = yaml::parse(source, sources.text(source));
    let Some(root) = parsed.root else {
        return Err(parsed.diagnostics);
    };
    let name = root.get("stack").and_then(yaml::Node::text).filter(|name| document::is_stack_name(name));
    name.map(str::to_owned).ok_or_else(|| {
        vec![
            Diagnostic::error("missing-field", "the spec names no stack")
                .at(root.span)
                .with_help("add a line such as `stack: shop`"),
        ]
    })
}

impl Spec {
    /// Whether any expression asks who and where we are.
    pub fn asks_identity(&self) -> bool {
        self.any_reference(|reference| reference.root == "aws" && !is_region(reference))
    }

    /// Whether any expression asks for the region's availability zones.
    pub fn asks_zones(&self) -> bool {
        let mut asks = false;
        self.trees().for_each(|tree| tree.visit(&mut |located| asks |= located.expression.calls("zones")));
        asks
    }

    fn any_reference(&self, is: impl Fn(&Reference) -> bool) -> bool {
        self.trees().any(|tree| tree.references().iter().any(|mention| is(&mention.reference)))
    }

    fn trees(&self) -> impl Iterator<Item = &Tree> {
        let resources = self.resources.iter().flat_map(|resource| [Some(&resource.body), resource.for_each.as_ref()]);
        let shared = resources.flatten().chain(&self.default_tags).map(|tree| &**tree);
        shared.chain(self.outputs.iter().map(|output| &output.value))
    }
}

fn is_region(reference: &Reference) -> bool {
    matches!(reference.path.first(), Some(PathStep::Field(name)) if name == "region")
}
