//! `applicationautoscaling/scaling_policy`: when something is scaled, and how far.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::applicationautoscaling::predictive::PredictiveScalingPolicyConfiguration;
use crate::service::applicationautoscaling::tracking::{
    StepScalingPolicyConfiguration, TargetTrackingScalingPolicyConfiguration,
};
use crate::service::applicationautoscaling::{self as scaling, Scaled};
use crate::shape::{Shape, to_sdk};

/// When a scalable target is scaled, and how far.
///
/// See [PutScalingPolicy](https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingPolicy {
    /// Name, unique among the policies of the target: up to 256 characters.
    #[schemars(extend("x-replace" = true))]
    pub policy_name: String,

    /// The service whose resource is scaled, such as `ecs`. With `resource_id` and `scalable_dimension` it names the
    /// scalable target, which must be there: name them by that, such as `${target.resource_id}`.
    #[schemars(extend("x-replace" = true))]
    pub service_namespace: String,

    /// The resource, such as `service/<cluster>/<service>`.
    #[schemars(extend("x-replace" = true))]
    pub resource_id: String,

    /// What of it is scaled, such as `ecs:service:DesiredCount`.
    #[schemars(extend("x-replace" = true))]
    pub scalable_dimension: String,

    /// Whether a metric is kept at a value, an alarm leads to steps, or a forecast is followed.
    #[schemars(extend("enum" = ["TargetTrackingScaling", "StepScaling", "PredictiveScaling"]))]
    pub policy_type: String,

    /// The metric and its value, with `TargetTrackingScaling`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_tracking_scaling_policy_configuration: Option<TargetTrackingScalingPolicyConfiguration>,

    /// The steps, with `StepScaling`. The alarm names the policy's ARN among its actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_scaling_policy_configuration: Option<StepScalingPolicyConfiguration>,

    /// The forecast, with `PredictiveScaling`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictive_scaling_policy_configuration: Option<PredictiveScalingPolicyConfiguration>,
}

/// What other resources may name. The id is `policy_name|resource_id|scalable_dimension|service_namespace`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The policy's ARN, an action for alarms.
    pub arn: String,
    /// The alarms that AWS made for it.
    #[schemars(extend("x-volatile" = true))]
    pub alarms: Vec<Alarm>,
}

/// An alarm that AWS made for a policy.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Alarm {
    /// Its name.
    pub alarm_name: String,
    /// Its ARN.
    pub alarm_arn: String,
}

const PUT: &str = "application-autoscaling:PutScalingPolicy";
const DESCRIBE: &str = "application-autoscaling:DescribeScalingPolicies";

