//! What a kind's schema says: types, required fields, which fields force a
//! replacement, which are never read back, which outputs are known early.

mod compile;
mod conform;
mod feed;
mod fits;
mod language;
mod reference;
mod types;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use compile::SchemaError;
pub use conform::{Misfit, conform, conform_object, lift, with_article};
pub use fits::joined;
pub use language::{module_schema, spec_schema};
pub use reference::reference_page;
pub use types::{Field, Format, ObjectType, StringType, Type};

use crate::driver::{CloudError, Recovery};
use crate::rate::Rates;
use crate::state::Operation;

/// How long the operations of a kind are expected to take, in seconds.
///
/// The engine looks first when an operation is expected to be done, and gives up
/// after `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// From the create call until the resource is ready.
    pub create: u32,
    /// From an update call until it is ready again.
    pub update: u32,
    /// From the delete call until it is gone.
    pub delete: u32,
    /// When to give up waiting for any of them.
    pub limit: u32,
}

impl Timing {
    /// For kinds that are usable as soon as the call returns.
    pub const INSTANT: Self = Self { create: 0, update: 0, delete: 0, limit: 300 };

    /// How long the operation is expected to take.
    pub fn of(self, operation: Operation) -> Duration {
        let seconds = match operation {
            Operation::Create => self.create,
            Operation::Update => self.update,
            Operation::Delete => self.delete,
        };
        Duration::from_secs(seconds.into())
    }
}

/// A kind as the registry generates it and `schema/kinds.json` holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KindDescription {
    /// `service/noun`.
    pub name: String,
    /// What it is, in Markdown; the first line is the summary.
    pub doc: String,
    /// How an interrupted create is found again.
    pub recovery: Recovery,
    /// Outputs and properties that are known before the resource is ready.
    pub early: Vec<String>,
    /// Expected durations.
    pub timing: Timing,
    /// Whether it lies in no region: a region stated for it means nothing.
    #[serde(default)]
    pub global: bool,
    /// Whether a replacement is made before the old one goes, unless a spec says otherwise.
    #[serde(default)]
    pub create_before_destroy: bool,
    /// How many resources one call reads; `None` if reading each takes calls of its own.
    #[serde(default)]
    pub batch: Option<u32>,
    /// How often AWS lets each of its calls be made.
    #[serde(default)]
    pub rates: Rates,
    /// Errors that mean "made a moment ago and not yet seen everywhere": `CODE`, or `CODE: TEXT`
    /// for those whose message contains `TEXT`.
    pub eventual: Vec<String>,
    /// JSON Schema of the properties.
    pub properties: Json,
    /// JSON Schema of the outputs.
    pub outputs: Json,
}

/// Rules between the properties of a kind that its JSON Schema cannot state, such as
/// "exactly one of these". Asked only when every property is known.
pub type Rules = fn(&Json) -> Vec<FieldError>;

/// A property whose value breaks a rule of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The path below the resource, such as `["ingress", "from_port"]`.
    pub path: Vec<String>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl FieldError {
    /// An error of the top-level property `field`.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { path: vec![field.to_owned()], message: message.into() }
    }
}

/// A kind's schema, compiled for checking and comparing.
#[derive(Clone, Debug)]
pub struct KindSchema {
    /// The description it was compiled from.
    pub description: KindDescription,
    /// The properties.
    pub spec: Arc<ObjectType>,
    /// The outputs, `id` included.
    pub outputs: ObjectType,
    /// All that expressions can name of a resource: outputs, and properties beside them.
    pub attributes: Arc<ObjectType>,
    /// What the schema cannot state.
    pub rules: Rules,
}

/// Compiles the schema of a kind; `None` where it uses a construct the spec language has no type for.
pub type Compile = fn() -> Option<KindSchema>;

/// Every kind's schema, by name. A spec uses few of them: each is compiled when it is first asked for.
#[derive(Clone, Debug, Default)]
pub struct Schemas(BTreeMap<String, Entry>);

#[derive(Clone, Debug)]
struct Entry {
    compiled: OnceLock<Option<Arc<KindSchema>>>,
    compile: Compile,
}

impl Entry {
    fn schema(&self) -> Option<&Arc<KindSchema>> {
        self.compiled.get_or_init(|| (self.compile)().map(Arc::new)).as_ref()
    }
}

impl Schemas {
    /// The schemas of these kinds.
    pub fn of<'a>(kinds: impl IntoIterator<Item = (&'a str, Compile)>) -> Self {
        let entry = |(name, compile): (&str, Compile)| (name.to_owned(), Entry { compiled: OnceLock::new(), compile });
        Self(kinds.into_iter().map(entry).collect())
    }

    /// The schema of `kind`.
    pub fn get(&self, kind: &str) -> Option<&Arc<KindSchema>> {
        self.0.get(kind)?.schema()
    }

    /// The names of all kinds, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All schemas, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<KindSchema>> {
        self.0.values().filter_map(Entry::schema)
    }
}

impl FromIterator<Arc<KindSchema>> for Schemas {
    fn from_iter<I: IntoIterator<Item = Arc<KindSchema>>>(schemas: I) -> Self {
        let entry = |schema: Arc<KindSchema>| {
            let name = schema.name().to_owned();
            (name, Entry { compiled: OnceLock::from(Some(schema)), compile: || None })
        };
        Self(schemas.into_iter().map(entry).collect())
    }
}

impl KindSchema {
    /// Compiles a description.
    ///
    /// # Errors
    /// When one of its JSON Schemas uses a construct the spec language has no type for.
    pub fn compile(description: KindDescription, rules: Rules) -> Result<Self, SchemaError> {
        let spec = Arc::new(compile::object(&description.properties)?);
        let mut outputs = compile::object(&description.outputs)?;
        let named = StringType { reference: Some(description.name.clone()), ..StringType::default() };
        let id = Field::required(Type::String(named), "The physical name AWS knows the resource by.");
        outputs.fields.insert("id".to_owned(), id);
        let mut attributes = ObjectType::clone(&spec);
        attributes.fields.extend(outputs.fields.iter().map(|(name, field)| (name.clone(), field.clone())));
        Ok(Self { description, spec, outputs, attributes: Arc::new(attributes), rules })
    }

    /// The kind's name.
    pub fn name(&self) -> &str {
        &self.description.name
    }

    /// The type of the whole resource.
    pub fn as_type(&self) -> Type {
        Type::Object(self.spec.clone())
    }

    /// Whether `error` may only mean that what the call names was made a moment ago.
    pub fn is_eventual(&self, error: &CloudError) -> bool {
        self.description.eventual.iter().any(|declared| match declared.split_once(": ") {
            Some((code, text)) => code == error.code && error.message.contains(text),
            None => *declared == error.code,
        })
    }

    /// Whether dependents may use `output` before the resource is ready.
    pub fn is_early(&self, output: &str) -> bool {
        self.description.early.iter().any(|early| early == output)
    }

    /// The field that `${resource.name}` means: an output, else a property.
    pub fn attribute(&self, name: &str) -> Option<&Field> {
        self.attributes.fields.get(name)
    }
}
