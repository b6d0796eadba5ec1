//! `ssm/parameter`: a value in Parameter Store.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_ssm::operation::put_parameter::builders::PutParameterFluentBuilder;
use aws_sdk_ssm::types::{
    self, ParameterInlinePolicy, ParameterMetadata, ParameterStringFilter, ParameterTier, ParameterType,
    ResourceTypeForTagging, Tag,
};
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::kms;
use crate::service::rates;
use crate::service::tagging::{self, Tagged};
use crate::types::{Secret, Tags, carry_intent};

/// A value in Parameter Store.
///
/// See [PutParameter](https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Name, such as `/shop/prod/db/host`: letters, digits and `_.-`, in up to 15 levels.
    #[schemars(extend("x-replace" = true))]
    pub name: String,

    /// `String`, `StringList` (comma-separated) or `SecureString` (encrypted).
    #[schemars(extend("enum" = ["String", "StringList", "SecureString"]))]
    pub r#type: String,

    /// The value, up to 4 KiB, or 8 KiB in the `Advanced` tier. Whatever the type, it is
    /// neither stored in the state nor shown.
    pub value: Secret,

    /// What the value is, up to 1,024 characters; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// Id, ARN or alias of the KMS key that encrypts a `SecureString`; `alias/aws/ssm` by
    /// AWS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,

    /// `Standard`, `Advanced` (charged) or `Intelligent-Tiering`, which is `Advanced` only
    /// where needed. AWS turns no parameter back to `Standard`: that takes a replacement.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["Standard", "Advanced", "Intelligent-Tiering"]))]
    pub tier: Option<String>,

    /// Regular expression that every value must match; `""` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_pattern: Option<String>,

    /// `text` (AWS's default), `aws:ec2:image` (AWS checks that it is an AMI id) or
    /// `aws:ssm:integration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["text", "aws:ec2:image", "aws:ssm:integration"]))]
    pub data_type: Option<String>,

    /// When the parameter expires and who is told before; only in the `Advanced` tier.
    /// Managed as a whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<BTreeSet<ParameterPolicy>>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What Parameter Store does with a parameter as time goes by.
///
/// See [Parameter policies](https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-policies.html).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterPolicy {
    /// `Expiration`, `ExpirationNotification` or `NoChangeNotification`.
    #[schemars(extend("enum" = ["Expiration", "ExpirationNotification", "NoChangeNotification"]))]
    pub r#type: String,

    /// Version of the policy's form; `1.0` by default.
    #[serde(default = "first_version")]
    pub version: String,

    /// The policy's terms, such as `Timestamp: 2027-01-01T00:00:00.000Z`, or `Before: "15"`
    /// and `Unit: Days`.
    pub attributes: BTreeMap<String, String>,
}

fn first_version() -> String {
    "1.0".to_owned()
}

/// A policy as the API writes it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyText {
    r#type: String,
    version: String,
    attributes: BTreeMap<String, String>,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The parameter's ARN.
    pub arn: String,
    /// Which version of the parameter is current; every change makes a new one.
    #[schemars(extend("x-volatile" = true))]
    pub version: i64,
}

impl Kind for Parameter {
    const NAME: &'static str = "ssm/parameter";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(10);
    const READING: Reading = Reading::TAGGED_BATCH;
    const RATES: Rates = rates::PARAMETER_STORE;

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.key_id.is_some() && !self.is_secure() {
            errors.push(FieldError::new("key_id", "only a parameter of `type: SecureString` is encrypted"));
        }
        let is_standard = self.tier.as_deref().is_none_or(|tier| tier == ParameterTier::Standard.as_str());
        if is_standard && self.policies.as_ref().is_some_and(|policies| !policies.is_empty()) {
            errors.push(FieldError::new("policies", "parameter policies need `tier: Advanced`"));
        }
        errors
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let tags = tags(self.tags.with_intent(intent));
        let has_policies = self.policies.as_ref().is_some_and(|policies| !policies.is_empty());
        self.put(cloud)?
            .overwrite(false)
            .set_tags(Some(tags))
            .set_policies(has_policies.then(|| self.policy_texts()).flatten())
            .set_key_id(self.key_id.clone())
            .set_tier(self.tier.as_deref().map(ParameterTier::from))
            .send()
            .await
            .op(PUT_PARAMETER)?;
        Ok(Id(self.name.clone()))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read_untagged(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if OVERWRITTEN.iter().any(|field| update.has(field)) {
            self.overwrite(cloud, update).await?;
        }
        self.update_tags(cloud, update).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        cloud.ssm().delete_parameter().name(id.as_str()).send().await.op("ssm:DeleteParameter").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let tags = list_tags(cloud, &self.name).await?.unwrap_or_default();
        let pairs = tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        Ok(carry_intent(pairs, intent).then(|| Id(self.name.clone())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(name) = by.text("name") {
            return Ok(vec![Id(name)]);
        }
        if let Some(name) = by.in_arn("parameter") {
            return Ok(names_in_arn(&name));
        }
        let tags = by.tags().into_iter().filter(|(_, value)| !value.is_empty());
        let filters = tags.filter_map(|(key, value)| equals(&format!("tag:{key}"), vec![value]));
        let found = describe_by(cloud, filters.collect()).await?;
        Ok(found.into_iter().filter_map(|parameter| parameter.name).map(Id).collect())
    }
}

/// An ARN has a slash before a name whether or not the name begins with one. A name of
/// several levels does.
fn names_in_arn(name: &str) -> Vec<Id> {
    let bare = name.strip_prefix('/').filter(|bare| !bare.contains('/'));
    [Some(name), bare].into_iter().flatten().map(Id::from).collect()
}

impl Tagged for Parameter {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, id: &Id, _: &str) -> Result<Option<Tags>> {
        let tags = list_tags(cloud, id.as_str()).await?;
        Ok(tags.map(|tags| Tags::from_live(tags.into_iter().map(|tag| (tag.key, tag.value)))))
    }
}

const PUT_PARAMETER: &str = "ssm:PutParameter";

/// The properties that PutParameter sets, all at once.
const OVERWRITTEN: [&str; 8] =
    ["type", "value", "description", "key_id", "tier", "allowed_pattern", "data_type", "policies"];

impl Parameter {
    fn is_secure(&self) -> bool {
        self.r#type == ParameterType::SecureString.as_str()
    }

