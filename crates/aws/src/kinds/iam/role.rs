//! `iam/role`: an identity that services, users and other accounts take on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_iam::types::{self, AttachedPolicy, PolicyDetail, RoleDetail};
use provision_core::driver::{Cause, Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read;
use crate::service::{iam, timestamp};
use crate::types::{PolicyDocument, Tags};

/// An IAM role.
///
/// See [CreateRole](https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Name, unique in the account whatever its case: up to 64 letters, digits and `_+=,.@-`.
    #[schemars(extend("x-replace" = true))]
    pub role_name: String,

    /// Path in the ARN; it begins and ends with a slash. `/` by default.
    #[serde(default = "iam::root")]
    #[schemars(extend("x-replace" = true))]
    pub path: String,

    /// What the role is for, up to 1,000 characters; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// The trust policy: who may take on the role.
    pub assume_role_policy_document: PolicyDocument,

    /// Longest session in seconds, from 3,600 (AWS's default) to 43,200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3600, max = 43200))]
    pub max_session_duration: Option<i32>,

    /// ARN of the policy that bounds what the role may ever do; `""` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<String>,

    /// Policies embedded in the role, by name. Managed as a whole when stated: an
    /// inline policy that is not stated is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline_policies: Option<BTreeMap<String, PolicyDocument>>,

    /// ARNs of the managed policies attached to the role. Managed as a whole when
    /// stated: a policy that is not stated is detached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached_policy_arns: Option<BTreeSet<String>>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The role's ARN.
    pub arn: String,
    /// The stable unique id, such as `AROADBQP57FF2AEXAMPLE`; a role made again under the
    /// same name has another one.
    pub role_id: String,
    /// When it was made, ISO 8601.
    pub create_date: Option<String>,
}

/// The ARN is not early: what takes on a role fails while its policies are still missing.
impl Kind for Role {
    const NAME: &'static str = "iam/role";
    const GLOBAL: bool = true;
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(1000);
    /// The principals of the trust policy may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["NoSuchEntity", "MalformedPolicyDocument: nvalid principal"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        iam::check_path(&self.path)
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .iam()
            .create_role()
            .role_name(&self.role_name)
            .path(&self.path)
            .set_description(self.description.clone())
            .assume_role_policy_document(self.assume_role_policy_document.to_text())
            .set_max_session_duration(self.max_session_duration)
            .set_permissions_boundary(self.permissions_boundary.clone().filter(|arn| !arn.is_empty()))
            .set_tags(Some(iam::tags(self.tags.with_intent(intent))))
            .send()
            .await
            .op("iam:CreateRole")?;
        answer.role.map(|role| Id(role.role_name)).ok_or_else(|| incomplete("iam:CreateRole", "role"))
    }

    /// One role costs a call for itself and one for each managed part; more of them are
    /// picked from the account's authorization details, which is one or two calls for a
    /// thousand roles.
    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        match wanted {
            [] => Ok(Vec::new()),
            [one] => Ok(vec![read_one(cloud, one).await?]),
            many => read_many(cloud, many).await,
        }
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_trust(cloud, update).await?;
        self.update_settings(cloud, update).await?;
        self.update_boundary(cloud, update).await?;
        self.update_inline(cloud, update).await?;
        self.update_attached(cloud, update).await?;
        self.update_tags(cloud, update).await
    }

    /// Most roles have nothing attached any more when their turn comes, so the parts are
    /// only looked for when AWS says that there are some.
    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        match delete_role(cloud, id.as_str()).await {
            Err(error) if error.cause == Cause::Dependency => {
                strip(cloud, id.as_str()).await.absent()?;
                delete_role(cloud, id.as_str()).await
            }
            answer => answer,
        }
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let role = get(cloud, &self.role_name).await?;
        let ours = role.filter(|role| iam::is_made_by(intent, role.tags()));
        Ok(ours.map(|role| Id(role.role_name)).into_iter().collect())
    }

    /// Roles cannot be looked for by tag, but a thousand of them are listed in one call and
    /// read in two.
    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let of_arn = || Some(by.in_arn("role/")?.rsplit('/').next()?.to_owned());
        if let Some(name) = by.text("role_name").or_else(of_arn) {
            return Ok(vec![Id(name)]);
        }
        let roles = list(cloud, by.text("path")).await?;
        Ok(roles.into_iter().map(|role| Id(role.role_name)).collect())
    }
}

