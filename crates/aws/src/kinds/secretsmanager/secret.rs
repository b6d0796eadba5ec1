//! `secretsmanager/secret`: a password, token or other secret that AWS keeps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, ReplicationStatusType, SecretListEntry, StatusType};
use aws_smithy_types::{Blob, base64};
use provision_core::driver::{Cause, CloudError, Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::{FieldError, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, Present, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read;
use crate::service::kms;
use crate::service::rates;
use crate::service::secretsmanager::{self, DEFAULT_KEY, GenerateSecretString, ReplicaRegion, RotationRules};
use crate::types::{self, PolicyDocument, Tags, carry_intent};

/// A secret in Secrets Manager, with its value, its policy, its replicas and its rotation.
///
/// See [CreateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Name: up to 512 letters, digits and `/_+=.@-`. AWS advises against ending it like an
    /// ARN does, with a hyphen and six characters.
    #[schemars(extend("x-replace" = true))]
    pub name: String,

    /// What the secret is for, up to 2,048 characters; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// Id, ARN or alias of the KMS key that encrypts it; `alias/aws/secretsmanager` by AWS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,

    /// The value, text of up to 64 KiB. It is neither stored in the state nor shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_string: Option<types::Secret>,

    /// The value, bytes of up to 64 KiB written in base64. It is neither stored in the state nor shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_binary: Option<types::Secret>,

    /// Has a random value made up, which is then known to AWS alone. The value stays
    /// until these rules change; then another is made up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub generate_secret_string: Option<GenerateSecretString>,

    /// The partner's type of a secret that a partner of AWS holds and rotates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,

    /// Who else may use the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<PolicyDocument>,

    /// Refuses a `resource_policy` that lets everybody in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub block_public_policy: Option<bool>,

    /// Further regions that keep a copy. Managed as a whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_replica_regions: Option<BTreeSet<ReplicaRegion>>,

    /// Lets a copy take the place of a secret of the same name in its region.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub force_overwrite_replica_secret: Option<bool>,

    /// Whether AWS rotates the value; `false` stops a rotation that was set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_enabled: Option<bool>,

    /// ARN of the Lambda function that rotates the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_lambda_arn: Option<String>,

    /// When the value is rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_rules: Option<RotationRules>,

    /// Whether the value is rotated as soon as rotation is set up; `true` by AWS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub rotate_immediately: Option<bool>,

    /// What the partner needs to rotate the value, with `type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_secret_rotation_metadata: Option<BTreeMap<String, String>>,

    /// ARN of the role by which the partner's value is rotated, with `type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_secret_rotation_role_arn: Option<String>,

    /// Days in which a deleted secret can be restored and its name is taken, from 7 to 30
    /// (AWS's default); 0 deletes it for good at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true), range(min = 0, max = 30))]
    pub recovery_window_in_days: Option<i64>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The secret's ARN, which ends in six random characters.
    pub arn: String,
    /// The version that is current; none while there is no value.
    #[schemars(extend("x-volatile" = true))]
    pub version_id: Option<String>,
}

impl Kind for Secret {
    const NAME: &'static str = "secretsmanager/secret";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(FILTER_VALUES as u32);
    const RATES: Rates = rates::SECRETS_MANAGER;
    const EARLY: &'static [&'static str] = &["id", "arn", "name"];
    const TIMING: Timing = Timing { create: 0, update: 0, delete: 0, limit: 600 };
    /// A policy's principals may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["MalformedPolicyDocumentException: unsupported principal"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let values =
            [self.secret_string.is_some(), self.secret_binary.is_some(), self.generate_secret_string.is_some()];
        if values.into_iter().filter(|is_stated| *is_stated).count() > 1 {
            let message = "a secret has one of `secret_string`, `secret_binary` and `generate_secret_string`";
            errors.push(FieldError::new("secret_string", message));
        }
        if self.recovery_window_in_days.is_some_and(|days| (1..7).contains(&days)) {
            errors.push(FieldError::new("recovery_window_in_days", "a recovery window is 0 or from 7 to 30 days"));
        }
        errors.extend(self.rotation_rules.iter().filter_map(|rules| rules.check("rotation_rules")));
        let generate = self.generate_secret_string.as_ref();
        errors.extend(generate.into_iter().flat_map(|rules| rules.check("generate_secret_string")));
        errors
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let content = self.content(CREATE)?;
        let replicas = self.add_replica_regions.iter().flatten().map(ReplicaRegion::to_api).collect::<Vec<_>>();
        let answer = cloud
            .secretsmanager()
            .create_secret()
            .name(&self.name)
            .client_request_token(&intent.token)
            .set_description(self.description.clone())
            .set_kms_key_id(self.kms_key_id.clone())
            .set_secret_string(content.text)
            .set_secret_binary(content.binary)
            .set_type(self.r#type.clone())
            .set_add_replica_regions(Some(replicas).filter(|replicas| !replicas.is_empty()))
            .set_force_overwrite_replica_secret(self.force_overwrite_replica_secret)
            .set_tags(Some(secretsmanager::tags(self.tags.with_intent(intent))))
            .send()
            .await
            .op(CREATE)
            .map_err(|error| secretsmanager::explained(error, &self.name, self.recovery_window_in_days == Some(0)))?;
        answer.arn.map(Id).ok_or_else(|| incomplete(CREATE, "ARN"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let listed = list(cloud, wanted).await?;
        read::each(wanted, |wanted| read_one(cloud, wanted, listed.get(wanted.id.as_str()))).await
    }

    /// Rotation comes last: it starts from the value that is there then.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_settings(cloud, update).await?;
        self.update_value(cloud, update).await?;
        self.update_policy(cloud, update).await?;
        self.update_replicas(cloud, update).await?;
        self.update_tags(cloud, update).await?;
        self.update_rotation(cloud, update).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        match self.schedule_deletion(cloud, id.as_str()).await.absent() {
            Err(error) if error.code == INVALID_REQUEST && describe(cloud, id.as_str()).await?.is_none() => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = describe(cloud, &self.name).await?;
        let ours = found.filter(|found| {
            let tags = found.tags().iter();
            carry_intent(tags.filter_map(|tag| Some((tag.key()?, tag.value()?))), intent)
        });
        Ok(ours.and_then(|found| found.arn).map(Id).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(arn) = by.text("arn") {
            return Ok(vec![Id(arn)]);
        }
        if let Some(name) = by.text("name") {
            let found = describe(cloud, &name).await?;
            return Ok(found.and_then(|found| found.arn).map(Id).into_iter().collect());
        }
        Ok(secretsmanager::list(cloud, by).await?.into_iter().map(Id).collect())
    }
}

const CREATE: &str = "secretsmanager:CreateSecret";
const PUT_VALUE: &str = "secretsmanager:PutSecretValue";

/// What Secrets Manager answers about a secret whose deletion is scheduled.
const INVALID_REQUEST: &str = "InvalidRequestException";

/// A value as the API takes it.
#[derive(Default)]
struct Content {
    text: Option<String>,
    binary: Option<Blob>,
}

impl Secret {
    /// The value to store: the stated one, or a new one made up here.
    fn content(&self, operation: &str) -> Result<Content> {
        let text = match (&self.secret_string, &self.generate_secret_string) {
            (Some(value), _) => Some(value.known(operation)?.to_owned()),
            (None, Some(rules)) => Some(rules.generate(operation)?),
            (None, None) => None,
        };
        let binary = self.secret_binary.as_ref().map(|value| decoded(value, operation)).transpose()?;
        Ok(Content { text, binary })
    }

    /// Description, key and type. No version is made: the token only has to differ from
    /// those of versions.
    async fn update_settings(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !["description", "kms_key_id", "type"].iter().any(|field| update.has(field)) {
            return Ok(());
        }
        let description = self.description.clone().filter(|_| update.has("description"));
        let call = cloud.secretsmanager().update_secret().secret_id(update.id.as_str());
        let call = call.client_request_token(format!("{}-settings", update.intent.token)).set_description(description);
        let call = call.set_kms_key_id(self.kms_key_id.clone().filter(|_| update.has("kms_key_id")));
        let call = call.set_type(self.r#type.clone().filter(|_| update.has("type")));
        call.send().await.op("secretsmanager:UpdateSecret")?;
        Ok(())
    }

    /// The version is the intent's token, so a repeated call makes no second one. Where
    /// the value is made up, the first call's value stays: a version is never changed.
    async fn update_value(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !["secret_string", "secret_binary", "generate_secret_string"].iter().any(|field| update.has(field)) {
            return Ok(());
        }
        let content = self.content(PUT_VALUE)?;
        let call = cloud.secretsmanager().put_secret_value().secret_id(update.id.as_str());
        let call = call.client_request_token(&update.intent.token);
        let call = call.set_secret_string(content.text).set_secret_binary(content.binary);
        let answer = call.send().await.op(PUT_VALUE);
        match self.generate_secret_string {
            Some(_) => answer.present().map(|_| ()),
            None => answer.map(|_| ()),
        }
    }

    async fn update_policy(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(policy)) = (update.has("resource_policy"), &self.resource_policy) {
            let call = cloud.secretsmanager().put_resource_policy().secret_id(update.id.as_str());
            let call = call.resource_policy(policy.to_text()).set_block_public_policy(self.block_public_policy);
            call.send().await.op("secretsmanager:PutResourcePolicy")?;
        }
        Ok(())
    }

    /// A replica's key cannot be changed: the replica is made again.
    async fn update_replicas(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let Some(replicas) = self.add_replica_regions.as_ref().filter(|_| update.has("add_replica_regions")) else {
            return Ok(());
        };
        let live = update.live.add_replica_regions.clone().unwrap_or_default();
        let surplus = live.difference(replicas).map(|replica| replica.region.clone()).collect();
        remove_replicas(cloud, update.id.as_str(), surplus).await?;
        let missing: Vec<_> = replicas.difference(&live).map(ReplicaRegion::to_api).collect();
        if !missing.is_empty() {
            let call = cloud.secretsmanager().replicate_secret_to_regions().secret_id(update.id.as_str());
            let call = call.set_add_replica_regions(Some(missing));
            let call = call.set_force_overwrite_replica_secret(self.force_overwrite_replica_secret);
            call.send().await.op("secretsmanager:ReplicateSecretToRegions")?;
        }
        Ok(())
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = self.tags.changes_from(&update.live.tags);
        if update.has("tags") && !changes.set.is_empty() {
            let call = cloud.secretsmanager().tag_resource().secret_id(update.id.as_str());
            let call = call.set_tags(Some(secretsmanager::tags(changes.set)));
            call.send().await.op("secretsmanager:TagResource")?;
        }
        if update.has("tags") && !changes.remove.is_empty() {
            let call = cloud.secretsmanager().untag_resource().secret_id(update.id.as_str());
            call.set_tag_keys(Some(changes.remove)).send().await.op("secretsmanager:UntagResource")?;
        }
        Ok(())
    }

    /// A rotation makes a version of its own, so its token differs from those of values.
    async fn update_rotation(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !ROTATION.iter().any(|field| update.has(field)) {
            return Ok(());
        }
        if self.rotation_enabled == Some(false) {
            let call = cloud.secretsmanager().cancel_rotate_secret().secret_id(update.id.as_str());
            call.send().await.op("secretsmanager:CancelRotateSecret")?;
            return Ok(());
        }
        let metadata = self.external_secret_rotation_metadata.as_ref();
        let metadata = metadata.map(secretsmanager::rotation_metadata);
        let call = cloud
            .secretsmanager()
            .rotate_secret()
            .secret_id(update.id.as_str())
            .client_request_token(format!("{}-rotation", update.intent.token))
            .set_rotation_lambda_arn(self.rotation_lambda_arn.clone())
            .set_rotation_rules(self.rotation_rules.as_ref().map(RotationRules::to_api))
            .set_rotate_immediately(self.rotate_immediately)
            .set_external_secret_rotation_metadata(metadata)
            .set_external_secret_rotation_role_arn(self.external_secret_rotation_role_arn.clone());
        call.send().await.op("secretsmanager:RotateSecret")?;
        Ok(())
    }

    async fn schedule_deletion(&self, cloud: &Cloud, id: &str) -> Result<()> {
        let replicas = self.add_replica_regions.iter().flatten();
        remove_replicas(cloud, id, replicas.map(|replica| replica.region.clone()).collect()).await?;
        let call = cloud.secretsmanager().delete_secret().secret_id(id);
        let call = match self.recovery_window_in_days {
            Some(0) => call.force_delete_without_recovery(true),
            window => call.set_recovery_window_in_days(window),
        };
        call.send().await.op("secretsmanager:DeleteSecret")?;
        Ok(())
    }
}

const ROTATION: [&str; 5] = [
    "rotation_enabled",
    "rotation_lambda_arn",
    "rotation_rules",
    "external_secret_rotation_metadata",
    "external_secret_rotation_role_arn",
];

fn decoded(value: &types::Secret, operation: &str) -> Result<Blob> {
    let bytes = base64::decode(value.known(operation)?);
    bytes.map(Blob::new).map_err(|_| CloudError::new(Cause::Invalid, operation, "`secret_binary` is not base64"))
}

async fn remove_replicas(cloud: &Cloud, id: &str, regions: Vec<String>) -> Result<()> {
    if regions.is_empty() {
        return Ok(());
    }
    let call = cloud.secretsmanager().remove_regions_from_replication().secret_id(id);
    let call = call.set_remove_replica_regions(Some(regions));
    call.send().await.op("secretsmanager:RemoveRegionsFromReplication")?;
    Ok(())
}

/// The secret, unless it is gone or scheduled for deletion: then nothing can use it.
async fn describe(cloud: &Cloud, id: &str) -> Result<Option<DescribeSecretOutput>> {
    let call = cloud.secretsmanager().describe_secret().secret_id(id);
    let answer = call.send().await.op("secretsmanager:DescribeSecret").absent()?;
    Ok(answer.filter(|secret| secret.deleted_date.is_none()))
}

/// How many names one filter takes.
const FILTER_VALUES: usize = 10;

/// What a list tells of the secrets it can tell all about, by ARN; of a single one
/// DescribeSecret tells as cheaply.
///
/// Names are filtered by prefix, so a page may be full of others: what is not on the
/// first one is described.
async fn list(cloud: &Cloud, wanted: &[Wanted<Secret>]) -> Result<HashMap<String, DescribeSecretOutput>> {
    let applied = wanted.iter().filter_map(|wanted| wanted.applied.as_ref());
    let names: Vec<String> = applied.filter(|it| it.add_replica_regions.is_none()).map(|it| it.name.clone()).collect();
    if names.len() < 2 {
        return Ok(HashMap::new());
    }
    let listed = read::chunked(&names, FILTER_VALUES, async |names| {
        let filter = Filter::builder().key(FilterNameStringType::Name).set_values(Some(names.to_vec())).build();
        let call = cloud.secretsmanager().list_secrets().filters(filter).max_results(100);
        Ok(call.send().await.op("secretsmanager:ListSecrets")?.secret_list.unwrap_or_default())
    });
    Ok(listed.await?.into_iter().filter_map(|entry| Some((entry.arn.clone()?, description(entry)))).collect())
}

/// A list's entry as DescribeSecret tells it.
fn description(entry: SecretListEntry) -> DescribeSecretOutput {
    DescribeSecretOutput::builder()
        .set_arn(entry.arn)
        .set_name(entry.name)
        .set_type(entry.r#type)
        .set_description(entry.description)
        .set_kms_key_id(entry.kms_key_id)
        .set_rotation_enabled(entry.rotation_enabled)
        .set_rotation_lambda_arn(entry.rotation_lambda_arn)
        .set_rotation_rules(entry.rotation_rules)
        .set_external_secret_rotation_metadata(entry.external_secret_rotation_metadata)
        .set_external_secret_rotation_role_arn(entry.external_secret_rotation_role_arn)
        .set_tags(entry.tags)
        .set_version_ids_to_stages(entry.secret_versions_to_stages)
        .build()
}

async fn read_one(
    cloud: &Cloud,
    wanted: &Wanted<Secret>,
    listed: Option<&DescribeSecretOutput>,
) -> Result<Option<Live<Secret>>> {
    let told = match listed.filter(|listed| is_as_applied(listed, wanted)) {
        Some(listed) => Some(listed.clone()),
        None => describe(cloud, wanted.id.as_str()).await?,
    };
    let Some(told) = told else {
        return Ok(None);
    };
    let (value, policy) = tokio::try_join!(read_value(cloud, wanted, &told), read_policy(cloud, wanted))?;
    Ok(Some(live(told, wanted, value, policy)))
}

/// Whether a list, which lags behind by minutes, tells what was last applied: only then
/// is it believed.
fn is_as_applied(listed: &DescribeSecretOutput, wanted: &Wanted<Secret>) -> bool {
    let (Some(applied), Some(outputs)) = (&wanted.applied, &wanted.outputs) else {
        return false;
    };
    let live = properties(listed.clone(), Some(applied));
    current_version(listed) == outputs.version_id
        && fits(&applied.description, &live.description)
        && fits(&applied.kms_key_id, &live.kms_key_id)
        && fits(&applied.r#type, &live.r#type)
        && fits(&applied.rotation_enabled, &live.rotation_enabled)
        && fits(&applied.rotation_lambda_arn, &live.rotation_lambda_arn)
        && fits(&applied.rotation_rules, &live.rotation_rules)
        && fits(&applied.external_secret_rotation_metadata, &live.external_secret_rotation_metadata)
        && fits(&applied.external_secret_rotation_role_arn, &live.external_secret_rotation_role_arn)
        && applied.tags == live.tags
}

fn fits<T: PartialEq>(stated: &Option<T>, live: &Option<T>) -> bool {
    stated.is_none() || stated == live
}

fn current_version(told: &DescribeSecretOutput) -> Option<String> {
    let mut versions = told.version_ids_to_stages.iter().flatten();
    let current = versions.find(|(_, stages)| stages.iter().any(|stage| stage == "AWSCURRENT"));
    current.map(|(version, _)| version.clone())
}

/// A value in the spec's words.
#[derive(Default)]
struct Value {
    text: Option<types::Secret>,
    binary: Option<types::Secret>,
}

/// The value, where it is managed. A version never changes, so while the recorded one is
/// current, the hash in the state tells enough and the value stays unread.
async fn read_value(cloud: &Cloud, wanted: &Wanted<Secret>, told: &DescribeSecretOutput) -> Result<Value> {
    let is_managed = wanted.manages(|secret| &secret.secret_string) || wanted.manages(|secret| &secret.secret_binary);
    let current = current_version(told);
    if !is_managed || current.is_none() {
        return Ok(Value::default());
    }
    let recorded = wanted.outputs.as_ref().and_then(|outputs| outputs.version_id.as_ref());
    match wanted.applied.as_ref().and_then(hashed) {
        Some(value) if current.as_ref() == recorded => Ok(value),
        _ => get_value(cloud, wanted.id.as_str()).await,
    }
}

/// The value as the state holds it. A spec on its way to AWS holds the value itself, and
/// says nothing of what is there.
fn hashed(applied: &Secret) -> Option<Value> {
    let is_hashed = |value: &Option<types::Secret>| value.as_ref().is_none_or(|value| value.value().is_none());
    let value = Value { text: applied.secret_string.clone(), binary: applied.secret_binary.clone() };
    (is_hashed(&value.text) && is_hashed(&value.binary)).then_some(value)
}

async fn get_value(cloud: &Cloud, id: &str) -> Result<Value> {
    let call = cloud.secretsmanager().get_secret_value().secret_id(id);
    let answer = call.send().await.op("secretsmanager:GetSecretValue").absent()?;
    Ok(answer.map_or_else(Value::default, |answer| Value {
        text: answer.secret_string.map(types::Secret::Value),
        binary: answer.secret_binary.map(|bytes| types::Secret::Value(base64::encode(bytes))),
    }))
}

async fn read_policy(cloud: &Cloud, wanted: &Wanted<Secret>) -> Result<Option<PolicyDocument>> {
    if !wanted.manages(|secret| &secret.resource_policy) {
        return Ok(None);
    }
    let call = cloud.secretsmanager().get_resource_policy().secret_id(wanted.id.as_str());
    let answer = call.send().await.op("secretsmanager:GetResourcePolicy").absent()?;
    Ok(answer.and_then(|answer| answer.resource_policy).map(|policy| PolicyDocument::from_live(&policy)))
}

fn live(
    told: DescribeSecretOutput,
    wanted: &Wanted<Secret>,
    value: Value,
    policy: Option<PolicyDocument>,
) -> Live<Secret> {
    let is_in_progress = |replica: &ReplicationStatusType| replica.status == Some(StatusType::InProgress);
    let is_pending = wanted.manages(|secret| &secret.add_replica_regions);
    let phase = match is_pending && told.replication_status().iter().any(is_in_progress) {
        true => Phase::PENDING,
        false => Phase::Ready,
    };
    let outputs = Outputs { arn: told.arn.clone().unwrap_or_default(), version_id: current_version(&told) };
    let mut spec = properties(told, wanted.applied.as_ref());
    (spec.secret_string, spec.secret_binary, spec.resource_policy) = (value.text, value.binary, policy);
    Live { spec, outputs, phase }
}

/// What DescribeSecret tells, in the words of the spec last applied.
fn properties(told: DescribeSecretOutput, applied: Option<&Secret>) -> Secret {
    let stated_key = applied.and_then(|applied| applied.kms_key_id.as_deref());
    let key = told.kms_key_id.unwrap_or_else(|| DEFAULT_KEY.to_owned());
    let is_rotated = told.rotation_enabled.unwrap_or_default();
    let metadata = told.external_secret_rotation_metadata.unwrap_or_default().into_iter();
    let stated_replicas = applied.and_then(|applied| applied.add_replica_regions.as_ref());
    let replicas = told.replication_status.unwrap_or_default().into_iter();
    Secret {
        name: told.name.unwrap_or_default(),
        description: Some(told.description.unwrap_or_default()),
        kms_key_id: Some(kms::as_stated(stated_key, key)),
        secret_string: None,
        secret_binary: None,
        generate_secret_string: None,
        r#type: told.r#type,
        resource_policy: None,
        block_public_policy: None,
        add_replica_regions: Some(
            replicas.filter_map(|replica| ReplicaRegion::from_api(replica, stated_replicas)).collect(),
        ),
        force_overwrite_replica_secret: None,
        rotation_enabled: Some(is_rotated),
        rotation_lambda_arn: told.rotation_lambda_arn.filter(|_| is_rotated),
        rotation_rules: told.rotation_rules.filter(|_| is_rotated).map(RotationRules::from_api),
        rotate_immediately: None,
        external_secret_rotation_metadata: Some(metadata.filter_map(|item| Some((item.key?, item.value?))).collect()),
        external_secret_rotation_role_arn: told.external_secret_rotation_role_arn,
        recovery_window_in_days: None,
        tags: secretsmanager::live_tags(told.tags),
    }
}
