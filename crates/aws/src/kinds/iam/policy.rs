//! `iam/policy`: permissions of one's own that several roles can have.

use std::collections::HashMap;

use aws_sdk_iam::types::{self, EntityType, ManagedPolicyDetail, PolicyScopeType, PolicyVersion};
use provision_core::driver::{Cause, Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::{iam, tagging, timestamp};
use crate::types::{PolicyDocument, Tags};

/// A managed policy of the account, which roles, users and groups get by attaching it.
///
/// See [CreatePolicy](https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Name, unique in the account whatever its case: up to 128 letters, digits and `_+=,.@-`. Under
    /// another one it is made anew, and goes once nothing has it any more.
    #[schemars(extend("x-replace" = true))]
    pub policy_name: String,

    /// Path in the ARN; it begins and ends with a slash. `/` by default. It is changed along with the
    /// name alone, since there are no two policies of one name.
    #[serde(default = "iam::root")]
    #[schemars(extend("x-replace" = true))]
    pub path: String,

    /// What the policy is for, up to 1,000 characters; `""` for nothing. It is changed as `path` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub description: Option<String>,

    /// What is allowed and denied, up to 6,144 characters without white space. A change makes a
    /// new version the default one; AWS keeps five, of which the oldest then goes.
    pub policy_document: PolicyDocument,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The policy's ARN, which is its id.
    pub arn: String,
    /// The stable unique id, such as `ANPAZ3LWZ5WFEXAMPLEID`; a policy made again under the same
    /// name has another one.
    pub policy_id: String,
    /// The version in force, such as `v2`.
    #[schemars(extend("x-volatile" = true))]
    pub default_version_id: String,
    /// When it was made, ISO 8601.
    pub create_date: Option<String>,
}

impl Kind for Policy {
    const NAME: &'static str = "iam/policy";
    const GLOBAL: bool = true;
    /// AWS deletes no policy that is attached to something.
    const CREATE_BEFORE_DESTROY: bool = true;
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(1000);
    const READING: Reading = Reading { alone: Some(2), ..Reading::TAGGED_BATCH };
    const EARLY: &'static [&'static str] = &["id", "arn", "policy_name"];
    const EVENTUAL: &'static [&'static str] = &["NoSuchEntity"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        iam::check_path(&self.path)
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let call = cloud
            .iam()
            .create_policy()
            .policy_name(&self.policy_name)
            .path(&self.path)
            .set_description(self.description.clone())
            .policy_document(self.policy_document.to_text())
            .set_tags(Some(iam::tags(self.tags.with_intent(intent))));
        let policy = call.send().await.op("iam:CreatePolicy")?.policy;
        policy.and_then(|policy| policy.arn).map(Id).ok_or_else(|| incomplete("iam:CreatePolicy", "ARN"))
    }

    /// One policy takes a call for itself and one for its document; more of them are picked from
    /// the account's authorization details, which tell all but the tags.
    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        match wanted {
            [] => Ok(Vec::new()),
            [one] => Ok(vec![read_one(cloud, one.id.as_str()).await?]),
            many => tagging::with_tags(cloud, many, read_many(cloud, many)).await,
        }
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("policy_document") {
            self.add_version(cloud, update.id.as_str()).await?;
        }
        self.update_tags(cloud, update).await
    }

    /// Most policies have one version, so the others are only looked for when AWS says that
    /// something is in the way. That may also be a role of somebody else's that has the policy:
    /// it is left alone.
    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        match delete_policy(cloud, id.as_str()).await {
            Err(error) if error.cause == Cause::Dependency => {
                for version in superseded(cloud, id.as_str()).await? {
                    delete_version(cloud, id.as_str(), &version).await?;
                }
                delete_policy(cloud, id.as_str()).await
            }
            answer => answer,
        }
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let resource = format!("policy{}{}", self.path, self.policy_name);
        let policy = get(cloud, &iam::arn(cloud, &resource).await?).await?;
        let ours = policy.filter(|policy| iam::is_made_by(intent, policy.tags()));
        Ok(ours.and_then(|policy| policy.arn).map(Id).into_iter().collect())
    }

    /// Policies can be looked for by path alone, but a thousand of them are listed in one call and
    /// read in another.
    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(arn) = by.text("arn") {
            return Ok(vec![Id(arn)]);
        }
        let call = cloud.iam().list_policies().scope(PolicyScopeType::Local).set_path_prefix(by.text("path"));
        let pages = call.into_paginator().page_size(iam::PAGE).items().send();
        let policies: Vec<types::Policy> = pages.try_collect().await.op("iam:ListPolicies")?;
        let name = by.text("policy_name");
        let fitting = policies.into_iter().filter(|policy| name.is_none() || policy.policy_name == name);
        Ok(fitting.filter_map(|policy| policy.arn).map(Id).collect())
    }
}