impl Role {
    async fn update_trust(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("assume_role_policy_document") {
            let call = cloud.iam().update_assume_role_policy().role_name(update.id.as_str());
            let call = call.policy_document(self.assume_role_policy_document.to_text());
            call.send().await.op("iam:UpdateAssumeRolePolicy")?;
        }
        Ok(())
    }

    /// UpdateRole sets both properties at once, so the one that stays is stated as well.
    async fn update_settings(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("description") || update.has("max_session_duration") {
            let call = cloud.iam().update_role().role_name(update.id.as_str());
            let call = call.set_description(self.description.clone().or_else(|| update.live.description.clone()));
            let duration = self.max_session_duration.or(update.live.max_session_duration);
            call.set_max_session_duration(duration).send().await.op("iam:UpdateRole")?;
        }
        Ok(())
    }

    async fn update_boundary(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        match self.permissions_boundary.as_deref().filter(|_| update.has("permissions_boundary")) {
            None => {}
            Some("") => {
                let call = cloud.iam().delete_role_permissions_boundary().role_name(update.id.as_str());
                call.send().await.op("iam:DeleteRolePermissionsBoundary").absent()?;
            }
            Some(arn) => {
                let call = cloud.iam().put_role_permissions_boundary().role_name(update.id.as_str());
                call.permissions_boundary(arn).send().await.op("iam:PutRolePermissionsBoundary")?;
            }
        }
        Ok(())
    }

    async fn update_inline(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let Some(policies) = self.inline_policies.as_ref().filter(|_| update.has("inline_policies")) else {
            return Ok(());
        };
        let live = update.live.inline_policies.clone().unwrap_or_default();
        for (name, policy) in policies.iter().filter(|(name, policy)| live.get(*name) != Some(policy)) {
            let call = cloud.iam().put_role_policy().role_name(update.id.as_str()).policy_name(name);
            call.policy_document(policy.to_text()).send().await.op("iam:PutRolePolicy")?;
        }
        for name in live.keys().filter(|name| !policies.contains_key(*name)) {
            delete_inline(cloud, update.id.as_str(), name).await?;
        }
        Ok(())
    }

    async fn update_attached(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let Some(arns) = self.attached_policy_arns.as_ref().filter(|_| update.has("attached_policy_arns")) else {
            return Ok(());
        };
        let live = update.live.attached_policy_arns.clone().unwrap_or_default();
        for arn in arns.difference(&live) {
            let call = cloud.iam().attach_role_policy().role_name(update.id.as_str());
            call.policy_arn(arn).send().await.op("iam:AttachRolePolicy")?;
        }
        for arn in live.difference(arns) {
            detach(cloud, update.id.as_str(), arn).await?;
        }
        Ok(())
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = self.tags.changes_from(&update.live.tags);
        if update.has("tags") && !changes.set.is_empty() {
            let call = cloud.iam().tag_role().role_name(update.id.as_str());
            call.set_tags(Some(iam::tags(changes.set))).send().await.op("iam:TagRole")?;
        }
        if update.has("tags") && !changes.remove.is_empty() {
            let call = cloud.iam().untag_role().role_name(update.id.as_str());
            call.set_tag_keys(Some(changes.remove)).send().await.op("iam:UntagRole")?;
        }
        Ok(())
    }
}

