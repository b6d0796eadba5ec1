//! The seam to the cloud: what the engine asks of a kind, erased to JSON.
//!
//! A [`Provider`] hands out one [`Driver`] per kind. `crates/aws` implements both
//! on the AWS SDK, `crates/sim` on a simulated cloud; neither the planner nor the
//! engine can tell which it talks to.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::address::Address;
use crate::schema::KindSchema;

/// The physical name AWS knows a resource by, such as `vpc-0a1b` or a bucket's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(pub String);

impl Id {
    /// The id as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: Into<String>> From<T> for Id {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// What a mutating call is made for; durable in the journal before the call goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The stack the resource belongs to.
    pub stack: String,
    /// The resource's place in the spec.
    pub address: Address,
    /// Which life of the address this is: every create has a new one.
    pub generation: u64,
    /// 32 hexadecimal digits, the same across retries and processes, new for each
    /// generation. The `ClientToken` where the API has one, else a create-time tag.
    pub token: String,
}

/// One resource whose live state is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its physical name.
    pub id: Id,
    /// The spec last applied: only what it manages need be read. `None` asks for everything.
    pub applied: Option<Json>,
    /// The outputs last recorded.
    pub outputs: Json,
    /// Whether the call that made it, with all of `applied`, was answered a moment ago and nothing was
    /// changed since: what that call set need not be asked for again by a call of its own.
    pub is_fresh: bool,
}

impl Wanted {
    /// All there is to know of what may not be ours.
    pub fn foreign(id: Id) -> Self {
        Self { id, applied: None, outputs: Json::Null, is_fresh: false }
    }
}

/// Whether a resource can be used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// AWS is still working on it: look again later. The text is what it said last, if anything.
    Pending(String),
    /// It serves.
    Ready,
    /// AWS gave up on it; the text says why. Nothing but a new one helps.
    Failed(String),
    /// AWS gave up on the last change, and it stands as it is; the text says why. Another update
    /// goes on from there.
    Halted(String),
}

impl Phase {
    /// AWS is still working on it, without a word.
    pub const PENDING: Self = Self::Pending(String::new());

    /// What AWS says of it; empty where it says nothing.
    pub fn said(&self) -> &str {
        match self {
            Self::Pending(said) | Self::Failed(said) | Self::Halted(said) => said,
            Self::Ready => "",
        }
    }
}

/// What AWS reports of one resource now, in the spec's own vocabulary.
#[derive(Clone, Debug)]
pub struct Live {
    /// Its properties, as a spec would state them.
    pub spec: Json,
    /// What other resources may name.
    pub outputs: Json,
    /// Whether it can be used yet.
    pub phase: Phase,
}

/// What an update is to change.
#[derive(Clone, Debug)]
pub struct Update {
    /// The resource.
    pub id: Id,
    /// What AWS reported before the update.
    pub live: Json,
    /// The top-level properties that differ.
    pub fields: BTreeSet<String>,
    /// The intent this update is made for.
    pub intent: Intent,
}

/// How an interrupted create is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// By the name the spec gives it, which AWS keeps unique.
    NaturalKey,
    /// By asking again with the same client token: AWS answers with the first one's id.
    /// Not for kinds with secrets, for the journal has none to ask again with.
    Token,
    /// By the tag set inside the create call.
    Tag,
    /// By listing all and comparing with what was asked for.
    Scan,
}

/// What a failed call means to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The thing is not there.
    NotFound,
    /// The name is taken.
    Exists,
    /// Too many requests; try again after a pause.
    Throttled,
    /// A fault of the service or of the way there; whether the call had an effect is unknown.
    Transient,
    /// Something else still uses it, or it is changing; try again after a pause.
    Dependency,
    /// Something made a moment ago is not yet seen everywhere; try again after a pause.
    Eventual,
    /// The credentials may not do this.
    Denied,
    /// There are no usable credentials.
    Credentials,
    /// A quota is used up.
    Limit,
    /// Nothing answers at the endpoint.
    Unreachable,
    /// AWS refused the request as it is.
    Invalid,
}

