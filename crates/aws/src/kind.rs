//! A kind of resource: the trait its file implements, and its erasure to a [`Driver`].

use std::collections::BTreeSet;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use provision_core::driver::{self, Cause, CloudError, Driver, Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::{FieldError, KindDescription, KindSchema, Timing};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::cloud::Cloud;
use crate::query::Query;
use crate::read::Reading;

/// What every method of a kind answers.
pub type Result<T, E = CloudError> = std::result::Result<T, E>;

/// One kind of resource. The implementing type is both what a spec states and
/// what AWS reports, so plan, drift and import are one comparison.
///
/// # Fields
/// - A field of type `Option` that a spec leaves out is not managed.
/// - A field with `#[serde(default)]` is managed, and is its default when left out.
/// - `x-replace` marks what AWS cannot change in place, `x-write-only` what it never
///   tells again.
///
/// # Contract
/// - [`create`](Kind::create) is **one** mutating call and returns the id. What that
///   call cannot set, the engine has [`update`](Kind::update) set afterwards.
/// - [`read`](Kind::read) is asked for at most [`BATCH`](Kind::BATCH) resources at a time, or
///   for one. It answers in the order it was asked, `None` for what is not there, and asks AWS
///   only for what `applied` manages.
/// - Every method can be repeated after it failed half-way.
/// - No method sleeps, polls or retries.
pub trait Kind: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// `service/noun`, the file's path under `kinds/`.
    const NAME: &'static str;
    /// How an interrupted create is found again.
    const RECOVERY: Recovery;
    /// Outputs and properties dependents may use before the resource is ready.
    const EARLY: &'static [&'static str] = &["id"];
    /// How long its operations take.
    const TIMING: Timing = Timing::INSTANT;
    /// How many resources one call reads; `None` if reading each takes calls of its own.
    const BATCH: Option<u32> = None;
    /// What reading takes where nothing optional is managed.
    const READING: Reading = Reading::BATCH;
    /// How often AWS lets its calls be made.
    const RATES: Rates = Rates::UNPUBLISHED;
    /// Whether it lies in no region, as IAM's kinds do: a region stated for it means nothing.
    const GLOBAL: bool = false;
    /// Whether a replacement is made before the old one goes, unless a spec says otherwise: for what
    /// others go on using until they are moved, and of which there may be two at once.
    const CREATE_BEFORE_DESTROY: bool = false;
    /// Errors of its own calls that mean "made a moment ago and not yet seen everywhere": `CODE`, or
    /// `CODE: TEXT` where the code says too little and the message contains `TEXT`.
    const EVENTUAL: &'static [&'static str] = &[];

    /// What other resources may name, beside `id` and the properties.
    type Outputs: Serialize + DeserializeOwned + JsonSchema + Send + Sync;

    /// Rules the types cannot state.
    fn check(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// Creates the resource with one call.
    fn create(&self, cloud: &Cloud, intent: &Intent) -> impl Future<Output = Result<Id>> + Send;

    /// Reads a batch, in as few calls as the API allows.
    fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> impl Future<Output = Result<Vec<Option<Live<Self>>>>> + Send;

    /// Moves the resource toward `self`.
    fn update(&self, cloud: &Cloud, update: &Update<Self>) -> impl Future<Output = Result<()>> + Send;

    /// Deletes the resource; `self` is the spec last applied. Absent is fine.
    fn delete(&self, cloud: &Cloud, id: &Id) -> impl Future<Output = Result<()>> + Send;

    /// Finds what an interrupted create with this intent made: all that fits, so that the engine
    /// asks the user where that is more than one thing. Two things with the token of one intent
    /// are a call that was delivered twice, or a copy that somebody made, tags and all: which of
    /// them is to stay is not ours to guess (law 9).
    fn recover(&self, cloud: &Cloud, intent: &Intent) -> impl Future<Output = Result<Vec<Id>>> + Send;

    /// The ids of all resources that may have the properties and outputs asked for. Never too
    /// few, better not many more: whoever asks reads and compares them. Absent is fine.
    fn find(cloud: &Cloud, by: &Query) -> impl Future<Output = Result<Vec<Id>>> + Send;
}

