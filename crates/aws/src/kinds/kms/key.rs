//! `kms/key`: a key that encrypts, signs or authenticates, and never leaves AWS.

use std::collections::BTreeMap;

use aws_sdk_kms::types::{KeyMetadata, KeySpec, KeyState, KeyUsageType, OriginType, Tag};
use provision_core::driver::{Cause, Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::rates;
use crate::service::tagging::{self, Named, Tagged};
use crate::service::timestamp;
use crate::types::{PolicyDocument, Tags, carry_intent};

/// A KMS key.
///
/// See [CreateKey](https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What the key is for, up to 8,192 characters; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// What the key can do; `ENCRYPT_DECRYPT` by AWS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = [
        "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"
    ]))]
    pub key_usage: Option<String>,

    /// Kind of key material; `SYMMETRIC_DEFAULT` by AWS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = [
        "SYMMETRIC_DEFAULT", "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521",
        "ECC_NIST_EDWARDS25519", "ECC_SECG_P256K1", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "SM2",
        "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"
    ]))]
    pub key_spec: Option<String>,

    /// Where the key material comes from; `AWS_KMS` by AWS's default. With `EXTERNAL` the
    /// key waits for its material to be imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "x-replace" = true, "enum" = ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"]
    ))]
    pub origin: Option<String>,

    /// Custom key store that holds the material, with `origin` `AWS_CLOUDHSM` or `EXTERNAL_KEY_STORE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub custom_key_store_id: Option<String>,

    /// The key in the external key manager, with `origin` `EXTERNAL_KEY_STORE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub xks_key_id: Option<String>,

    /// Whether it is the primary of keys in several regions; `false` by AWS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub multi_region: Option<bool>,

    /// Who may use and manage the key. AWS's default leaves it to the account's IAM policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDocument>,

    /// Accepts a `policy` under which the caller could not change the policy any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub bypass_policy_lockout_safety_check: Option<bool>,

    /// Whether AWS makes new material now and then; only for symmetric keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_key_rotation: Option<bool>,

    /// Days between rotations, from 90 to 2,560; 365 by AWS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 90, max = 2560))]
    pub rotation_period_in_days: Option<i32>,

    /// Whether the key can be used; AWS makes keys enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,

    /// Days between the deletion and its taking effect, from 7 to 30 (AWS's default),
    /// in which it can be cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true), range(min = 7, max = 30))]
    pub pending_window_in_days: Option<i32>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The key's ARN.
    pub arn: String,
    /// The key's id, which is also its `id`.
    pub key_id: String,
    /// When it was made, ISO 8601.
    pub creation_date: Option<String>,
}

impl Kind for Key {
    const NAME: &'static str = "kms/key";
    const RECOVERY: Recovery = Recovery::Tag;
    const READING: Reading = Reading::TAGGED_EACH;
    const RATES: Rates = rates::kms::KEY;
    const EARLY: &'static [&'static str] = &["id", "arn", "key_id"];
    /// A policy's principals may have been made a moment ago, and so may the key.
    const EVENTUAL: &'static [&'static str] =
        &["NotFoundException", "MalformedPolicyDocumentException: nvalid principal"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.rotation_period_in_days.is_some() && self.enable_key_rotation != Some(true) {
            errors.push(FieldError::new(
                "rotation_period_in_days",
                "a rotation period needs `enable_key_rotation: true`",
            ));
        }
        let is_symmetric = self.key_spec.as_deref().is_none_or(|spec| spec == KeySpec::SymmetricDefault.as_str());
        if self.enable_key_rotation == Some(true) && !is_symmetric {
            errors.push(FieldError::new("enable_key_rotation", "only symmetric keys are rotated"));
        }
        errors
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .kms()
            .create_key()
            .set_description(self.description.clone())
            .set_key_usage(self.key_usage.as_deref().map(KeyUsageType::from))
            .set_key_spec(self.key_spec.as_deref().map(KeySpec::from))
            .set_origin(self.origin.as_deref().map(OriginType::from))
            .set_custom_key_store_id(self.custom_key_store_id.clone())
            .set_xks_key_id(self.xks_key_id.clone())
            .set_multi_region(self.multi_region)
            .set_policy(self.policy.as_ref().map(PolicyDocument::to_text))
            .set_bypass_policy_lockout_safety_check(self.bypass_policy_lockout_safety_check)
            .set_tags(Some(tags(self.tags.with_intent(intent))))
            .send()
            .await
            .op("kms:CreateKey")?;
        answer.key_metadata.map(|key| Id(key.key_id)).ok_or_else(|| incomplete("kms:CreateKey", "key"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let read = read::each(wanted, |wanted| read_one(cloud, wanted));
        tagging::with_tags(cloud, wanted, read).await
    }

    /// A disabled key refuses most changes: it is enabled first and disabled last.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("enabled") && self.enabled == Some(true) {
            cloud.kms().enable_key().key_id(update.id.as_str()).send().await.op("kms:EnableKey")?;
        }
        self.update_description(cloud, update).await?;
        self.update_policy(cloud, update).await?;
        self.update_rotation(cloud, update).await?;
        self.update_tags(cloud, update).await?;
        if update.has("enabled") && self.enabled == Some(false) {
            cloud.kms().disable_key().key_id(update.id.as_str()).send().await.op("kms:DisableKey")?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.kms().schedule_key_deletion().key_id(id.as_str());
        let call = call.set_pending_window_in_days(self.pending_window_in_days);
        match call.send().await.op("kms:ScheduleKeyDeletion").absent() {
            Err(error) if error.code == INVALID_STATE && describe(cloud, id.as_str()).await?.is_none() => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// The tagging API lags behind, so what it does not tell is looked for key by key.
    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let mut candidates = tagging::made_by(cloud, NAMED.resource_type, intent).await?;
        if candidates.is_empty() {
            let is_made_by = |tags: &AllTags| carry_intent(tags.iter().map(|(key, value)| (&**key, &**value)), intent);
            candidates = scan(cloud, is_made_by).await?;
        }
        let mut alive = Vec::new();
        for candidate in candidates {
            alive.extend(describe(cloud, &candidate).await?.map(|key| Id(key.key_id)));
        }
        Ok(alive)
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let list = async {
            let tags = by.tags();
            match tags.is_empty() {
                true => list(cloud).await,
                false => scan(cloud, |has| tags.iter().all(|(key, value)| has.get(key) == Some(value))).await,
            }
        };
        tagging::find(cloud, by, &NAMED, list).await
    }
}

const NAMED: Named = Named { field: "key_id", arn_prefix: "key/", resource_type: "kms:key" };

impl Tagged for Key {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, id: &Id, _: &str) -> Result<Option<Tags>> {
        Ok(list_tags(cloud, id.as_str()).await.absent()?.map(Tags::from_live))
    }
}

