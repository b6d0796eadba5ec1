//! `applicationautoscaling/scalable_target`: what may be scaled, and between which bounds.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::applicationautoscaling::{self as scaling, Scaled};
use crate::service::tagging::{self, Tagged};
use crate::shape::{shape, to_sdk};
use crate::types::{Tags, carry_intent};

/// What may be scaled, such as the tasks of an ECS service, and between which bounds.
///
/// See [RegisterScalableTarget](https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalableTarget {
    /// The service whose resource it is, such as `ecs`.
    #[schemars(extend("x-replace" = true))]
    pub service_namespace: String,

    /// The resource: `service/<cluster>/<service>` for an ECS service, which is `service/` and its id.
    #[schemars(extend("x-replace" = true))]
    pub resource_id: String,

    /// What of it is scaled: `ecs:service:DesiredCount` for an ECS service.
    #[schemars(extend("x-replace" = true))]
    pub scalable_dimension: String,

    /// The fewest that scaling leaves.
    #[schemars(range(min = 0))]
    pub min_capacity: i32,

    /// The most that scaling makes.
    #[schemars(range(min = 0))]
    pub max_capacity: i32,

    /// ARN of the role by which it is scaled. Only `elasticmapreduce` and `custom-resource` have no role of AWS's own
    /// for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub role_arn: Option<String>,

    /// Which scaling is held off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_state: Option<SuspendedState>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// Which scaling is held off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendedState {
    /// Scaling in by policies; AWS's default is `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_scaling_in_suspended: Option<bool>,
    /// Scaling out by policies; AWS's default is `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_scaling_out_suspended: Option<bool>,
    /// Scaling by schedule; AWS's default is `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_scaling_suspended: Option<bool>,
}

shape!(SuspendedState: types::SuspendedState {
    dynamic_scaling_in_suspended, dynamic_scaling_out_suspended, scheduled_scaling_suspended,
});

/// What other resources may name. The id is `resource_id|scalable_dimension|service_namespace`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The target's ARN.
    pub arn: String,
}

const REGISTER: &str = "application-autoscaling:RegisterScalableTarget";
const DESCRIBE: &str = "application-autoscaling:DescribeScalableTargets";

impl Kind for ScalableTarget {
    const NAME: &'static str = "applicationautoscaling/scalable_target";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(50);
    const READING: Reading = Reading::TAGGED_BATCH;
    const EARLY: &'static [&'static str] = &["id", "arn", "resource_id", "scalable_dimension", "service_namespace"];
    /// The service, or the role, was made a moment ago.
    const EVENTUAL: &'static [&'static str] =
        &["ValidationException: ECS service doesn't exist", "ValidationException: nable to assume IAM role"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let mut faults = scaling::check(&self.service_namespace, &self.scalable_dimension);
        if self.min_capacity > self.max_capacity {
            faults.push(fault("min_capacity", "`min_capacity` is more than `max_capacity`"));
        }
        faults
    }

    /// RegisterScalableTarget changes a target that is there already, whosever it is: so it is looked
    /// for first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        if self.find_own(cloud).await?.is_some() {
            let message = format!("`{}` of `{}` can be scaled already", self.scalable_dimension, self.resource_id);
            return Err(CloudError::new(Cause::Exists, REGISTER, message));
        }
        let call = cloud
            .application_autoscaling()
            .register_scalable_target()
            .service_namespace(self.service_namespace.as_str().into())
            .resource_id(&self.resource_id)
            .scalable_dimension(self.scalable_dimension.as_str().into())
            .min_capacity(self.min_capacity)
            .max_capacity(self.max_capacity)
            .set_role_arn(self.role_arn.clone())
            .set_suspended_state(to_sdk(self.suspended_state.as_ref()).op(REGISTER)?)
            .set_tags(Some(self.tags.with_intent(intent).collect()));
        call.send().await.op(REGISTER)?;
        Ok(Id(self.scaled().id()))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read_untagged(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_bounds(cloud, update).await?;
        match update.has("tags") {
            true => self.update_tags(cloud, &update.live.tags).await,
            false => Ok(()),
        }
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let Some(scaled) = Scaled::of(id.as_str()) else { return Ok(()) };
        let call = cloud.application_autoscaling().deregister_scalable_target();
        let call = call.service_namespace(scaled.namespace.into()).resource_id(scaled.resource);
        let call = call.scalable_dimension(scaled.dimension.into());
        call.send().await.op("application-autoscaling:DeregisterScalableTarget").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let arn = self.find_own(cloud).await?.and_then(|target| target.scalable_target_arn);
        let Some(arn) = arn else { return Ok(Vec::new()) };
        let tags = raw_tags(cloud, &arn).await?.unwrap_or_default();
        let is_ours = carry_intent(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), intent);
        Ok(is_ours.then(|| Id(self.scaled().id())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let resources: Vec<String> = by.text("resource_id").into_iter().collect();
        let found = scaling::in_namespaces(by, |namespace| describe(cloud, namespace, &resources)).await?;
        Ok(found.iter().map(|target| Id(scaled(target).id())).collect())
    }
}

impl Tagged for ScalableTarget {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        Ok(raw_tags(cloud, arn).await?.map(Tags::from_live))
    }
}