impl tagging::Tagged for Policy {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, id: &Id, _: &str) -> Result<Option<Tags>> {
        Ok(get(cloud, id.as_str()).await?.map(|policy| iam::live_tags(policy.tags)))
    }
}

/// How many versions AWS keeps of a policy.
const VERSIONS: usize = 5;

impl Policy {
    /// Where there are five versions already, the oldest that is not in force makes room. A document
    /// that is too long is refused with the same code.
    async fn add_version(&self, cloud: &Cloud, arn: &str) -> Result<()> {
        let error = match self.create_version(cloud, arn).await {
            Err(error) if error.cause == Cause::Limit => error,
            answer => return answer,
        };
        match superseded(cloud, arn).await?.as_slice() {
            versions @ [oldest, ..] if versions.len() + 1 >= VERSIONS => {
                delete_version(cloud, arn, oldest).await?;
                self.create_version(cloud, arn).await
            }
            _ => Err(error),
        }
    }

    async fn create_version(&self, cloud: &Cloud, arn: &str) -> Result<()> {
        let call = cloud.iam().create_policy_version().policy_arn(arn).set_as_default(true);
        let call = call.policy_document(self.policy_document.to_text());
        call.send().await.op("iam:CreatePolicyVersion")?;
        Ok(())
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = self.tags.changes_from(&update.live.tags);
        if update.has("tags") && !changes.set.is_empty() {
            let call = cloud.iam().tag_policy().policy_arn(update.id.as_str());
            call.set_tags(Some(iam::tags(changes.set))).send().await.op("iam:TagPolicy")?;
        }
        if update.has("tags") && !changes.remove.is_empty() {
            let call = cloud.iam().untag_policy().policy_arn(update.id.as_str());
            call.set_tag_keys(Some(changes.remove)).send().await.op("iam:UntagPolicy")?;
        }
        Ok(())
    }
}

async fn delete_policy(cloud: &Cloud, arn: &str) -> Result<()> {
    cloud.iam().delete_policy().policy_arn(arn).send().await.op("iam:DeletePolicy").absent()?;
    Ok(())
}

async fn delete_version(cloud: &Cloud, arn: &str, version: &str) -> Result<()> {
    let call = cloud.iam().delete_policy_version().policy_arn(arn).version_id(version);
    call.send().await.op("iam:DeletePolicyVersion").absent()?;
    Ok(())
}

/// The versions that are not in force, the oldest first.
async fn superseded(cloud: &Cloud, arn: &str) -> Result<Vec<String>> {
    let pages = cloud.iam().list_policy_versions().policy_arn(arn).into_paginator().items().send();
    let versions: Option<Vec<PolicyVersion>> = pages.try_collect().await.op("iam:ListPolicyVersions").absent()?;
    let mut versions = versions.unwrap_or_default();
    versions.retain(|version| !version.is_default_version);
    versions.sort_by_key(|version| version.create_date);
    Ok(versions.into_iter().filter_map(|version| version.version_id).collect())
}

