//! `iam/instance_profile`: what gives EC2 instances a role.

use aws_sdk_iam::types;
use provision_core::driver::{Cause, Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::role::Role;
use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::{iam, tagging, timestamp};
use crate::types::{Ref, Tags};

/// An instance profile, in which a role is handed to EC2 instances.
///
/// See [CreateInstanceProfile](https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceProfile {
    /// Name, unique in the account whatever its case: up to 128 letters, digits and `_+=,.@-`.
    #[schemars(extend("x-replace" = true))]
    pub instance_profile_name: String,

    /// Path in the ARN; it begins and ends with a slash. `/` by default.
    #[serde(default = "iam::root")]
    #[schemars(extend("x-replace" = true))]
    pub path: String,

    /// Name of the role in it, of which there is one at most; `""` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_name: Option<Ref<Role>>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The profile's ARN.
    pub arn: String,
    /// The stable unique id, such as `AIPAD5ARO2C5EXAMPLE3G`; a profile made again under the same
    /// name has another one.
    pub instance_profile_id: String,
    /// When it was made, ISO 8601.
    pub create_date: Option<String>,
}

impl Kind for InstanceProfile {
    const NAME: &'static str = "iam/instance_profile";
    const GLOBAL: bool = true;
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(1000);
    const READING: Reading = Reading { alone: Some(1), ..Reading::TAGGED_BATCH };
    /// Instances want the role in it.
    const EARLY: &'static [&'static str] = &[];
    /// The role may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["NoSuchEntity"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        iam::check_path(&self.path)
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let call = cloud
            .iam()
            .create_instance_profile()
            .instance_profile_name(&self.instance_profile_name)
            .path(&self.path)
            .set_tags(Some(iam::tags(self.tags.with_intent(intent))));
        let profile = call.send().await.op(CREATE)?.instance_profile;
        profile.map(|profile| Id(profile.instance_profile_name)).ok_or_else(|| incomplete(CREATE, "instance profile"))
    }

    /// A single profile is read with its tags; of many a list tells all but those.
    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        match wanted {
            [] => Ok(Vec::new()),
            [one] => Ok(vec![get(cloud, one.id.as_str()).await?.map(live)]),
            many => tagging::with_tags(cloud, many, read_many(cloud, many)).await,
        }
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_role(cloud, update).await?;
        self.update_tags(cloud, update).await
    }

    /// AWS deletes no profile that has a role.
    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        match delete_profile(cloud, id.as_str()).await {
            Err(error) if error.cause == Cause::Dependency => {
                let profile = get(cloud, id.as_str()).await?;
                for role in profile.into_iter().flat_map(|profile| profile.roles) {
                    remove_role(cloud, id.as_str(), &role.role_name).await?;
                }
                delete_profile(cloud, id.as_str()).await
            }
            answer => answer,
        }
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let profile = get(cloud, &self.instance_profile_name).await?;
        let ours = profile.filter(|profile| iam::is_made_by(intent, profile.tags()));
        Ok(ours.map(|profile| Id(profile.instance_profile_name)).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let of_arn = || Some(by.in_arn("instance-profile/")?.rsplit('/').next()?.to_owned());
        if let Some(name) = by.text("instance_profile_name").or_else(of_arn) {
            return Ok(vec![Id(name)]);
        }
        let profiles = list(cloud, by.text("path")).await?;
        Ok(profiles.into_iter().map(|profile| Id(profile.instance_profile_name)).collect())
    }
}

const CREATE: &str = "iam:CreateInstanceProfile";

impl tagging::Tagged for InstanceProfile {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, id: &Id, _: &str) -> Result<Option<Tags>> {
        Ok(get(cloud, id.as_str()).await?.map(|profile| iam::live_tags(profile.tags)))
    }
}