/// A policy has no tags: an interrupted create is told by its name and what it says.
impl Kind for ScalingPolicy {
    const NAME: &'static str = "applicationautoscaling/scaling_policy";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(PAGE);
    const EARLY: &'static [&'static str] =
        &["id", "arn", "policy_name", "resource_id", "scalable_dimension", "service_namespace"];
    /// The target was registered a moment ago.
    const EVENTUAL: &'static [&'static str] = &["ObjectNotFoundException"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let mut faults = scaling::check(&self.service_namespace, &self.scalable_dimension);
        let configurations = [
            (
                "target_tracking_scaling_policy_configuration",
                "TargetTrackingScaling",
                self.target_tracking_scaling_policy_configuration.is_some(),
            ),
            ("step_scaling_policy_configuration", "StepScaling", self.step_scaling_policy_configuration.is_some()),
            (
                "predictive_scaling_policy_configuration",
                "PredictiveScaling",
                self.predictive_scaling_policy_configuration.is_some(),
            ),
        ];
        let unfit = configurations.iter().filter(|(_, ty, is_stated)| (self.policy_type == *ty) != *is_stated);
        let message = |ty| format!("this goes with `policy_type: {ty}`, and only with it");
        faults.extend(unfit.map(|(field, ty, _)| fault(field, message(ty))));
        faults
    }

    /// PutScalingPolicy changes a policy that is there already, whosever it is: so it is looked for
    /// first.
    async fn create(&self, cloud: &Cloud, _: &Intent) -> Result<Id> {
        if self.find_own(cloud).await?.is_some() {
            let message = format!("`{}` has a policy `{}` already", self.resource_id, self.policy_name);
            return Err(CloudError::new(Cause::Exists, PUT, message));
        }
        self.put(cloud).await?;
        Ok(Id(self.id()))
    }

    /// AWS is asked namespace by namespace.
    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let mut namespaces: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, scaled) in wanted.iter().filter_map(|wanted| parts(&wanted.id)) {
            namespaces.entry(scaled.namespace).or_default().push(name.to_owned());
        }
        let namespaces: Vec<_> = namespaces.into_iter().collect();
        let found = read::each(&namespaces, |(namespace, names)| describe(cloud, namespace, names)).await?;
        Ok(read::in_order(wanted, found.into_iter().flatten().map(|policy| (Id(id(&policy)), live(policy)))))
    }

    /// One call sets all of it.
    async fn update(&self, cloud: &Cloud, _: &Update<Self>) -> Result<()> {
        self.put(cloud).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let Some((name, scaled)) = parts(id) else { return Ok(()) };
        let call = cloud.application_autoscaling().delete_scaling_policy().policy_name(name);
        let call = call.service_namespace(scaled.namespace.into()).resource_id(scaled.resource);
        let call = call.scalable_dimension(scaled.dimension.into());
        call.send().await.op("application-autoscaling:DeleteScalingPolicy").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, _: &Intent) -> Result<Vec<Id>> {
        let found = self.find_own(cloud).await?.map(|policy| live(policy).spec);
        Ok(found.filter(|found| says(found, self)).map(|_| Id(self.id())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let names: Vec<String> = by.text("policy_name").into_iter().collect();
        let found = scaling::in_namespaces(by, |namespace| describe(cloud, namespace, &names)).await?;
        Ok(found.iter().map(|policy| Id(id(policy))).collect())
    }
}

impl ScalingPolicy {
    fn id(&self) -> String {
        let scaled = Scaled {
            resource: &self.resource_id,
            dimension: &self.scalable_dimension,
            namespace: &self.service_namespace,
        };
        named(&self.policy_name, &scaled)
    }

    /// The policy of this name and target, whosever it is.
    async fn find_own(&self, cloud: &Cloud) -> Result<Option<types::ScalingPolicy>> {
        let found = describe(cloud, &self.service_namespace, std::slice::from_ref(&self.policy_name)).await?;
        Ok(found.into_iter().find(|policy| id(policy) == self.id()))
    }

    async fn put(&self, cloud: &Cloud) -> Result<()> {
        let tracking = to_sdk(self.target_tracking_scaling_policy_configuration.as_ref()).op(PUT)?;
        let call = cloud
            .application_autoscaling()
            .put_scaling_policy()
            .policy_name(&self.policy_name)
            .service_namespace(self.service_namespace.as_str().into())
            .resource_id(&self.resource_id)
            .scalable_dimension(self.scalable_dimension.as_str().into())
            .policy_type(self.policy_type.as_str().into())
            .set_target_tracking_scaling_policy_configuration(tracking)
            .set_step_scaling_policy_configuration(to_sdk(self.step_scaling_policy_configuration.as_ref()).op(PUT)?)
            .set_predictive_scaling_policy_configuration(
                to_sdk(self.predictive_scaling_policy_configuration.as_ref()).op(PUT)?,
            );
        call.send().await.op(PUT)?;
        Ok(())
    }
}

/// The id of a policy.
fn named(policy: &str, scaled: &Scaled<'_>) -> String {
    format!("{policy}|{}", scaled.id())
}

/// The policy's name and its target.
fn parts(id: &Id) -> Option<(&str, Scaled<'_>)> {
    let scaled = Scaled::of(id.as_str())?;
    let (name, resource) = scaled.resource.rsplit_once('|')?;
    Some((name, Scaled { resource, ..scaled }))
}

fn id(policy: &types::ScalingPolicy) -> String {
    let scaled = Scaled {
        resource: &policy.resource_id,
        dimension: policy.scalable_dimension.as_str(),
        namespace: policy.service_namespace.as_str(),
    };
    named(&policy.policy_name, &scaled)
}

/// Whether `live` says all that `stated` does.
fn says(live: &ScalingPolicy, stated: &ScalingPolicy) -> bool {
    match (serde_json::to_value(live), serde_json::to_value(stated)) {
        (Ok(live), Ok(stated)) => holds(&live, &stated),
        _ => false,
    }
}

fn holds(live: &Json, stated: &Json) -> bool {
    match (live, stated) {
        (Json::Object(live), Json::Object(stated)) => {
            stated.iter().all(|(key, stated)| live.get(key).is_some_and(|live| holds(live, stated)))
        }
        (Json::Array(live), Json::Array(stated)) => {
            live.len() == stated.len() && live.iter().zip(stated).all(|(live, stated)| holds(live, stated))
        }
        _ => live == stated,
    }
}

/// How many policies one call tells of.
const PAGE: u32 = 10;

/// The policies of those names, or all of the namespace.
async fn describe(cloud: &Cloud, namespace: &str, names: &[String]) -> Result<Vec<types::ScalingPolicy>> {
    let call = cloud.application_autoscaling().describe_scaling_policies().service_namespace(namespace.into());
    let call = call.set_policy_names(scaling::distinct(names));
    call.into_paginator().items().send().try_collect().await.op(DESCRIBE)
}

fn live(policy: types::ScalingPolicy) -> Live<ScalingPolicy> {
    let tracking = policy.target_tracking_scaling_policy_configuration;
    let spec = ScalingPolicy {
        policy_name: policy.policy_name,
        service_namespace: policy.service_namespace.as_str().to_owned(),
        resource_id: policy.resource_id,
        scalable_dimension: policy.scalable_dimension.as_str().to_owned(),
        policy_type: policy.policy_type.as_str().to_owned(),
        target_tracking_scaling_policy_configuration: tracking.map(Shape::from_sdk),
        step_scaling_policy_configuration: policy.step_scaling_policy_configuration.map(Shape::from_sdk),
        predictive_scaling_policy_configuration: policy.predictive_scaling_policy_configuration.map(Shape::from_sdk),
    };
    let alarms = policy.alarms.unwrap_or_default().into_iter();
    let alarms = alarms.map(|alarm| Alarm { alarm_name: alarm.alarm_name, alarm_arn: alarm.alarm_arn }).collect();
    Live::ready(spec, Outputs { arn: policy.policy_arn, alarms })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(parts: &Json) -> std::result::Result<ScalingPolicy, serde_json::Error> {
        let mut whole = json!({
            "policy_name": "cpu", "service_namespace": "ecs", "resource_id": "service/main/api",
            "scalable_dimension": "ecs:service:DesiredCount",
        });
        for (name, value) in parts.as_object().into_iter().flatten() {
            whole[name] = value.clone();
        }
        serde_json::from_value(whole)
    }

    #[test]
    fn each_type_has_its_configuration() -> std::result::Result<(), serde_json::Error> {
        let tracking = "target_tracking_scaling_policy_configuration";
        let step = "step_scaling_policy_configuration";
        for (parts, expected) in [
            (json!({ "policy_type": "TargetTrackingScaling", tracking: { "target_value": 70 } }), vec![]),
            (json!({ "policy_type": "StepScaling" }), vec![step]),
            (json!({ "policy_type": "StepScaling", step: {}, tracking: { "target_value": 70 } }), vec![tracking]),
        ] {
            let faults: Vec<String> = policy(&parts)?.check().into_iter().flat_map(|fault| fault.path).collect();
            assert_eq!(faults, expected, "{parts}");
        }
        Ok(())
    }

    #[test]
    fn an_interrupted_create_is_told_by_what_it_says() -> std::result::Result<(), serde_json::Error> {
        let tracking = "target_tracking_scaling_policy_configuration";
        let stated = policy(&json!({ "policy_type": "TargetTrackingScaling", tracking: { "target_value": 70 } }))?;
        let more = json!({ "target_value": 70, "disable_scale_in": false });
        let live = policy(&json!({ "policy_type": "TargetTrackingScaling", tracking: more }))?;
        assert!(says(&live, &stated));
        assert!(!says(&stated, &live));
        Ok(())
    }

    #[test]
    fn an_id_names_policy_and_target() {
        let id = Id("a|b|service/main/api|ecs:service:DesiredCount|ecs".to_owned());
        let found = parts(&id).map(|(name, scaled)| (name, named(name, &scaled)));
        assert_eq!(found, Some(("a|b", id.0.clone())));
    }
}