async fn delete_role(cloud: &Cloud, name: &str) -> Result<()> {
    cloud.iam().delete_role().role_name(name).send().await.op("iam:DeleteRole").absent()?;
    Ok(())
}

/// Takes away everything that keeps AWS from deleting a role.
async fn strip(cloud: &Cloud, name: &str) -> Result<()> {
    let (attached, inline) = tokio::try_join!(list_attached(cloud, name), list_inline(cloud, name))?;
    for arn in attached.into_iter().filter_map(|policy| policy.policy_arn) {
        detach(cloud, name, &arn).await?;
    }
    for policy in inline {
        delete_inline(cloud, name, &policy).await?;
    }
    leave_instance_profiles(cloud, name).await
}

async fn detach(cloud: &Cloud, name: &str, arn: &str) -> Result<()> {
    let call = cloud.iam().detach_role_policy().role_name(name).policy_arn(arn);
    call.send().await.op("iam:DetachRolePolicy").absent()?;
    Ok(())
}

async fn delete_inline(cloud: &Cloud, name: &str, policy: &str) -> Result<()> {
    let call = cloud.iam().delete_role_policy().role_name(name).policy_name(policy);
    call.send().await.op("iam:DeleteRolePolicy").absent()?;
    Ok(())
}

async fn leave_instance_profiles(cloud: &Cloud, name: &str) -> Result<()> {
    let pages = cloud.iam().list_instance_profiles_for_role().role_name(name).into_paginator().items().send();
    let profiles: Vec<_> = pages.try_collect().await.op("iam:ListInstanceProfilesForRole")?;
    for profile in profiles {
        let call = cloud.iam().remove_role_from_instance_profile().role_name(name);
        let call = call.instance_profile_name(profile.instance_profile_name);
        call.send().await.op("iam:RemoveRoleFromInstanceProfile").absent()?;
    }
    Ok(())
}

async fn get(cloud: &Cloud, name: &str) -> Result<Option<types::Role>> {
    let answer = cloud.iam().get_role().role_name(name).send().await.op("iam:GetRole").absent()?;
    Ok(answer.and_then(|answer| answer.role))
}

async fn list_attached(cloud: &Cloud, name: &str) -> Result<Vec<AttachedPolicy>> {
    let pages = cloud.iam().list_attached_role_policies().role_name(name).into_paginator().items().send();
    pages.try_collect().await.op("iam:ListAttachedRolePolicies")
}

async fn list_inline(cloud: &Cloud, name: &str) -> Result<Vec<String>> {
    let pages = cloud.iam().list_role_policies().role_name(name).into_paginator().items().send();
    pages.try_collect().await.op("iam:ListRolePolicies")
}

async fn inline_policies(cloud: &Cloud, name: &str) -> Result<Vec<PolicyDetail>> {
    let policies = list_inline(cloud, name).await?;
    let found = read::each(&policies, async |policy| {
        let call = cloud.iam().get_role_policy().role_name(name).policy_name(policy);
        let answer = call.send().await.op("iam:GetRolePolicy").absent()?;
        Ok(answer.map(|found| {
            PolicyDetail::builder().policy_name(found.policy_name).policy_document(found.policy_document).build()
        }))
    });
    Ok(found.await?.into_iter().flatten().collect())
}

async fn read_one(cloud: &Cloud, wanted: &Wanted<Role>) -> Result<Option<Live<Role>>> {
    let name = wanted.id.as_str();
    let attached = async {
        match wanted.manages(|role| &role.attached_policy_arns) {
            true => list_attached(cloud, name).await.absent(),
            false => Ok(None),
        }
    };
    let inline = async {
        match wanted.manages(|role| &role.inline_policies) {
            true => inline_policies(cloud, name).await.absent(),
            false => Ok(None),
        }
    };
    let (role, attached, inline) = tokio::try_join!(get(cloud, name), attached, inline)?;
    Ok(role.map(|role| live(detail(&role, attached, inline), Some(&role))))
}

