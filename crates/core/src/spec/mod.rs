//! From the text of a spec to resources ready to be planned.
//!
//! `yaml` gives a tree with places, `document` reads its sections, `link` brings in the
//! modules it uses, `check` tells what every name means, `rehearse` evaluates all of it
//! with all unknown that only AWS can tell, and `expand` unrolls what is repeated.

mod attributes;
mod check;
pub mod checks;
mod definition;
mod document;
mod edges;
mod expand;
mod files;
pub mod format;
mod frame;
mod given;
mod link;
mod misfit;
mod params;
mod past;
mod rehearse;
mod repeat;
mod stuck;
pub mod template;
mod tree;
mod unroll;
mod uses;
mod view;
pub mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use attributes::Attributes;
pub use definition::{LifecycleBlock, Lookup, Meta, Module, ModuleCall, OutputBlock, ResourceTemplate};
pub use document::ImportBlock;
pub use expand::{Expanded, Instance};
pub use files::Files;
pub use frame::Each;
pub use given::Given;
pub use params::Param;
pub use past::{Kept, Retold, retell};
pub use tree::{Located, Mention, Piece, Tree, TreeKind};
pub use view::{Evaluation, View};

use crate::diagnostic::{Diagnostic, SourceId, Sources, tidy};
use crate::driver::{AssumeRole, Place};
use crate::fact::Facts;
use crate::plan::Move;
use crate::schema::Schemas;
use crate::store::StatePlace;
use crate::value::Value;
use document::{Document, Purpose};

/// A spec whose every part is known to fit: kinds, fields, types and names.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The stack's name, the environment's in it: `shop-prod`.
    pub stack: String,
    /// The name the spec gives it.
    pub name: String,
    /// The environment it is for.
    pub environment: Option<String>,
    /// The region, where the spec states it.
    pub region: Option<String>,
    /// The role by which AWS is reached, where the spec states it.
    pub assume_role: Option<AssumeRole>,
    /// Where the state lies, where the spec states it.
    pub state: Option<StatePlace>,
    /// The params' values.
    pub params: BTreeMap<String, Value>,
    /// Tags for every resource that takes tags.
    pub default_tags: Option<Arc<Tree>>,
    /// What the file states.
    pub root: Arc<Module>,
    /// Resources that had other addresses.
    pub moved: Vec<Move>,
    /// What exists and is to be taken under our care.
    pub imports: Vec<ImportBlock>,
    /// The files it reads.
    pub files: Arc<Files>,
}

/// Reads and checks the spec `source`, with all the modules it uses.
///
/// # Errors
/// All that is wrong with it, in the order of the files.
pub fn load(
    sources: &mut Sources,
    source: SourceId,
    schemas: &Schemas,
    given: &Given,
    files: &Arc<Files>,
) -> Result<Spec, Vec<Diagnostic>> {
    load_as(Purpose::Spec, sources, source, schemas, given, files)
}

/// Checks the module `source` by itself, with nothing known of its params but their types.
///
/// # Errors
/// All that is wrong with it and the modules it uses, in the order of the files.
pub fn validate_module(
    sources: &mut Sources,
    source: SourceId,
    schemas: &Schemas,
    files: &Arc<Files>,
) -> Result<Spec, Vec<Diagnostic>> {
    let given = Given { partial: true, ..Given::default() };
    load_as(Purpose::Module, sources, source, schemas, &given, files)
}

fn load_as(
    purpose: Purpose,
    sources: &mut Sources,
    source: SourceId,
    schemas: &Schemas,
    given: &Given,
    files: &Arc<Files>,
) -> Result<Spec, Vec<Diagnostic>> {
    let parsed = yaml::parse(source, sources.text(source));
    let mut diagnostics = parsed.diagnostics;
    let Some(root) = parsed.root else {
        return Err(diagnostics);
    };
    let mut document = document::read(&root, purpose, sources, schemas, &mut diagnostics);
    given::hide_secrets(&root, &document, given, sources);
    let environment = given::environment(&document, given, &mut diagnostics);
    diagnostics.extend(given::misfits(&document, sources));
    let params = given::values(&document, environment, given, sources, &mut diagnostics);
    let module = link::Linker::new(sources, schemas, files, &mut diagnostics).define(&mut document, source);
    let spec = assemble(document, module, params, given, files.clone(), &mut diagnostics);
    rehearse::rehearse(spec, &mut diagnostics).finish(diagnostics)
}