impl ScalableTarget {
    fn scaled(&self) -> Scaled<'_> {
        Scaled { resource: &self.resource_id, dimension: &self.scalable_dimension, namespace: &self.service_namespace }
    }

    /// The target of this resource and dimension, whosever it is.
    async fn find_own(&self, cloud: &Cloud) -> Result<Option<types::ScalableTarget>> {
        let id = self.scaled().id();
        let found = describe(cloud, &self.service_namespace, std::slice::from_ref(&self.resource_id)).await?;
        Ok(found.into_iter().find(|target| scaled(target).id() == id))
    }

    /// What is not told stays as it is.
    async fn update_bounds(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let fields = ["min_capacity", "max_capacity", "role_arn", "suspended_state"];
        if !fields.iter().any(|field| update.has(field)) {
            return Ok(());
        }
        let suspended = self.suspended_state.as_ref().filter(|_| update.has("suspended_state"));
        let call = cloud
            .application_autoscaling()
            .register_scalable_target()
            .service_namespace(self.service_namespace.as_str().into())
            .resource_id(&self.resource_id)
            .scalable_dimension(self.scalable_dimension.as_str().into())
            .min_capacity(self.min_capacity)
            .max_capacity(self.max_capacity)
            .set_role_arn(self.role_arn.clone().filter(|_| update.has("role_arn")))
            .set_suspended_state(to_sdk(suspended).op(REGISTER)?);
        call.send().await.op(REGISTER)?;
        Ok(())
    }

    async fn update_tags(&self, cloud: &Cloud, live: &Tags) -> Result<()> {
        let target = self.find_own(cloud).await?;
        let Some(arn) = target.and_then(|target| target.scalable_target_arn) else { return Ok(()) };
        let changes = self.tags.changes_from(live);
        if !changes.set.is_empty() {
            let call = cloud.application_autoscaling().tag_resource().resource_arn(&arn);
            let call = call.set_tags(Some(changes.set.into_iter().collect()));
            call.send().await.op("application-autoscaling:TagResource")?;
        }
        if !changes.remove.is_empty() {
            let call = cloud.application_autoscaling().untag_resource().resource_arn(&arn);
            let call = call.set_tag_keys(Some(changes.remove));
            call.send().await.op("application-autoscaling:UntagResource")?;
        }
        Ok(())
    }
}

fn scaled(target: &types::ScalableTarget) -> Scaled<'_> {
    Scaled {
        resource: &target.resource_id,
        dimension: target.scalable_dimension.as_str(),
        namespace: target.service_namespace.as_str(),
    }
}

/// The targets of those resources, or all of the namespace.
async fn describe(cloud: &Cloud, namespace: &str, resources: &[String]) -> Result<Vec<types::ScalableTarget>> {
    let call = cloud.application_autoscaling().describe_scalable_targets().service_namespace(namespace.into());
    let call = call.set_resource_ids(scaling::distinct(resources));
    call.into_paginator().items().send().try_collect().await.op(DESCRIBE)
}

async fn raw_tags(cloud: &Cloud, arn: &str) -> Result<Option<BTreeMap<String, String>>> {
    let call = cloud.application_autoscaling().list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.op("application-autoscaling:ListTagsForResource").absent()?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
}

/// AWS is asked namespace by namespace.
async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<ScalableTarget>]) -> Result<Vec<Option<Live<ScalableTarget>>>> {
    let mut namespaces: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for scaled in wanted.iter().filter_map(|wanted| Scaled::of(wanted.id.as_str())) {
        namespaces.entry(scaled.namespace).or_default().push(scaled.resource.to_owned());
    }
    let namespaces: Vec<_> = namespaces.into_iter().collect();
    let found = read::each(&namespaces, |(namespace, resources)| describe(cloud, namespace, resources)).await?;
    Ok(read::in_order(wanted, found.into_iter().flatten().map(live)))
}

fn live(target: types::ScalableTarget) -> (Id, Live<ScalableTarget>) {
    let id = Id(scaled(&target).id());
    let suspended = target.suspended_state.unwrap_or_else(|| types::SuspendedState::builder().build());
    let spec = ScalableTarget {
        service_namespace: target.service_namespace.as_str().to_owned(),
        resource_id: target.resource_id,
        scalable_dimension: target.scalable_dimension.as_str().to_owned(),
        min_capacity: target.min_capacity,
        max_capacity: target.max_capacity,
        role_arn: None,
        suspended_state: Some(SuspendedState {
            dynamic_scaling_in_suspended: Some(suspended.dynamic_scaling_in_suspended.unwrap_or(false)),
            dynamic_scaling_out_suspended: Some(suspended.dynamic_scaling_out_suspended.unwrap_or(false)),
            scheduled_scaling_suspended: Some(suspended.scheduled_scaling_suspended.unwrap_or(false)),
        }),
        tags: Tags::default(),
    };
    (id, Live::ready(spec, Outputs { arn: target.scalable_target_arn.unwrap_or_default() }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn bounds_and_dimension_must_fit() -> std::result::Result<(), serde_json::Error> {
        let spec = |namespace: &str, min: i32| -> Json {
            json!({
                "service_namespace": namespace, "resource_id": "service/main/api",
                "scalable_dimension": "ecs:service:DesiredCount", "min_capacity": min, "max_capacity": 2,
            })
        };
        for (spec, expected) in
            [(spec("ecs", 2), ""), (spec("ecs", 3), "min_capacity"), (spec("rds", 1), "scalable_dimension")]
        {
            let target: ScalableTarget = serde_json::from_value(spec.clone())?;
            let faults: Vec<String> = target.check().into_iter().flat_map(|fault| fault.path).collect();
            assert_eq!(faults.concat(), expected, "{spec}");
        }
        Ok(())
    }
}
