//! Policies that keep a metric at a value, and those that go up and down in steps.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_applicationautoscaling::types;
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::{Shape, shape, texts};

texts!(types::MetricStatistic, types::MetricType);

/// How a metric is kept at a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetTrackingScalingPolicyConfiguration {
    /// The value, such as 70 for 70 %.
    pub target_value: f64,
    /// A metric that AWS knows for this sort of resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predefined_metric_specification: Option<PredefinedMetricSpecification>,
    /// A metric of CloudWatch, or one computed from several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customized_metric_specification: Option<CustomizedMetricSpecification>,
    /// Seconds from one scaling out to the next; AWS's default is 300 for most resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub scale_out_cooldown: Option<i32>,
    /// Seconds from one scaling in to the next; AWS's default is 300 for most resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub scale_in_cooldown: Option<i32>,
    /// Whether it only scales out; AWS's default is `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_scale_in: Option<bool>,
}

shape!(TargetTrackingScalingPolicyConfiguration: types::TargetTrackingScalingPolicyConfiguration {
    target_value = set_target_value, predefined_metric_specification, customized_metric_specification,
    scale_out_cooldown, scale_in_cooldown, disable_scale_in,
});

/// A metric that AWS knows for this sort of resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredefinedMetricSpecification {
    /// Which one, such as `ECSServiceAverageCPUUtilization`, `ECSServiceAverageMemoryUtilization` or
    /// `ALBRequestCountPerTarget`.
    pub predefined_metric_type: String,
    /// With `ALBRequestCountPerTarget` the ends of the ARNs of load balancer and target group, as
    /// `app/<name>/<id>/targetgroup/<name>/<id>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_label: Option<String>,
}

shape!(PredefinedMetricSpecification: types::PredefinedMetricSpecification {
    predefined_metric_type = set_predefined_metric_type, resource_label,
});

/// A metric of CloudWatch, or `metrics` that one is computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomizedMetricSpecification {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its dimensions by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<BTreeMap<String, String>>,
    /// Its statistic.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["Average", "Minimum", "Maximum", "SampleCount", "Sum"]))]
    pub statistic: Option<String>,
    /// Its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Metrics and expressions over them, exactly one of which has `return_data: true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeSet<MetricDataQuery>>,
}

shape!(CustomizedMetricSpecification: types::CustomizedMetricSpecification {
    metric_name, namespace, dimensions, statistic, unit, metrics,
});

/// A metric, or an expression over others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricDataQuery {
    /// Name by which expressions know it: a small letter, then letters, digits and `_`.
    pub id: String,
    /// The expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// The metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<MetricStat>,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it is the result; AWS's default is `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_data: Option<bool>,
}

shape!(MetricDataQuery: types::TargetTrackingMetricDataQuery {
    id = set_id, expression, metric_stat, label, return_data,
});
shape!(MetricDataQuery: types::PredictiveScalingMetricDataQuery {
    id = set_id, expression, metric_stat, label, return_data,
});

/// A statistic of a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricStat {
    /// The metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// The statistic, such as `Average` or `p90`.
    pub stat: String,
    /// The unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

shape!(MetricStat: types::TargetTrackingMetricStat { metric, stat = set_stat, unit });
shape!(MetricStat: types::PredictiveScalingMetricStat { metric, stat = set_stat, unit });

/// A metric of CloudWatch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Its dimensions by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<BTreeMap<String, String>>,
}

shape!(Metric: types::TargetTrackingMetric { namespace, metric_name, dimensions });
shape!(Metric: types::PredictiveScalingMetric { namespace, metric_name, dimensions });

macro_rules! dimensions {
    ($($sdk:ident),*) => {
        $(impl Shape<Vec<types::$sdk>> for BTreeMap<String, String> {
            fn to_sdk(&self) -> Result<Vec<types::$sdk>, BuildError> {
                self.iter().map(|(name, value)| types::$sdk::builder().name(name).value(value).build()).collect()
            }

            fn from_sdk(sdk: Vec<types::$sdk>) -> Self {
                sdk.into_iter().map(|dimension| (dimension.name, dimension.value)).collect()
            }
        })*
    };
}

dimensions!(MetricDimension, TargetTrackingMetricDimension, PredictiveScalingMetricDimension);

/// How an alarm makes it go up and down in steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepScalingPolicyConfiguration {
    /// What a step's number is: so many more, so many percent more, or exactly so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]))]
    pub adjustment_type: Option<String>,
    /// The steps, up to 20, without gaps between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_adjustments: Option<Vec<StepAdjustment>>,
    /// How many at least, with `PercentChangeInCapacity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_adjustment_magnitude: Option<i32>,
    /// Seconds from one step to the next; AWS's default is 300 for most resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub cooldown: Option<i32>,
    /// What of the metric's values in a period counts; AWS's default is `Average`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["Average", "Minimum", "Maximum"]))]
    pub metric_aggregation_type: Option<String>,
}

shape!(StepScalingPolicyConfiguration: types::StepScalingPolicyConfiguration {
    adjustment_type, step_adjustments, min_adjustment_magnitude, cooldown, metric_aggregation_type,
});

/// A step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepAdjustment {
    /// From how far beyond the alarm's threshold, included above it; left out, from as far as there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_interval_lower_bound: Option<f64>,
    /// Up to how far beyond it, included below it; left out, as far as there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_interval_upper_bound: Option<f64>,
    /// How many; negative for fewer.
    pub scaling_adjustment: i32,
}

shape!(StepAdjustment: types::StepAdjustment {
    metric_interval_lower_bound, metric_interval_upper_bound, scaling_adjustment = set_scaling_adjustment,
});
