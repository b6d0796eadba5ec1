//! The metrics an alarm looks at, and what it works out of them.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{self, StandardUnit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the values that tell a metric from others of the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// What it is of, such as `ClusterName`.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A metric, or an expression over others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricDataQuery {
    /// What expressions call it: a small letter, then letters, digits and `_`.
    pub id: String,
    /// The metric, unless there is an expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<MetricStat>,
    /// What is worked out, such as `errors / requests * 100`: metric math over the other ids, or a
    /// Metrics Insights query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// What people are told that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether the alarm watches it: just one says so. AWS's default is true, so the others state `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_data: Option<bool>,
    /// Seconds between two results of an expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub period: Option<i32>,
    /// The account the metric lies in, if it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// A metric and how its values are put together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricStat {
    /// The metric.
    pub metric: Metric,
    /// Seconds whose values are put together: 60 or a multiple of it, for metrics of high resolution
    /// 1, 5, 10, 20 and 30 as well.
    #[schemars(range(min = 1))]
    pub period: i32,
    /// How, such as `Average`, `Sum` or `p99`.
    pub stat: String,
    /// Only values of this unit, such as `Seconds` or `Count/Second`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// The name of a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Whose metric it is, such as `AWS/ECS`.
    pub namespace: String,
    /// Its name there, such as `CPUUtilization`.
    pub metric_name: String,
    /// What tells it from others of the same name.
    #[serde(default)]
    pub dimensions: BTreeSet<Dimension>,
}

/// As the API takes them.
pub(crate) fn dimensions(dimensions: &BTreeSet<Dimension>) -> Option<Vec<types::Dimension>> {
    let sdk = |it: &Dimension| types::Dimension::builder().name(&it.name).value(&it.value).build();
    Some(dimensions.iter().map(sdk).collect::<Vec<_>>()).filter(|dimensions| !dimensions.is_empty())
}

/// As the API reports them.
pub(crate) fn live_dimensions(dimensions: Option<Vec<types::Dimension>>) -> BTreeSet<Dimension> {
    let dimension = |it: types::Dimension| Some(Dimension { name: it.name?, value: it.value? });
    dimensions.into_iter().flatten().filter_map(dimension).collect()
}

impl From<&MetricDataQuery> for types::MetricDataQuery {
    fn from(query: &MetricDataQuery) -> Self {
        Self::builder()
            .id(&query.id)
            .set_metric_stat(query.metric_stat.as_ref().map(Into::into))
            .set_expression(query.expression.clone())
            .set_label(query.label.clone())
            .set_return_data(query.return_data)
            .set_period(query.period)
            .set_account_id(query.account_id.clone())
            .build()
    }
}

impl From<types::MetricDataQuery> for MetricDataQuery {
    fn from(live: types::MetricDataQuery) -> Self {
        Self {
            id: live.id.unwrap_or_default(),
            metric_stat: live.metric_stat.map(Into::into),
            expression: live.expression,
            label: live.label,
            return_data: Some(live.return_data.unwrap_or(true)),
            period: live.period,
            account_id: live.account_id,
        }
    }
}

impl From<&MetricStat> for types::MetricStat {
    fn from(stat: &MetricStat) -> Self {
        let metric = types::Metric::builder()
            .namespace(&stat.metric.namespace)
            .metric_name(&stat.metric.metric_name)
            .set_dimensions(dimensions(&stat.metric.dimensions));
        Self::builder()
            .metric(metric.build())
            .period(stat.period)
            .stat(&stat.stat)
            .set_unit(stat.unit.as_deref().map(StandardUnit::from))
            .build()
    }
}

impl From<types::MetricStat> for MetricStat {
    fn from(live: types::MetricStat) -> Self {
        let metric = live.metric.unwrap_or_else(|| types::Metric::builder().build());
        Self {
            metric: Metric {
                namespace: metric.namespace.unwrap_or_default(),
                metric_name: metric.metric_name.unwrap_or_default(),
                dimensions: live_dimensions(metric.dimensions),
            },
            period: live.period.unwrap_or_default(),
            stat: live.stat.unwrap_or_default(),
            unit: live.unit.map(|unit| unit.as_str().to_owned()),
        }
    }
}