async fn get(cloud: &Cloud, arn: &str) -> Result<Option<types::Policy>> {
    let answer = cloud.iam().get_policy().policy_arn(arn).send().await.op("iam:GetPolicy").absent()?;
    Ok(answer.and_then(|answer| answer.policy))
}

async fn read_one(cloud: &Cloud, arn: &str) -> Result<Option<Live<Policy>>> {
    let Some(policy) = get(cloud, arn).await? else {
        return Ok(None);
    };
    let call = cloud.iam().get_policy_version().policy_arn(arn).set_version_id(policy.default_version_id.clone());
    let answer = call.send().await.op("iam:GetPolicyVersion").absent()?;
    let version = answer.and_then(|answer| answer.policy_version);
    let description = policy.description.clone().unwrap_or_default();
    let mut live = live(&detail(&policy, version), description);
    live.spec.tags = iam::live_tags(policy.tags);
    Ok(Some(live))
}

/// What GetAccountAuthorizationDetails would say of a policy.
fn detail(policy: &types::Policy, version: Option<PolicyVersion>) -> ManagedPolicyDetail {
    ManagedPolicyDetail::builder()
        .set_policy_name(policy.policy_name.clone())
        .set_policy_id(policy.policy_id.clone())
        .set_arn(policy.arn.clone())
        .set_path(policy.path.clone())
        .set_default_version_id(policy.default_version_id.clone())
        .set_create_date(policy.create_date)
        .set_policy_version_list(version.map(|version| vec![version]))
        .build()
}

/// All that is wanted, without tags.
async fn read_many(cloud: &Cloud, wanted: &[Wanted<Policy>]) -> Result<Vec<Option<Live<Policy>>>> {
    let pages = iam::authorization_details(cloud, EntityType::LocalManagedPolicy).await?;
    let details = pages.into_iter().flat_map(|page| page.policies.unwrap_or_default());
    let details: HashMap<_, _> = details.filter_map(|detail| Some((detail.arn.clone()?, detail))).collect();
    let read = read::each(wanted, async |wanted| match details.get(wanted.id.as_str()) {
        Some(detail) => Ok(Some(live(detail, described(cloud, wanted, detail).await?))),
        None => Ok(None),
    });
    read.await
}

/// The description, which the details may leave out. It never changes while the policy is the
/// same one, so what was applied to this one holds; of any other GetPolicy tells.
async fn described(cloud: &Cloud, wanted: &Wanted<Policy>, detail: &ManagedPolicyDetail) -> Result<String> {
    let is_recorded = wanted.outputs.as_ref().map(|outputs| &outputs.policy_id) == detail.policy_id.as_ref();
    let applied = wanted.applied.as_ref().filter(|_| is_recorded).and_then(|applied| applied.description.clone());
    if let Some(description) = detail.description.clone().or(applied) {
        return Ok(description);
    }
    if !wanted.manages(|policy| &policy.description) {
        return Ok(String::new());
    }
    let policy = get(cloud, wanted.id.as_str()).await?;
    Ok(policy.and_then(|policy| policy.description).unwrap_or_default())
}

fn live(detail: &ManagedPolicyDetail, description: String) -> Live<Policy> {
    let in_force = detail.policy_version_list().iter().find(|version| version.is_default_version);
    let document = in_force.and_then(PolicyVersion::document).unwrap_or_default();
    let spec = Policy {
        policy_name: detail.policy_name.clone().unwrap_or_default(),
        path: detail.path.clone().unwrap_or_default(),
        description: Some(description),
        policy_document: iam::live_policy(document),
        tags: Tags::default(),
    };
    let outputs = Outputs {
        arn: detail.arn.clone().unwrap_or_default(),
        policy_id: detail.policy_id.clone().unwrap_or_default(),
        default_version_id: detail.default_version_id.clone().unwrap_or_default(),
        create_date: detail.create_date.as_ref().and_then(timestamp),
    };
    Live::ready(spec, outputs)
}
