//! A file of the language as it was read and checked: the root of a spec, or a module.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::document::list;
use super::params::Param;
use super::tree::Tree;
use crate::address::Address;
use crate::diagnostic::{SourceId, Span, suggest};
use crate::expr::{ExprError, Expression, Reference};
use crate::schema::KindSchema;

/// One file: what it takes, what it makes, what it tells.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The file.
    pub source: SourceId,
    /// The file's name, which other paths in it are relative to.
    pub file: String,
    /// What is left to whoever uses it.
    pub params: BTreeMap<String, Param>,
    /// Named expressions.
    pub locals: Vec<Local>,
    /// What is looked up.
    pub existing: Vec<Lookup>,
    /// The resources, in the order of the file.
    pub resources: Vec<ResourceTemplate>,
    /// The modules it uses, in the order of the file.
    pub calls: Vec<ModuleCall>,
    /// What must hold after an apply.
    pub checks: Vec<CheckBlock>,
    /// What it tells, in the order of the file.
    pub outputs: Vec<Arc<OutputBlock>>,
    /// What each name in its expressions means.
    pub(super) names: HashMap<String, Name>,
    /// Whether a section of it could not be read, so that names without a meaning may have one.
    pub(super) is_partial: bool,
    /// The resources that any of its expressions names, by index.
    pub(super) named: HashSet<usize>,
}

/// What a name in an expression means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Name {
    /// A param.
    Param,
    /// The local with this index.
    Local(usize),
    /// The lookup with this index.
    Existing(usize),
    /// The resource with this index.
    Resource(usize),
    /// The module call with this index.
    Module(usize),
    /// Something whose declaration could not be read.
    Unread,
}

impl Name {
    /// What it is, in words.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Param => "a param",
            Self::Local(_) => "a local",
            Self::Existing(_) => "something that exists already",
            Self::Resource(_) => "a resource",
            Self::Module(_) => "a module",
            Self::Unread => "something that could not be read",
        }
    }
}

/// A named expression.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// What it stands for.
    pub value: Arc<Tree>,
}

/// What may stand beside every block that makes or looks up something.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// What it is repeated over.
    pub for_each: Option<Arc<Tree>>,
    /// Whether there is to be any.
    pub when: Option<Arc<Tree>>,
    /// The region it lies in, where that is another than around it.
    pub region: Option<Arc<Tree>>,
    /// The role by which it is reached, where that is another than around it.
    pub assume_role: Option<Arc<Tree>>,
}

impl Meta {
    /// Its expressions, with the name of the field each stands in.
    pub(super) fn trees(&self) -> impl Iterator<Item = (&'static str, &Arc<Tree>)> {
        let all = [
            ("for_each", &self.for_each),
            ("when", &self.when),
            ("region", &self.region),
            ("assume_role", &self.assume_role),
        ];
        all.into_iter().filter_map(|(name, tree)| Some((name, tree.as_ref()?)))
    }
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
    /// Its kind's schema.
    pub schema: Arc<KindSchema>,
    /// Its properties.
    pub body: Arc<Tree>,
    /// Repetition, condition and place.
    pub meta: Meta,
    /// What it needs without referring to it.
    pub(super) depends_on: Vec<Name>,
    /// What its properties name.
    pub(super) references: Vec<NamedReference>,
    /// What protects it and orders its replacement.
    pub lifecycle: LifecycleBlock,
    /// Properties whose changes are left alone, dotted.
    pub ignore_changes: Vec<String>,
    /// Resources of the same file whose change replaces this one: a name means all its instances.
    pub(super) replace_triggered_by: Vec<Address>,
}

/// The part of `lifecycle` that says yes or no; expressions over what is known before an apply.
#[derive(Clone, Debug, Default)]
pub struct LifecycleBlock {
    /// Refuse any plan that deletes it.
    pub prevent_destroy: Option<Arc<Tree>>,
    /// Let go of it instead of deleting it.
    pub retain_on_delete: Option<Arc<Tree>>,
    /// When replaced, make the new one before the old one goes.
    pub create_before_destroy: Option<Arc<Tree>>,
}

impl LifecycleBlock {
    /// Its expressions, with the name of the field each stands in.
    pub(super) fn trees(&self) -> impl Iterator<Item = (&'static str, &Arc<Tree>)> {
        let all = [
            ("prevent_destroy", &self.prevent_destroy),
            ("retain_on_delete", &self.retain_on_delete),
            ("create_before_destroy", &self.create_before_destroy),
        ];
        all.into_iter().filter_map(|(name, tree)| Some((name, tree.as_ref()?)))
    }
}