/// A rule that the top-level property `field` breaks.
pub fn fault(field: &str, message: impl Into<String>) -> FieldError {
    FieldError { path: vec![field.to_owned()], message: message.into() }
}

/// One resource whose live state is wanted.
pub struct Wanted<K: Kind> {
    /// Its physical name.
    pub id: Id,
    /// The spec last applied; `None` asks for everything.
    pub applied: Option<K>,
    /// The outputs last recorded.
    pub outputs: Option<K::Outputs>,
    /// Whether `applied` is what its create call has just set.
    pub is_fresh: bool,
}

impl<K: Kind> Wanted<K> {
    /// Whether the part that `field` picks need be read.
    pub fn manages<T>(&self, field: impl Fn(&K) -> &Option<T>) -> bool {
        self.applied.as_ref().is_none_or(|applied| field(applied).is_some())
    }
}

/// What AWS reports of one resource.
pub struct Live<K: Kind> {
    /// Its properties.
    pub spec: K,
    /// Its outputs.
    pub outputs: K::Outputs,
    /// Whether it can be used yet.
    pub phase: Phase,
}

impl<K: Kind> Live<K> {
    /// A resource that can be used.
    pub fn ready(spec: K, outputs: K::Outputs) -> Self {
        Self { spec, outputs, phase: Phase::Ready }
    }
}

/// What an update is to change.
pub struct Update<K: Kind> {
    /// The resource.
    pub id: Id,
    /// What AWS reported before.
    pub live: K,
    /// The intent the update is made for.
    pub intent: Intent,
    fields: BTreeSet<String>,
}

impl<K: Kind> Update<K> {
    /// Whether the top-level property `field` differs.
    pub fn has(&self, field: &str) -> bool {
        debug_assert!(is_property::<K>(field), "{} has no property `{field}`", K::NAME);
        self.fields.contains(field)
    }
}

fn is_property<K: Kind>(field: &str) -> bool {
    json_schema::<K>().pointer(&format!("/properties/{field}")).is_some()
}

/// The calls that read so many resources of which nothing optional is managed.
pub fn calls_to_read<K: Kind>(count: u32) -> u32 {
    K::READING.calls(count, K::BATCH.unwrap_or(1))
}

/// What the registry knows of the kind `K`.
fn describe<K: Kind>() -> KindDescription {
    let mut properties = json_schema::<K>();
    let doc = properties.get("description").and_then(Json::as_str).unwrap_or_default().to_owned();
    for schema_noise in ["$schema", "title", "description"] {
        properties.as_object_mut().map(|schema| schema.remove(schema_noise));
    }
    KindDescription {
        name: K::NAME.to_owned(),
        doc,
        recovery: K::RECOVERY,
        early: K::EARLY.iter().map(|&name| name.to_owned()).collect(),
        timing: K::TIMING,
        global: K::GLOBAL,
        create_before_destroy: K::CREATE_BEFORE_DESTROY,
        batch: K::BATCH,
        rates: K::RATES,
        eventual: K::EVENTUAL.iter().map(|&code| code.to_owned()).collect(),
        properties,
        outputs: json_schema::<K::Outputs>(),
    }
}

/// The schema of the kind `K`; `None` if the spec language has no type for some field.
pub fn schema<K: Kind>() -> Option<KindSchema> {
    KindSchema::compile(describe::<K>(), rules::<K>).ok()
}

/// The rules of the kind `K` that its schema cannot state.
fn rules<K: Kind>(spec: &Json) -> Vec<FieldError> {
    match typed::<K>(K::NAME, spec) {
        Ok(spec) => spec.check(),
        Err(error) => vec![FieldError { path: Vec::new(), message: error.message }],
    }
}