    /// What is the same whether the parameter is there or not.
    fn put(&self, cloud: &Cloud) -> Result<PutParameterFluentBuilder> {
        let call = cloud
            .ssm()
            .put_parameter()
            .name(&self.name)
            .r#type(ParameterType::from(self.r#type.as_str()))
            .value(self.value.known(PUT_PARAMETER)?)
            .set_description(self.description.clone())
            .set_allowed_pattern(self.allowed_pattern.clone())
            .set_data_type(self.data_type.clone());
        Ok(call)
    }

    /// AWS keeps what a call leaves out, but for key and tier, which fall back to the
    /// account's defaults: where they are not managed, they are asked for and stated.
    async fn overwrite(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let kept = match self.tier.is_some() && (self.key_id.is_some() || !self.is_secure()) {
            true => None,
            false => describe(cloud, std::slice::from_ref(&update.id.0)).await?.into_iter().next(),
        };
        let (tier, key_id) = kept.map_or((None, None), |kept| (kept.tier, kept.key_id));
        self.put(cloud)?
            .overwrite(true)
            .set_policies(self.policy_texts())
            .set_key_id(self.key_id.clone().or(key_id).filter(|_| self.is_secure()))
            .set_tier(self.tier.as_deref().map(ParameterTier::from).or(tier))
            .send()
            .await
            .op(PUT_PARAMETER)?;
        Ok(())
    }