impl InstanceProfile {
    /// There is room for one role: the former one goes first.
    async fn update_role(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let Some(role) = self.role_name.as_ref().filter(|_| update.has("role_name")) else {
            return Ok(());
        };
        if let Some(former) = update.live.role_name.as_ref().filter(|former| !former.as_str().is_empty()) {
            remove_role(cloud, update.id.as_str(), former.as_str()).await?;
        }
        match role.as_str() {
            "" => Ok(()),
            role => add_role(cloud, update.id.as_str(), role).await,
        }
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = self.tags.changes_from(&update.live.tags);
        if update.has("tags") && !changes.set.is_empty() {
            let call = cloud.iam().tag_instance_profile().instance_profile_name(update.id.as_str());
            call.set_tags(Some(iam::tags(changes.set))).send().await.op("iam:TagInstanceProfile")?;
        }
        if update.has("tags") && !changes.remove.is_empty() {
            let call = cloud.iam().untag_instance_profile().instance_profile_name(update.id.as_str());
            call.set_tag_keys(Some(changes.remove)).send().await.op("iam:UntagInstanceProfile")?;
        }
        Ok(())
    }
}

async fn delete_profile(cloud: &Cloud, name: &str) -> Result<()> {
    let call = cloud.iam().delete_instance_profile().instance_profile_name(name);
    call.send().await.op("iam:DeleteInstanceProfile").absent()?;
    Ok(())
}

/// A call whose answer was lost may have put it there: then another one finds no room.
async fn add_role(cloud: &Cloud, profile: &str, role: &str) -> Result<()> {
    let call = cloud.iam().add_role_to_instance_profile().instance_profile_name(profile).role_name(role);
    match call.send().await.op("iam:AddRoleToInstanceProfile") {
        Err(error) if matches!(error.cause, Cause::Exists | Cause::Limit) => {
            let found = get(cloud, profile).await?;
            let is_there = found.is_some_and(|found| found.roles.iter().any(|it| it.role_name == role));
            if is_there { Ok(()) } else { Err(error) }
        }
        answer => answer.map(|_| ()),
    }
}

async fn remove_role(cloud: &Cloud, profile: &str, role: &str) -> Result<()> {
    let call = cloud.iam().remove_role_from_instance_profile().instance_profile_name(profile).role_name(role);
    call.send().await.op("iam:RemoveRoleFromInstanceProfile").absent()?;
    Ok(())
}

async fn get(cloud: &Cloud, name: &str) -> Result<Option<types::InstanceProfile>> {
    let call = cloud.iam().get_instance_profile().instance_profile_name(name);
    let answer = call.send().await.op("iam:GetInstanceProfile").absent()?;
    Ok(answer.and_then(|answer| answer.instance_profile))
}

/// Every profile below a path.
async fn list(cloud: &Cloud, path: Option<String>) -> Result<Vec<types::InstanceProfile>> {
    let call = cloud.iam().list_instance_profiles().set_path_prefix(path);
    call.into_paginator().page_size(iam::PAGE).items().send().try_collect().await.op("iam:ListInstanceProfiles")
}

async fn read_many(cloud: &Cloud, wanted: &[Wanted<InstanceProfile>]) -> Result<Vec<Option<Live<InstanceProfile>>>> {
    let profiles = list(cloud, None).await?;
    let found = profiles.into_iter().map(|profile| (Id(profile.instance_profile_name.clone()), live(profile)));
    Ok(read::in_order(wanted, found))
}

fn live(profile: types::InstanceProfile) -> Live<InstanceProfile> {
    let role = profile.roles.into_iter().next().map(|role| role.role_name);
    let spec = InstanceProfile {
        instance_profile_name: profile.instance_profile_name,
        path: profile.path,
        role_name: Some(role.unwrap_or_default().into()),
        tags: iam::live_tags(profile.tags),
    };
    let outputs = Outputs {
        arn: profile.arn,
        instance_profile_id: profile.instance_profile_id,
        create_date: timestamp(&profile.create_date),
    };
    Live::ready(spec, outputs)
}