/// What KMS answers about a key whose deletion is scheduled already.
const INVALID_STATE: &str = "KMSInvalidStateException";

/// The one name a key policy can have.
const POLICY: &str = "default";

impl Key {
    async fn update_description(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(description)) = (update.has("description"), &self.description) {
            let call = cloud.kms().update_key_description().key_id(update.id.as_str());
            call.description(description).send().await.op("kms:UpdateKeyDescription")?;
        }
        Ok(())
    }

    async fn update_policy(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(policy)) = (update.has("policy"), &self.policy) {
            let call =
                cloud.kms().put_key_policy().key_id(update.id.as_str()).policy_name(POLICY).policy(policy.to_text());
            let call = call.set_bypass_policy_lockout_safety_check(self.bypass_policy_lockout_safety_check);
            call.send().await.op("kms:PutKeyPolicy")?;
        }
        Ok(())
    }

    async fn update_rotation(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !update.has("enable_key_rotation") && !update.has("rotation_period_in_days") {
            return Ok(());
        }
        if self.enable_key_rotation == Some(false) {
            let call = cloud.kms().disable_key_rotation().key_id(update.id.as_str());
            call.send().await.op("kms:DisableKeyRotation")?;
        } else {
            let call = cloud.kms().enable_key_rotation().key_id(update.id.as_str());
            let call = call.set_rotation_period_in_days(self.rotation_period_in_days);
            call.send().await.op("kms:EnableKeyRotation")?;
        }
        Ok(())
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = self.tags.changes_from(&update.live.tags);
        if update.has("tags") && !changes.set.is_empty() {
            let call = cloud.kms().tag_resource().key_id(update.id.as_str());
            call.set_tags(Some(tags(changes.set))).send().await.op("kms:TagResource")?;
        }
        if update.has("tags") && !changes.remove.is_empty() {
            let call = cloud.kms().untag_resource().key_id(update.id.as_str());
            call.set_tag_keys(Some(changes.remove)).send().await.op("kms:UntagResource")?;
        }
        Ok(())
    }
}

/// The key, unless it is gone or on its way out: from the day its deletion is scheduled
/// nothing can use it.
async fn describe(cloud: &Cloud, id: &str) -> Result<Option<KeyMetadata>> {
    let answer = cloud.kms().describe_key().key_id(id).send().await.op("kms:DescribeKey").absent()?;
    let is_going =
        |key: &KeyMetadata| matches!(key.key_state, Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion));
    Ok(answer.and_then(|answer| answer.key_metadata).filter(|key| !is_going(key)))
}

