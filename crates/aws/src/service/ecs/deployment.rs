//! How a service goes from one task definition to the next.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_ecs::types;
use aws_smithy_types::error::operation::BuildError;
use aws_smithy_types::{Document as SdkDocument, Number};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::shape::{Shape, shape, texts};
use crate::types::Document;

texts!(
    types::DeploymentControllerType,
    types::DeploymentLifecycleHookAction,
    types::DeploymentLifecycleHookStage,
    types::DeploymentLifecycleHookTargetType,
    types::DeploymentStrategy,
    types::ServiceRevisionCleanup,
    types::ThresholdType,
);

/// How a service goes from one task definition to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentConfiguration {
    /// Whether AWS gives up on a rollout whose tasks keep failing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_circuit_breaker: Option<DeploymentCircuitBreaker>,
    /// How many tasks may run at most while it rolls, in percent of the desired count; AWS's default is 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_percent: Option<i32>,
    /// How many tasks run at least while it rolls, in percent of the desired count; AWS's default is 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_healthy_percent: Option<i32>,
    /// Alarms that make a rollout fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<DeploymentAlarms>,
    /// How it goes: AWS's default is `ROLLING`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"]))]
    pub strategy: Option<String>,
    /// Minutes that old and new tasks run side by side once the traffic has moved; not with `ROLLING`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1440))]
    pub bake_time_in_minutes: Option<i32>,
    /// What is called at the stages of a deployment; not with `ROLLING`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_hooks: Option<Vec<DeploymentLifecycleHook>>,
    /// The steps of a `LINEAR` deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear_configuration: Option<LinearConfiguration>,
    /// The first step of a `CANARY` deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_configuration: Option<CanaryConfiguration>,
    /// When a deployment counts as done before all of its tasks run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_success_criteria: Option<DeploymentEarlySuccessCriteria>,
}

shape!(DeploymentConfiguration: types::DeploymentConfiguration {
    deployment_circuit_breaker, maximum_percent, minimum_healthy_percent, alarms, strategy, bake_time_in_minutes,
    lifecycle_hooks, linear_configuration, canary_configuration, early_success_criteria,
});

/// Whether AWS gives up on a rollout whose tasks keep failing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentCircuitBreaker {
    /// Whether it does.
    pub enable: bool,
    /// Whether it goes back to the last task definition that came up.
    pub rollback: bool,
    /// Whether a task that is well sets the count of failures back to 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_on_healthy_task: Option<bool>,
    /// After how many failures; AWS's default is half of the desired count, from 3 to 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_configuration: Option<ThresholdConfiguration>,
}

shape!(DeploymentCircuitBreaker: types::DeploymentCircuitBreaker {
    enable = set_enable, rollback = set_rollback, reset_on_healthy_task, threshold_configuration,
});

/// After how many failed tasks AWS gives up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdConfiguration {
    /// Whether `value` is a number of tasks, or percent of the desired count with or without bounds.
    #[schemars(extend("enum" = ["COUNT", "BOUNDED_PERCENT", "UNBOUNDED_PERCENT"]))]
    pub r#type: String,
    /// How many.
    pub value: i32,
}

shape!(ThresholdConfiguration: types::ThresholdConfiguration { r#type = set_type, value = set_value });

/// Alarms that make a rollout fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentAlarms {
    /// Names of CloudWatch alarms.
    pub alarm_names: BTreeSet<String>,
    /// Whether it goes back to the last task definition that came up.
    pub rollback: bool,
    /// Whether the alarms are looked at.
    pub enable: bool,
}

shape!(DeploymentAlarms: types::DeploymentAlarms {
    alarm_names = set_alarm_names, rollback = set_rollback, enable = set_enable,
});

/// What is called, or waited for, at stages of a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentLifecycleHook {
    /// Whether a function is called, as AWS does by default, or somebody has to say go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["AWS_LAMBDA", "PAUSE"]))]
    pub target_type: Option<String>,
    /// ARN of the Lambda function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook_target_arn: Option<String>,
    /// ARN of the role that lets ECS call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// Stages, such as `POST_TEST_TRAFFIC_SHIFT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_stages: Option<BTreeSet<String>>,
    /// What the function is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook_details: Option<Document>,
    /// How long it may take, and what then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_configuration: Option<DeploymentLifecycleHookTimeoutConfiguration>,
}

