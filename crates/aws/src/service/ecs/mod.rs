//! ECS: what the kinds share, and the parts of task definitions and services.

pub(crate) mod connect;
pub(crate) mod containers;
pub(crate) mod deployment;
pub(crate) mod linux;
pub(crate) mod network;
pub(crate) mod rollout;
pub(crate) mod volumes;

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{self, Tag};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::Intent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::Result;
use crate::shape::{Shape, shape, texts};
use crate::types::{Tags, carry_intent};

texts!(types::ClusterSettingName, types::ExecuteCommandLogging, types::PropagateTags);

/// A capacity provider's share in the tasks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityProviderStrategyItem {
    /// Short name of the provider, such as `FARGATE` or `FARGATE_SPOT`.
    pub capacity_provider: String,
    /// Its share in the tasks beyond the base, in proportion to the others' weights; AWS's default is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    pub weight: Option<i32>,
    /// How many tasks it runs at least; only one provider may have a base. AWS's default is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub base: Option<i32>,
}

shape!(CapacityProviderStrategyItem: types::CapacityProviderStrategyItem {
    capacity_provider = set_capacity_provider, weight (theirs), base (theirs),
});

impl Shape<Vec<Tag>> for Tags {
    fn to_sdk(&self) -> Result<Vec<Tag>, BuildError> {
        Ok(tags(self.0.clone()))
    }

    fn from_sdk(sdk: Vec<Tag>) -> Self {
        Self::from_live(pairs(sdk))
    }
}

impl Shape<Vec<types::KeyValuePair>> for BTreeMap<String, String> {
    fn to_sdk(&self) -> Result<Vec<types::KeyValuePair>, BuildError> {
        Ok(self.iter().map(|(name, value)| types::KeyValuePair::builder().name(name).value(value).build()).collect())
    }

    fn from_sdk(sdk: Vec<types::KeyValuePair>) -> Self {
        sdk.into_iter().filter_map(|pair| Some((pair.name?, pair.value.unwrap_or_default()))).collect()
    }
}

impl Shape<Vec<types::Secret>> for BTreeMap<String, String> {
    fn to_sdk(&self) -> Result<Vec<types::Secret>, BuildError> {
        self.iter().map(|(name, from)| types::Secret::builder().name(name).value_from(from).build()).collect()
    }

    fn from_sdk(sdk: Vec<types::Secret>) -> Self {
        sdk.into_iter().map(|secret| (secret.name, secret.value_from)).collect()
    }
}

/// Tags as the API takes them.
pub(crate) fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags the API reports.
pub(crate) fn live_tags(tags: Option<Vec<Tag>>) -> Tags {
    Tags::from_live(pairs(tags.unwrap_or_default()))
}

/// Whether the create call of `intent` set these tags.
pub(crate) fn is_made_by(intent: &Intent, tags: &[Tag]) -> bool {
    carry_intent(tags.iter().filter_map(|tag| Some((tag.key()?, tag.value()?))), intent)
}

fn pairs(tags: Vec<Tag>) -> impl Iterator<Item = (String, String)> {
    tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
}

/// Moves the tags of the resource `arn` from `live` to `wanted`.
///
/// # Errors
/// When a call fails.
pub(crate) async fn update_tags(cloud: &Cloud, arn: &str, live: &Tags, wanted: &Tags) -> Result<()> {
    let changes = wanted.changes_from(live);
    if !changes.set.is_empty() {
        let call = cloud.ecs().tag_resource().resource_arn(arn).set_tags(Some(tags(changes.set)));
        call.send().await.op("ecs:TagResource")?;
    }
    if !changes.remove.is_empty() {
        let call = cloud.ecs().untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove));
        call.send().await.op("ecs:UntagResource")?;
    }
    Ok(())
}

/// The short name in what may be an ARN.
pub(crate) fn short(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

/// The services of a cluster by name or ARN, with their tags; those that are not there are left out.
///
/// # Errors
/// When the call fails.
pub(crate) async fn services(cloud: &Cloud, cluster: &str, names: &[String]) -> Result<Vec<types::Service>> {
    let call = cloud.ecs().describe_services().cluster(cluster).set_services(Some(names.to_vec()));
    let call = call.include(types::ServiceField::Tags);
    let answer = call.send().await.op("ecs:DescribeServices").absent()?;
    Ok(answer.and_then(|answer| answer.services).unwrap_or_default())
}