/// The ids of the keys whose tags are wanted, among those whose tags we may see.
async fn scan(cloud: &Cloud, is_wanted: impl Fn(&AllTags) -> bool) -> Result<Vec<String>> {
    let ids = list(cloud).await?;
    let tags = read::each(&ids, async |id| match list_tags(cloud, id).await.absent() {
        Err(error) if error.cause == Cause::Denied => Ok(None),
        tags => tags,
    });
    let tags = tags.await?.into_iter().map(|tags| tags.is_some_and(|tags| is_wanted(&tags)));
    Ok(ids.iter().zip(tags).filter(|(_, is_wanted)| *is_wanted).map(|(id, _)| id.clone()).collect())
}

/// The id of every key, those of AWS's services too.
async fn list(cloud: &Cloud) -> Result<Vec<String>> {
    let pages = cloud.kms().list_keys().limit(KEYS).into_paginator().items().send();
    let keys: Vec<_> = pages.try_collect().await.op("kms:ListKeys")?;
    Ok(keys.into_iter().filter_map(|key| key.key_id).collect())
}

/// The most that one page holds.
const KEYS: i32 = 1000;

/// Tags by key, with those of AWS and of provision.
type AllTags = BTreeMap<String, String>;

async fn list_tags(cloud: &Cloud, id: &str) -> Result<AllTags> {
    let pages = cloud.kms().list_resource_tags().key_id(id).into_paginator().items().send();
    let tags: Vec<Tag> = pages.try_collect().await.op("kms:ListResourceTags")?;
    Ok(tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect())
}

/// Tags as the API takes them. A tag has its key and value, so building one cannot fail.
fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().filter_map(|(key, value)| Tag::builder().tag_key(key).tag_value(value).build().ok()).collect()
}

/// A key and what costs a call of its own, but for its tags.
async fn read_one(cloud: &Cloud, wanted: &Wanted<Key>) -> Result<Option<Live<Key>>> {
    let Some(key) = describe(cloud, wanted.id.as_str()).await? else {
        return Ok(None);
    };
    let policy = async {
        match wanted.manages(|key| &key.policy) {
            true => read_policy(cloud, &key.key_id).await,
            false => Ok(None),
        }
    };
    let rotation = async {
        match wanted.manages(|key| &key.enable_key_rotation) {
            true if is_rotatable(&key) => read_rotation(cloud, &key.key_id).await,
            true => Ok(Rotation { is_on: Some(false), period_in_days: None }),
            false => Ok(Rotation::default()),
        }
    };
    let (policy, rotation) = tokio::try_join!(policy, rotation)?;
    Ok(Some(live(key, policy, rotation)))
}

async fn read_policy(cloud: &Cloud, id: &str) -> Result<Option<PolicyDocument>> {
    let answer =
        cloud.kms().get_key_policy().key_id(id).policy_name(POLICY).send().await.op("kms:GetKeyPolicy").absent()?;
    Ok(answer.and_then(|answer| answer.policy).map(|policy| PolicyDocument::from_live(&policy)))
}

/// KMS tells about rotation only where there can be one; other keys are never rotated.
fn is_rotatable(key: &KeyMetadata) -> bool {
    key.key_spec == Some(KeySpec::SymmetricDefault) && key.custom_key_store_id.is_none()
}

#[derive(Default)]
struct Rotation {
    is_on: Option<bool>,
    period_in_days: Option<i32>,
}

async fn read_rotation(cloud: &Cloud, id: &str) -> Result<Rotation> {
    let call = cloud.kms().get_key_rotation_status().key_id(id);
    let answer = call.send().await.op("kms:GetKeyRotationStatus").absent()?;
    Ok(answer.map_or_else(Rotation::default, |status| Rotation {
        is_on: Some(status.key_rotation_enabled),
        period_in_days: status.rotation_period_in_days.filter(|_| status.key_rotation_enabled),
    }))
}

fn live(key: KeyMetadata, policy: Option<PolicyDocument>, rotation: Rotation) -> Live<Key> {
    let phase = match key.key_state {
        Some(KeyState::Creating | KeyState::Updating) => Phase::PENDING,
        _ => Phase::Ready,
    };
    let spec = Key {
        description: Some(key.description.unwrap_or_default()),
        key_usage: key.key_usage.map(|usage| usage.as_str().to_owned()),
        key_spec: key.key_spec.map(|spec| spec.as_str().to_owned()),
        origin: key.origin.map(|origin| origin.as_str().to_owned()),
        custom_key_store_id: key.custom_key_store_id,
        xks_key_id: key.xks_key_configuration.and_then(|configuration| configuration.id),
        multi_region: key.multi_region,
        policy,
        bypass_policy_lockout_safety_check: None,
        enable_key_rotation: rotation.is_on,
        rotation_period_in_days: rotation.period_in_days,
        enabled: Some(key.enabled),
        pending_window_in_days: None,
        tags: Tags::default(),
    };
    let outputs = Outputs {
        arn: key.arn.unwrap_or_default(),
        key_id: key.key_id,
        creation_date: key.creation_date.as_ref().and_then(timestamp),
    };
    Live { spec, outputs, phase }
}