/// Checks the spec `source` without applying it, in every environment it has unless one is
/// asked for. What fits one environment may not fit another.
///
/// # Errors
/// All that is wrong with it, in the order of the files.
pub fn validate(
    sources: &mut Sources,
    source: SourceId,
    schemas: &Schemas,
    given: &Given,
    files: &Arc<Files>,
) -> Result<Spec, Vec<Diagnostic>> {
    let given = Given { partial: true, ..given.clone() };
    let loaded = load(sources, source, schemas, &given, files);
    let others = match given.environment {
        Some(_) => Vec::new(),
        None => environments(sources, source),
    };
    let mut diagnostics = loaded.as_ref().err().cloned().unwrap_or_default();
    for environment in others {
        let given = Given { environment: Some(environment.clone()), ..given.clone() };
        let found = load(sources, source, schemas, &given, files).err().unwrap_or_default();
        for mut wrong in
            found.into_iter().filter(|wrong| !diagnostics.iter().any(|it| it.span == wrong.span)).collect::<Vec<_>>()
        {
            wrong.message = format!("{} (in the environment `{environment}`)", wrong.message);
            diagnostics.push(wrong);
        }
    }
    tidy(&mut diagnostics);
    if diagnostics.is_empty() { loaded } else { Err(diagnostics) }
}

/// The names of the environments of the spec `source`, as far as they can be read.
pub fn environments(sources: &Sources, source: SourceId) -> Vec<String> {
    let root = yaml::parse(source, sources.text(source)).root;
    let entries = root.as_ref().and_then(|root| root.get("environments")?.entries());
    entries.into_iter().flatten().map(|entry| entry.key.text.to_string()).collect()
}

/// The name of the stack a spec is for, in an environment; nothing else of it is checked.
///
/// # Errors
/// When the text is no YAML or names no stack.
pub fn stack_name(sources: &Sources, source: SourceId, environment: Option<&str>) -> Result<String, Vec<Diagnostic>> {
    let parsed = yaml::parse(source, sources.text(source));
    let Some(root) = parsed.root else {
        return Err(parsed.diagnostics);
    };
    let name = root.get("stack").and_then(yaml::Node::text).filter(|name| document::is_stack_name(name));
    name.map(|name| full_name(name, environment)).ok_or_else(|| {
        vec![
            Diagnostic::error("missing-field", "the spec names no stack")
                .at(root.span)
                .with_help("add a line such as `stack: shop`"),
        ]
    })
}

/// Where the spec `source` says that the state lies, as it is written; nothing else of it is checked.
pub fn stated_place(sources: &Sources, source: SourceId) -> Option<String> {
    let root = yaml::parse(source, sources.text(source)).root?;
    root.get("state").and_then(yaml::Node::text).map(str::to_owned)
}

fn full_name(name: &str, environment: Option<&str>) -> String {
    environment.map_or_else(|| name.to_owned(), |environment| format!("{name}-{environment}"))
}

fn assemble(
    document: Document,
    module: Module,
    params: BTreeMap<String, Value>,
    given: &Given,
    files: Arc<Files>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Spec {
    let mut spec = Spec {
        stack: full_name(&document.stack, given.environment.as_deref()),
        name: document.stack,
        environment: given.environment.clone(),
        region: None,
        assume_role: None,
        state: None,
        params,
        default_tags: document.default_tags.filter(|_| document.default_tags_fit).map(Arc::new),
        root: Arc::new(module),
        moved: document.moved,
        imports: document.imports,
        files,
    };
    let (region, role, state) = (document.region.as_ref(), document.assume_role.as_ref(), document.state.as_ref());
    (spec.region, spec.assume_role, spec.state) = spec.places(region, role, state, diagnostics);
    spec
}

impl Spec {
    fn finish(self, mut diagnostics: Vec<Diagnostic>) -> Result<Self, Vec<Diagnostic>> {
        tidy(&mut diagnostics);
        if diagnostics.is_empty() { Ok(self) } else { Err(diagnostics) }
    }

    /// The stack's own region and role, and the place of its state: they must be known before
    /// anything is asked of AWS.
    fn places(
        &self,
        region: Option<&Tree>,
        role: Option<&Tree>,
        state: Option<&Tree>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> (Option<String>, Option<AssumeRole>, Option<StatePlace>) {
        let facts = Facts::default();
        let mut ignored = Vec::new();
        let expanded = Expanded::unrolled(self.clone(), &facts, &mut ignored, true);
        let evaluation = Evaluation::new(&expanded, &facts, &expanded.shape);
        let place = Place::default();
        let view = View { place: &place, ..evaluation.view(0, None, None) };
        let mut note = |told: repeat::Told| match told {
            repeat::Told::Wrong(found) => rehearse::add_news(diagnostics, found),
            repeat::Told::Unresolved(why) if why.awaits.is_empty() => {}
            repeat::Told::Unresolved(why) => rehearse::add_news(diagnostics, vec![repeat::too_early(&why, &[])]),
        };
        let region = region.and_then(|tree| repeat::region(&evaluation, tree, &view).map_err(&mut note).ok());
        let role = role.and_then(|tree| repeat::role(&evaluation, tree, &view).map_err(&mut note).ok());
        let state = state.and_then(|tree| repeat::state_place(&evaluation, tree, &view).map_err(&mut note).ok());
        (region, role, state)
    }
}