shape!(DeploymentLifecycleHook: types::DeploymentLifecycleHook {
    target_type, hook_target_arn, role_arn, lifecycle_stages, hook_details, timeout_configuration,
});

/// How long a hook may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentLifecycleHookTimeoutConfiguration {
    /// Minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20_160))]
    pub timeout_in_minutes: Option<i32>,
    /// What comes then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ROLLBACK", "CONTINUE"]))]
    pub action: Option<String>,
}

shape!(DeploymentLifecycleHookTimeoutConfiguration: types::DeploymentLifecycleHookTimeoutConfiguration {
    timeout_in_minutes, action,
});

/// The steps of a linear deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinearConfiguration {
    /// Percent of the traffic that each step moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_percent: Option<f64>,
    /// Minutes from one step to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_bake_time_in_minutes: Option<i32>,
}

shape!(LinearConfiguration: types::LinearConfiguration { step_percent, step_bake_time_in_minutes });

/// The first step of a canary deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanaryConfiguration {
    /// Percent of the traffic that it moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_percent: Option<f64>,
    /// Minutes until the rest follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_bake_time_in_minutes: Option<i32>,
}

shape!(CanaryConfiguration: types::CanaryConfiguration { canary_percent, canary_bake_time_in_minutes });

/// When a deployment counts as done before all of its tasks run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentEarlySuccessCriteria {
    /// Whether it ever does.
    pub enable: bool,
    /// From how many tasks that are well, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub healthy_percent: Option<i32>,
    /// Whether the old tasks must be gone, or go afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["BLOCKING", "DEFERRED"]))]
    pub source_service_revision_cleanup: Option<String>,
}

shape!(DeploymentEarlySuccessCriteria: types::DeploymentEarlySuccessCriteria {
    enable = set_enable, healthy_percent, source_service_revision_cleanup,
});

/// Who carries out deployments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentController {
    /// ECS, AWS's default; CodeDeploy; or another by means of task sets.
    #[schemars(extend("enum" = ["ECS", "CODE_DEPLOY", "EXTERNAL"]))]
    pub r#type: String,
}

shape!(DeploymentController: types::DeploymentController { r#type = set_type });

impl Shape<SdkDocument> for Document {
    fn to_sdk(&self) -> Result<SdkDocument, BuildError> {
        serde_json::from_str(&self.to_text()).map(to_document).map_err(BuildError::other)
    }

    fn from_sdk(sdk: SdkDocument) -> Self {
        Self::from_live(&from_document(sdk).to_string())
    }
}

fn to_document(json: Json) -> SdkDocument {
    match json {
        Json::Null => SdkDocument::Null,
        Json::Bool(value) => SdkDocument::Bool(value),
        Json::Number(number) => SdkDocument::Number(to_number(&number)),
        Json::String(text) => SdkDocument::String(text),
        Json::Array(items) => SdkDocument::Array(items.into_iter().map(to_document).collect()),
        Json::Object(entries) => {
            let entries: HashMap<_, _> = entries.into_iter().map(|(key, value)| (key, to_document(value))).collect();
            SdkDocument::Object(entries)
        }
    }
}

fn to_number(number: &serde_json::Number) -> Number {
    match (number.as_u64(), number.as_i64()) {
        (Some(number), _) => Number::PosInt(number),
        (_, Some(number)) => Number::NegInt(number),
        _ => Number::Float(number.as_f64().unwrap_or_default()),
    }
}

fn from_document(document: SdkDocument) -> Json {
    match document {
        SdkDocument::Null => Json::Null,
        SdkDocument::Bool(value) => value.into(),
        SdkDocument::Number(Number::PosInt(number)) => number.into(),
        SdkDocument::Number(Number::NegInt(number)) => number.into(),
        SdkDocument::Number(Number::Float(number)) => number.into(),
        SdkDocument::String(text) => text.into(),
        SdkDocument::Array(items) => items.into_iter().map(from_document).collect(),
        SdkDocument::Object(entries) => entries.into_iter().map(|(key, value)| (key, from_document(value))).collect(),
    }
}
