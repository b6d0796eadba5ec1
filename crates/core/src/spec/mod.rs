//! From the text of a spec to resources ready to be planned.
//!
//! `yaml` gives a tree with places, `document` reads its sections, `check` holds them
//! against the kinds' schemas, and `expand` unrolls what is repeated.

mod check;
mod document;
mod expand;
mod params;
mod scope;
pub mod template;
mod tree;
pub mod yaml;

use std::collections::BTreeMap;

pub use document::OutputBlock;
pub use expand::{Expanded, Instance, ResourceReference};
pub use params::Param;
pub use scope::{Attributes, Each, Facts, ResourceScope};
pub use tree::{Located, Piece, Tree, TreeKind};

use crate::address::Address;
use crate::diagnostic::{Diagnostic, SourceId, Sources, Span, suggest};
use crate::expr::{PathStep, Reference};
use crate::schema::{Misfit, Schemas};
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
            "missing-field" if misfit.path.len() <= 1 => self.span,
            "missing-field" => self.body.locate(&misfit.path[..misfit.path.len() - 1], false),
            _ => self.body.locate(&misfit.path, at_key),
        };
        let place = match (misfit.path.is_empty(), address.key()) {
            (true, _) => format!("`{address}`"),
            (false, None) => format!("`{}` of `{}`", misfit.path.join("."), self.name),
            (false, Some(_)) => format!("`{}` of `{address}`", misfit.path.join(".")),
        };
        let message = match misfit.code {
            "missing-field" | "unknown-field" | "broken-rule" => format!("`{address}`: {}", misfit.message),
            _ => format!("{place}: {}", misfit.message),
        };
        let mut diagnostic = Diagnostic::error(misfit.code, message).at(span);
        diagnostic.help = self.advice(&misfit);
        diagnostic
    }

    fn advice(&self, misfit: &Misfit) -> Option<String> {
        let candidates = misfit.candidates.iter().map(String::as_str);
        let near = misfit.path.last().and_then(|name| suggest(name, candidates));
        match (misfit.code, near) {
            ("unknown-field", Some(near)) => Some(format!("did you mean `{near}`?")),
            ("unknown-field" | "missing-field", _) => Some(format!("`provision kinds {}` lists its fields", self.kind)),
            _ => None,
        }
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
    let spec = check::check(document, params, schemas, &mut diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.map_or((usize::MAX, 0), |span| (span.source.0, span.start)));
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
        self.trees().any(|tree| tree.references().iter().any(|(reference, _)| is(reference)))
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