/// A failed AWS call, without any SDK type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{operation}: {message}{}{}", parenthesised("", code), parenthesised("request ", request_id))]
pub struct CloudError {
    /// What it means to the engine.
    pub cause: Cause,
    /// The operation, such as `ec2:CreateVpc`.
    pub operation: String,
    /// AWS's error code, such as `InvalidVpcID.NotFound`; empty when there was no answer.
    pub code: String,
    /// What AWS says about it.
    pub message: String,
    /// The id AWS support asks for; empty when there was no answer.
    pub request_id: String,
}

fn parenthesised(label: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({label}{text})") }
}

impl CloudError {
    /// An error that no AWS answer stands behind.
    pub fn new(cause: Cause, operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            cause,
            operation: operation.into(),
            code: String::new(),
            message: message.into(),
            request_id: String::new(),
        }
    }

    /// Whether the same call may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.cause, Cause::Throttled | Cause::Transient | Cause::Eventual)
    }
}

/// One kind of resource.
///
/// # Guarantees a driver gives
/// - `create` makes one mutating call and returns as soon as the id is known.
/// - `read` asks for all of `wanted` in as few calls as the API allows and answers
///   in the same order; `None` means AWS does not know the id now.
/// - `update` and `delete` can be repeated; deleting what is absent is fine.
/// - No method sleeps, polls or retries: the engine does.
///
/// # What a driver may assume
/// - `spec` fits the schema, and every value in it is known.
/// - The intent is durable before `create` and `update` are called.
#[async_trait]
pub trait Driver: Send + Sync {
    /// The kind's properties, outputs and manners.
    fn schema(&self) -> &KindSchema;

    /// Creates the resource with one call.
    async fn create(&self, spec: &Json, intent: &Intent) -> Result<Id, CloudError>;

    /// Reads a batch.
    async fn read(&self, wanted: &[Wanted]) -> Result<Vec<Option<Live>>, CloudError>;

    /// Moves the resource toward `spec`.
    async fn update(&self, spec: &Json, update: &Update) -> Result<(), CloudError>;

    /// Deletes the resource; `applied` is the spec last applied.
    async fn delete(&self, id: &Id, applied: &Json) -> Result<(), CloudError>;

    /// Finds what an interrupted `create` with this intent made: nothing, one, or all that fits
    /// where that cannot be told apart. `spec` may come from the journal: hashes stand for
    /// secrets then.
    async fn recover(&self, spec: &Json, intent: &Intent) -> Result<Vec<Id>, CloudError>;

    /// The ids of all resources of this kind that may have the properties and outputs `by`:
    /// never too few, though there may be some that do not fit. Changes nothing.
    async fn find(&self, by: &serde_json::Map<String, Json>) -> Result<Vec<Id>, CloudError>;
}

/// Where resources lie, and as whom we reach them. The default is the stack's own region
/// and credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The region, where it is not the stack's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The role to assume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume_role: Option<AssumeRole>,
}

impl Place {
    /// Whether it is the stack's own.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The account that the role lies in; `None` without a role.
    pub fn account(&self) -> Option<&str> {
        let role = self.assume_role.as_ref()?;
        role.role_arn.split(':').nth(4).filter(|account| !account.is_empty())
    }
}

/// A role to assume, in the words of
/// [AssumeRole](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssumeRole {
    /// The role's ARN.
    pub role_arn: String,
    /// What the role's owner gave us to tell; never a secret, by AWS's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Names the session in AWS's logs; left out, `provision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_session_name: Option<String>,
}

/// Who and where we are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The twelve digits of the account.
    pub account_id: String,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// The caller's ARN.
    pub arn: String,
}

/// A cloud: drivers for its kinds and the facts a spec may ask for.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The driver of `kind` in `place`, if the kind exists.
    ///
    /// # Errors
    /// When the place cannot be reached: no credentials, a role that may not be assumed.
    async fn driver(&self, kind: &str, place: &Place) -> Result<Option<Arc<dyn Driver>>, CloudError>;

    /// Who and where we are.
    async fn identity(&self, place: &Place) -> Result<Identity, CloudError>;

    /// The names of the region's availability zones, sorted.
    async fn zones(&self, place: &Place) -> Result<Vec<String>, CloudError>;

    /// The secret string that the ARN of a Secrets Manager secret or SSM parameter names.
    async fn secret_value(&self, arn: &str, place: &Place) -> Result<String, CloudError>;
}
