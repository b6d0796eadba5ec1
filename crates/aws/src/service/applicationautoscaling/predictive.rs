//! Policies that scale by a forecast.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tracking::MetricDataQuery;
use crate::shape::{shape, texts};

texts!(types::PredictiveScalingMaxCapacityBreachBehavior, types::PredictiveScalingMode);

/// How it is scaled by a forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictiveScalingPolicyConfiguration {
    /// The metrics that are forecast, and the value to keep: one.
    pub metric_specifications: Vec<PredictiveScalingMetricSpecification>,
    /// Whether the forecast is only made, AWS's default, or followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ForecastOnly", "ForecastAndScale"]))]
    pub mode: Option<String>,
    /// How many seconds ahead of the forecast; AWS's default is 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub scheduling_buffer_time: Option<i32>,
    /// Whether the target's `max_capacity` holds, AWS's default, or the forecast may go beyond it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["HonorMaxCapacity", "IncreaseMaxCapacity"]))]
    pub max_capacity_breach_behavior: Option<String>,
    /// How many percent beyond the forecast, with `IncreaseMaxCapacity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_capacity_buffer: Option<i32>,
}

shape!(PredictiveScalingPolicyConfiguration: types::PredictiveScalingPolicyConfiguration {
    metric_specifications = set_metric_specifications, mode, scheduling_buffer_time, max_capacity_breach_behavior,
    max_capacity_buffer,
});

/// The metrics that are forecast: a pair that AWS knows, or one each for load and for scaling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictiveScalingMetricSpecification {
    /// The value to keep, such as 70 for 70 %.
    pub target_value: f64,
    /// A pair that AWS knows, such as `ECSServiceCPUUtilization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predefined_metric_pair_specification: Option<PredefinedMetric>,
    /// What is to be kept, such as `ECSServiceAverageCPUUtilization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predefined_scaling_metric_specification: Option<PredefinedMetric>,
    /// What is forecast, such as `ECSServiceTotalCPUUtilization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predefined_load_metric_specification: Option<PredefinedMetric>,
    /// What is to be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customized_scaling_metric_specification: Option<CustomizedMetric>,
    /// What is forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customized_load_metric_specification: Option<CustomizedMetric>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customized_capacity_metric_specification: Option<CustomizedMetric>,
}

shape!(PredictiveScalingMetricSpecification: types::PredictiveScalingMetricSpecification {
    target_value = set_target_value, predefined_metric_pair_specification, predefined_scaling_metric_specification,
    predefined_load_metric_specification, customized_scaling_metric_specification,
    customized_load_metric_specification, customized_capacity_metric_specification,
});

/// A metric that AWS knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredefinedMetric {
    /// Which one.
    pub predefined_metric_type: String,
    /// With metrics of load balancers the ends of their ARNs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_label: Option<String>,
}

shape!(PredefinedMetric: types::PredictiveScalingPredefinedMetricPairSpecification {
    predefined_metric_type = set_predefined_metric_type, resource_label,
});
shape!(PredefinedMetric: types::PredictiveScalingPredefinedScalingMetricSpecification {
    predefined_metric_type = set_predefined_metric_type, resource_label,
});
shape!(PredefinedMetric: types::PredictiveScalingPredefinedLoadMetricSpecification {
    predefined_metric_type = set_predefined_metric_type, resource_label,
});

/// A metric of your own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomizedMetric {
    /// Metrics and expressions over them, exactly one of which has `return_data: true`.
    pub metric_data_queries: BTreeSet<MetricDataQuery>,
}

shape!(CustomizedMetric: types::PredictiveScalingCustomizedMetricSpecification {
    metric_data_queries = set_metric_data_queries,
});