    /// The policies as one JSON text; a list of one empty policy takes all policies away.
    fn policy_texts(&self) -> Option<String> {
        let policies = self.policies.as_ref()?;
        if policies.is_empty() {
            return Some("[{}]".to_owned());
        }
        let texts: Vec<PolicyText> = policies.iter().cloned().map(PolicyText::from).collect();
        serde_json::to_string(&texts).ok()
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = self.tags.changes_from(&update.live.tags);
        if update.has("tags") && !changes.set.is_empty() {
            let call = cloud.ssm().add_tags_to_resource().resource_type(ResourceTypeForTagging::Parameter);
            let call = call.resource_id(update.id.as_str()).set_tags(Some(tags(changes.set)));
            call.send().await.op("ssm:AddTagsToResource")?;
        }
        if update.has("tags") && !changes.remove.is_empty() {
            let call = cloud.ssm().remove_tags_from_resource().resource_type(ResourceTypeForTagging::Parameter);
            let call = call.resource_id(update.id.as_str()).set_tag_keys(Some(changes.remove));
            call.send().await.op("ssm:RemoveTagsFromResource")?;
        }
        Ok(())
    }
}

impl From<ParameterPolicy> for PolicyText {
    fn from(policy: ParameterPolicy) -> Self {
        Self { r#type: policy.r#type, version: policy.version, attributes: policy.attributes }
    }
}

impl From<PolicyText> for ParameterPolicy {
    fn from(policy: PolicyText) -> Self {
        Self { r#type: policy.r#type, version: policy.version, attributes: policy.attributes }
    }
}

/// Tags as the API takes them. A tag has its key and value, so building one cannot fail.
fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

async fn list_tags(cloud: &Cloud, name: &str) -> Result<Option<Vec<Tag>>> {
    let call = cloud.ssm().list_tags_for_resource().resource_type(ResourceTypeForTagging::Parameter);
    let answer = call.resource_id(name).send().await.op("ssm:ListTagsForResource").absent()?;
    Ok(answer.map(|answer| answer.tag_list.unwrap_or_default()))
}

async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<Parameter>]) -> Result<Vec<Option<Live<Parameter>>>> {
    let described: Vec<String> =
        wanted.iter().filter(|wanted| needs_metadata(wanted)).map(|wanted| wanted.id.0.clone()).collect();
    let names = read::ids(wanted);
    let (found, metadata) = tokio::try_join!(get(cloud, &names), describe(cloud, &described))?;
    let metadata: HashMap<_, _> = metadata.into_iter().map(|data| (data.name.clone(), data)).collect();
    Ok(read::joined(
        wanted,
        found,
        |parameter| parameter.name.as_deref(),
        |parameter, wanted| {
            let metadata = metadata.get(&parameter.name).cloned();
            live(parameter, metadata, wanted)
        },
    ))
}

/// How many names GetParameters takes.
const NAMES: usize = 10;

async fn get(cloud: &Cloud, names: &[String]) -> Result<Vec<types::Parameter>> {
    read::chunked(names, NAMES, async |names| {
        let call = cloud.ssm().get_parameters().set_names(Some(names.to_vec())).with_decryption(true);
        Ok(call.send().await.op("ssm:GetParameters")?.parameters.unwrap_or_default())
    })
    .await
}

/// Whether anything is managed that GetParameters does not tell.
fn needs_metadata(wanted: &Wanted<Parameter>) -> bool {
    wanted.manages(|parameter| &parameter.description)
        || wanted.manages(|parameter| &parameter.key_id)
        || wanted.manages(|parameter| &parameter.tier)
        || wanted.manages(|parameter| &parameter.allowed_pattern)
        || wanted.manages(|parameter| &parameter.policies)
}

/// How many values one filter takes, and the most that one page holds.
const FILTER_VALUES: usize = 50;

async fn describe(cloud: &Cloud, names: &[String]) -> Result<Vec<ParameterMetadata>> {
    read::chunked(names, FILTER_VALUES, async |names| {
        describe_by(cloud, equals("Name", names.to_vec()).into_iter().collect()).await
    })
    .await
}

async fn describe_by(cloud: &Cloud, filters: Vec<ParameterStringFilter>) -> Result<Vec<ParameterMetadata>> {
    let call = cloud.ssm().describe_parameters().set_parameter_filters(Some(filters));
    let pages = call.max_results(FILTER_VALUES as i32).into_paginator().send();
    let pages: Vec<_> = pages.try_collect().await.op("ssm:DescribeParameters")?;
    Ok(pages.into_iter().flat_map(|page| page.parameters.unwrap_or_default()).collect())
}

/// A filter that any of `values` passes. It has a key, so building it cannot fail.
fn equals(key: &str, values: Vec<String>) -> Option<ParameterStringFilter> {
    ParameterStringFilter::builder().key(key).option("Equals").set_values(Some(values)).build().ok()
}

fn live(
    parameter: types::Parameter,
    metadata: Option<ParameterMetadata>,
    wanted: &Wanted<Parameter>,
) -> Live<Parameter> {
    let applied = wanted.applied.as_ref();
    let outputs = Outputs { arn: parameter.arn.unwrap_or_default(), version: parameter.version };
    let stated_key = applied.and_then(|applied| applied.key_id.as_deref());
    let mut spec = Parameter {
        name: parameter.name.unwrap_or_default(),
        r#type: parameter.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        value: Secret::Value(parameter.value.unwrap_or_default()),
        description: None,
        key_id: None,
        tier: None,
        allowed_pattern: None,
        data_type: parameter.data_type,
        policies: None,
        tags: Tags::default(),
    };
    if let Some(metadata) = metadata {
        spec.description = Some(metadata.description.unwrap_or_default());
        spec.key_id = metadata.key_id.map(|live| kms::as_stated(stated_key, live));
        spec.tier = metadata.tier.map(|live| tier(applied, live));
        spec.allowed_pattern = Some(metadata.allowed_pattern.unwrap_or_default());
        spec.policies = Some(metadata.policies.unwrap_or_default().into_iter().filter_map(policy).collect());
    }
    Live::ready(spec, outputs)
}

/// Intelligent tiering is a request: AWS reports the tier it led to, and either one is what was asked for.
fn tier(applied: Option<&Parameter>, live: ParameterTier) -> String {
    let asked = applied.and_then(|applied| applied.tier.as_deref());
    asked.filter(|tier| *tier == ParameterTier::IntelligentTiering.as_str()).unwrap_or(live.as_str()).to_owned()
}

fn policy(live: ParameterInlinePolicy) -> Option<ParameterPolicy> {
    serde_json::from_str::<PolicyText>(&live.policy_text?).ok().map(ParameterPolicy::from)
}