/// What GetAccountAuthorizationDetails would say of a role.
fn detail(role: &types::Role, attached: Option<Vec<AttachedPolicy>>, inline: Option<Vec<PolicyDetail>>) -> RoleDetail {
    RoleDetail::builder()
        .path(&role.path)
        .role_name(&role.role_name)
        .role_id(&role.role_id)
        .arn(&role.arn)
        .create_date(role.create_date)
        .set_assume_role_policy_document(role.assume_role_policy_document.clone())
        .set_permissions_boundary(role.permissions_boundary.clone())
        .set_tags(role.tags.clone())
        .set_attached_managed_policies(attached)
        .set_role_policy_list(inline)
        .build()
}

async fn read_many(cloud: &Cloud, wanted: &[Wanted<Role>]) -> Result<Vec<Option<Live<Role>>>> {
    let is_told_by_list = |wanted: &Wanted<Role>| {
        wanted.manages(|role| &role.description) || wanted.manages(|role| &role.max_session_duration)
    };
    let roles = async {
        match wanted.iter().any(is_told_by_list) {
            true => list(cloud, None).await,
            false => Ok(Vec::new()),
        }
    };
    let (details, roles) = tokio::try_join!(authorization_details(cloud), roles)?;
    let roles: HashMap<_, _> = roles.into_iter().map(|role| (role.role_name.clone(), role)).collect();
    Ok(read::joined(
        wanted,
        details,
        |detail| detail.role_name.as_deref(),
        |detail, wanted| live(detail, roles.get(wanted.id.as_str())),
    ))
}

async fn authorization_details(cloud: &Cloud) -> Result<Vec<RoleDetail>> {
    let pages = iam::authorization_details(cloud, types::EntityType::Role).await?;
    let details = pages.into_iter().flat_map(|page| page.role_detail_list.unwrap_or_default());
    Ok(details.map(with_all_parts).collect())
}

/// The authorization details cover a role's policies: a list that is left out is empty.
fn with_all_parts(mut detail: RoleDetail) -> RoleDetail {
    detail.role_policy_list.get_or_insert_default();
    detail.attached_managed_policies.get_or_insert_default();
    detail
}

/// Every role below a path. Tells description and session duration, which the authorization
/// details leave out.
async fn list(cloud: &Cloud, path: Option<String>) -> Result<Vec<types::Role>> {
    let call = cloud.iam().list_roles().set_path_prefix(path);
    call.into_paginator().page_size(iam::PAGE).items().send().try_collect().await.op("iam:ListRoles")
}

fn live(detail: RoleDetail, role: Option<&types::Role>) -> Live<Role> {
    let boundary = detail.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn);
    let inline = detail.role_policy_list.map(|policies| policies.into_iter().filter_map(inline_policy).collect());
    let attached = detail.attached_managed_policies;
    let spec = Role {
        role_name: detail.role_name.unwrap_or_default(),
        path: detail.path.unwrap_or_default(),
        description: role.map(|role| role.description.clone().unwrap_or_default()),
        assume_role_policy_document: iam::live_policy(&detail.assume_role_policy_document.unwrap_or_default()),
        max_session_duration: role.and_then(|role| role.max_session_duration),
        permissions_boundary: Some(boundary.unwrap_or_default()),
        inline_policies: inline,
        attached_policy_arns: attached.map(|list| list.into_iter().filter_map(|policy| policy.policy_arn).collect()),
        tags: iam::live_tags(detail.tags),
    };
    let outputs = Outputs {
        arn: detail.arn.unwrap_or_default(),
        role_id: detail.role_id.unwrap_or_default(),
        create_date: detail.create_date.as_ref().and_then(timestamp),
    };
    Live::ready(spec, outputs)
}

fn inline_policy(policy: PolicyDetail) -> Option<(String, PolicyDocument)> {
    Some((policy.policy_name?, iam::live_policy(&policy.policy_document?)))
}