fn json_schema<T: JsonSchema>() -> Json {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().into()
}

/// The kind `K` as the engine drives it.
pub struct Erased<K> {
    cloud: Arc<Cloud>,
    schema: Arc<KindSchema>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Erased<K> {
    /// A driver for `K` that talks to `cloud`.
    pub fn new(cloud: Arc<Cloud>, schema: Arc<KindSchema>) -> Self {
        Self { cloud, schema, kind: PhantomData }
    }
}

fn typed<T: DeserializeOwned>(kind: &str, json: &Json) -> Result<T> {
    serde_json::from_value(json.clone()).map_err(|error| CloudError::new(Cause::Invalid, kind, error.to_string()))
}

/// What was applied, typed. A secret that was given to a property which is none is a hash there: it stands
/// as its own text, which nothing but a comparison looks at.
fn typed_applied<T: DeserializeOwned>(kind: &str, json: &Json) -> Result<T> {
    typed(kind, json).or_else(|_| typed(kind, &hashes_as_texts(json)))
}

fn hashes_as_texts(json: &Json) -> Json {
    match json {
        Json::Object(entries) => match entries.get("$hash") {
            Some(hash) if entries.len() == 1 => hash.clone(),
            _ => entries.iter().map(|(key, value)| (key.clone(), hashes_as_texts(value))).collect(),
        },
        Json::Array(items) => items.iter().map(hashes_as_texts).collect(),
        plain => plain.clone(),
    }
}

fn erased<T: Serialize>(kind: &str, value: &T) -> Result<Json> {
    serde_json::to_value(value).map_err(|error| CloudError::new(Cause::Invalid, kind, error.to_string()))
}

#[async_trait]
impl<K: Kind> Driver for Erased<K> {
    fn schema(&self) -> &KindSchema {
        &self.schema
    }

    async fn create(&self, spec: &Json, intent: &Intent) -> Result<Id> {
        typed::<K>(K::NAME, spec)?.create(&self.cloud, intent).await
    }

    async fn read(&self, wanted: &[driver::Wanted]) -> Result<Vec<Option<driver::Live>>> {
        let wanted: Vec<Wanted<K>> = wanted.iter().map(as_wanted).collect();
        let live = K::read(&self.cloud, &wanted).await?;
        live.into_iter().map(|live| live.map(erase_live).transpose()).collect()
    }

    async fn update(&self, spec: &Json, update: &driver::Update) -> Result<()> {
        let change = Update {
            id: update.id.clone(),
            live: typed(K::NAME, &update.live)?,
            intent: update.intent.clone(),
            fields: update.fields.clone(),
        };
        typed::<K>(K::NAME, spec)?.update(&self.cloud, &change).await
    }

    async fn delete(&self, id: &Id, applied: &Json) -> Result<()> {
        typed_applied::<K>(K::NAME, applied)?.delete(&self.cloud, id).await
    }

    async fn recover(&self, spec: &Json, intent: &Intent) -> Result<Vec<Id>> {
        typed_applied::<K>(K::NAME, spec)?.recover(&self.cloud, intent).await
    }

    async fn find(&self, by: &serde_json::Map<String, Json>) -> Result<Vec<Id>> {
        K::find(&self.cloud, &Query(by.clone())).await
    }
}

fn as_wanted<K: Kind>(wanted: &driver::Wanted) -> Wanted<K> {
    Wanted {
        id: wanted.id.clone(),
        applied: wanted.applied.as_ref().and_then(|applied| typed_applied(K::NAME, applied).ok()),
        outputs: typed(K::NAME, &wanted.outputs).ok(),
        is_fresh: wanted.is_fresh,
    }
}

fn erase_live<K: Kind>(live: Live<K>) -> Result<driver::Live> {
    Ok(driver::Live { spec: erased(K::NAME, &live.spec)?, outputs: erased(K::NAME, &live.outputs)?, phase: live.phase })
}