/// One module that a file uses.
#[derive(Clone, Debug)]
pub struct ModuleCall {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// What it uses; `None` where that could not be read.
    pub module: Option<Arc<Module>>,
    /// The values of the module's params, by name.
    pub with: BTreeMap<String, (Span, Arc<Tree>)>,
    /// Repetition, condition and place.
    pub meta: Meta,
    /// What everything in it needs without referring to it.
    pub(super) depends_on: Vec<Name>,
}

/// Something that is there and is not ours: looked up, never changed.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Its kind.
    pub kind: String,
    /// Its kind's schema.
    pub schema: Arc<KindSchema>,
    /// The properties and outputs it is known by.
    pub by: Arc<Tree>,
    /// Repetition, condition and place.
    pub meta: Meta,
}

/// Something that must hold after an apply.
#[derive(Clone, Debug)]
pub struct CheckBlock {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// What must be true.
    pub assert: Option<Arc<Tree>>,
    /// A request whose answer tells.
    pub http: Option<Arc<Tree>>,
    /// What to say when it does not hold.
    pub message: Option<Arc<Tree>>,
    /// Whether it is to be looked at.
    pub when: Option<Arc<Tree>>,
}

/// One entry of `outputs`.
#[derive(Clone, Debug)]
pub struct OutputBlock {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub value: Tree,
}

/// A reference and what its name means.
#[derive(Clone, Debug)]
pub(super) struct NamedReference {
    /// What the name means.
    pub(super) name: Name,
    /// The reference.
    pub(super) reference: Reference,
    /// Where it stands.
    pub(super) span: Span,
}

impl Module {
    /// The output `name`.
    pub(super) fn output(&self, name: &str) -> Option<&Arc<OutputBlock>> {
        self.outputs.iter().find(|output| output.name == name)
    }

    /// Whether a resource or module of this name may stand here, at whatever keys; inner names come last.
    pub(crate) fn may_state(&self, path: &[String]) -> bool {
        let Some((first, rest)) = path.split_first() else { return true };
        match self.names.get(first) {
            Some(Name::Unread) => true,
            Some(Name::Module(index)) => self.calls[*index].module.as_ref().is_none_or(|it| it.may_state(rest)),
            Some(Name::Resource(_)) => rest.is_empty(),
            Some(_) => false,
            None => self.is_partial,
        }
    }

    /// Whether what `path` leads to by names may be declared where that could not be read.
    pub(super) fn is_unread(&self, path: &[String]) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        match self.names.get(first) {
            Some(Name::Unread) => true,
            Some(Name::Module(index)) if !rest.is_empty() => {
                self.calls[*index].module.as_ref().is_none_or(|module| module.is_unread(rest))
            }
            Some(_) => false,
            None => self.is_partial,
        }
    }

    /// How many resources the file and the modules it uses state.
    pub fn size(&self) -> usize {
        let inner = self.calls.iter().filter_map(|call| call.module.as_ref());
        self.resources.len() + inner.map(|module| module.size()).sum::<usize>()
    }

    /// `expression`, if all its names mean something here.
    pub(super) fn known_names(&self, expression: Expression) -> Result<Expression, ExprError> {
        let always = ["aws", "stack", "outputs"];
        let is_known = |name: &str| self.names.contains_key(name) || always.contains(&name);
        match expression.references().into_iter().find(|reference| !is_known(&reference.root)) {
            None => Ok(expression),
            Some(Reference { root, range, .. }) => {
                let mut names: Vec<&str> = self.names.keys().map(String::as_str).chain(always).collect();
                names.sort_unstable();
                let help = match suggest(&root, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are {}", list(&names)),
                };
                Err(ExprError { message: format!("nothing is named `{root}`"), range, help: Some(help) })
            }
        }
    }

    /// `tree`'s references whose names mean something here.
    pub(super) fn named(&self, mentions: Vec<super::Mention>) -> Vec<NamedReference> {
        let named = mentions.into_iter().filter_map(|mention| {
            let name = *self.names.get(&mention.reference.root)?;
            Some(NamedReference { name, reference: mention.reference, span: mention.span })
        });
        named.collect()
    }
}
