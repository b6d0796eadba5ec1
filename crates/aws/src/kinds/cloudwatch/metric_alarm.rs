//! `cloudwatch/metric_alarm`: says when a metric is not as it should be.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{self, ComparisonOperator, StandardUnit, Statistic};
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::cloudwatch::evaluation::{
    ActionConfiguration, EvaluationCriteria, EvaluationWindow, WarmUpConfiguration,
};
use crate::service::cloudwatch::metrics::{Dimension, MetricDataQuery};
use crate::service::cloudwatch::{self, metrics};
use crate::service::rates;
use crate::service::tagging::{self, Named, Tagged};
use crate::types::{Tags, carry_intent};

/// Says when a metric is not as it should be.
///
/// An alarm watches one of three things: a metric (`metric_name` and what belongs to it), what is worked
/// out of several (`metrics`), or a query in the language of Prometheus (`evaluation_criteria`).
///
/// See [PutMetricAlarm](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricAlarm {
    /// Name, unique among all alarms of the account and region, up to 255 characters.
    #[schemars(extend("x-replace" = true))]
    pub alarm_name: String,

    /// What it means and what is to be done, up to 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm_description: Option<String>,

    /// Whether the actions are taken; AWS does by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions_enabled: Option<bool>,

    /// ARNs of up to five topics, functions, policies and so on that are told when it goes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm_actions: Option<BTreeSet<String>>,

    /// ARNs of up to five that are told when all is well again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok_actions: Option<BTreeSet<String>>,

    /// ARNs of up to five that are told when there is too little data to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insufficient_data_actions: Option<BTreeSet<String>>,

    /// The metric, such as `CPUUtilization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,

    /// Whose metric it is, such as `AWS/ECS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// What tells it from others of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<BTreeSet<Dimension>>,

    /// How the values of a period are put together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["Average", "Maximum", "Minimum", "SampleCount", "Sum"]))]
    pub statistic: Option<String>,

    /// The same by percentiles and their like, such as `p99` or `tm90`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_statistic: Option<String>,

    /// How many seconds a period has: 60 or a multiple of it, for metrics of high resolution 10, 20 and
    /// 30 as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10))]
    pub period: Option<i32>,

    /// Only values of this unit, such as `Percent` or `Count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,

    /// Metrics, and what is worked out of them: ten at most, of which one is watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeSet<MetricDataQuery>>,

    /// How many periods are looked at: all of them at most a day, or seven for periods of an hour and more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub evaluation_periods: Option<i32>,

    /// In how many of those it has to be wrong; all by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub datapoints_to_alarm: Option<i32>,

    /// What the metric is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,

    /// Id of the `ANOMALY_DETECTION_BAND` among the `metrics` that it is compared with instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_metric_id: Option<String>,

    /// How it is compared: the metric stands on the left. The last three are for bands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [
        "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold",
        "LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold",
    ]))]
    pub comparison_operator: Option<String>,

    /// What a period without data counts as; AWS's default is `missing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["breaching", "notBreaching", "ignore", "missing"]))]
    pub treat_missing_data: Option<String>,

    /// Whether a percentile of very few values counts (`evaluate`, AWS's default) or not (`ignore`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["evaluate", "ignore"]))]
    pub evaluate_low_sample_count_percentile: Option<String>,

    /// Which stretch of time is judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation_window: Option<EvaluationWindow>,

    /// How long it is not judged after it was made or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up_configuration: Option<WarmUpConfiguration>,

    /// By what it is judged in place of metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation_criteria: Option<EvaluationCriteria>,

    /// How many seconds lie between two looks at `evaluation_criteria`: 10, 20, 30 or a multiple of 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 3600))]
    pub evaluation_interval: Option<i32>,

    /// What the actions are told beside the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_configuration: Option<ActionConfiguration>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name. The id is the alarm's name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The alarm's ARN.
    pub arn: String,
}

/// What is not stated together, nor taken over from what AWS has where the other is stated.
const APART: [(&str, &[&str]); 5] = [
    ("metrics", &["metric_name", "namespace", "dimensions", "statistic", "extended_statistic", "period", "unit"]),
    (
        "evaluation_criteria",
        &[
            "metrics",
            "metric_name",
            "namespace",
            "dimensions",
            "statistic",
            "extended_statistic",
            "period",
            "unit",
            "evaluation_periods",
            "datapoints_to_alarm",
            "threshold",
            "threshold_metric_id",
            "comparison_operator",
            "treat_missing_data",
            "evaluate_low_sample_count_percentile",
            "evaluation_window",
        ],
    ),
    ("evaluation_interval", &["metrics", "metric_name"]),
    ("statistic", &["extended_statistic"]),
    ("threshold_metric_id", &["threshold", "metric_name"]),
];

const PUT_METRIC_ALARM: &str = "cloudwatch:PutMetricAlarm";
const DESCRIBE_ALARMS: &str = "cloudwatch:DescribeAlarms";

impl Kind for MetricAlarm {
    const NAME: &'static str = "cloudwatch/metric_alarm";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(NAMES as u32);
    const READING: Reading = Reading::TAGGED_BATCH;
    const RATES: Rates = rates::cloudwatch::ALARM;
    const EARLY: &'static [&'static str] = &["id", "arn", "alarm_name"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let stated = self.stated();
        let is = |field: &str| stated.contains_key(field);
        let mut faults = apart(&stated);
        faults.extend(needs(&is));
        faults.extend(self.metrics.iter().flatten().filter_map(check_query));
        let watched = self.metrics.iter().flatten().filter(|query| query.return_data != Some(false)).count();
        if is("metrics") && watched != 1 {
            let message = format!("{watched} of `metrics` are watched: all but one state `return_data: false`");
            faults.push(fault("metrics", message));
        }
        if self.datapoints_to_alarm > self.evaluation_periods {
            faults.push(fault("datapoints_to_alarm", "there are only as many data points as `evaluation_periods`"));
        }
        faults
    }

    /// PutMetricAlarm overwrites an alarm that is there already, whosever it is: so it is looked for
    /// first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        if find_one(cloud, &self.alarm_name).await?.is_some() {
            let message = format!("there is an alarm `{}` already", self.alarm_name);
            return Err(CloudError::new(Cause::Exists, PUT_METRIC_ALARM, message));
        }
        let call = self.put(cloud).set_tags(Some(cloudwatch::tags(self.tags.with_intent(intent))));
        call.send().await.op(PUT_METRIC_ALARM)?;
        Ok(Id(self.alarm_name.clone()))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read_untagged(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if self.fields().keys().any(|field| field != "tags" && update.has(field)) {
            self.over(&update.live)?.put(cloud).send().await.op(PUT_METRIC_ALARM)?;
        }
        if update.has("tags")
            && let Some(arn) = find_one(cloud, update.id.as_str()).await?.and_then(|alarm| alarm.alarm_arn)
        {
            cloudwatch::update_tags(cloud, &arn, &update.live.tags, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        cloud
            .cloudwatch()
            .delete_alarms()
            .alarm_names(id.as_str())
            .send()
            .await
            .op("cloudwatch:DeleteAlarms")
            .absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let alarm = find_one(cloud, &self.alarm_name).await?;
        let Some(arn) = alarm.and_then(|alarm| alarm.alarm_arn) else { return Ok(Vec::new()) };
        let tags = cloudwatch::list_tags(cloud, &arn).await?.unwrap_or_default();
        let is_ours = carry_intent(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), intent);
        Ok(is_ours.then(|| Id(self.alarm_name.clone())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        tagging::find(cloud, by, &NAMED, list(cloud)).await
    }
}

const NAMED: Named = Named { field: "alarm_name", arn_prefix: "alarm:", resource_type: "cloudwatch:alarm" };

impl Tagged for MetricAlarm {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        Ok(cloudwatch::list_tags(cloud, arn).await?.map(Tags::from_live))
    }
}

impl MetricAlarm {
    /// The properties that are stated, by name.
    fn fields(&self) -> Map<String, Json> {
        match serde_json::to_value(self) {
            Ok(Json::Object(fields)) => fields,
            _ => Map::new(),
        }
    }

    /// Those that say something: an empty list says that there is to be nothing.
    fn stated(&self) -> Map<String, Json> {
        let mut fields = self.fields();
        fields.retain(|_, value| !value.as_array().is_some_and(Vec::is_empty));
        fields
    }

    /// These properties, and of the others what AWS has: PutMetricAlarm sets back what it is not told.
    fn over(&self, live: &Self) -> Result<Self> {
        let mut whole = live.stated();
        let stated = self.stated();
        for (one, other) in pairs_apart() {
            if stated.contains_key(one) {
                whole.remove(other);
            }
            if stated.contains_key(other) {
                whole.remove(one);
            }
        }
        whole.extend(self.fields());
        serde_json::from_value(Json::Object(whole))
            .map_err(|error| CloudError::new(Cause::Invalid, PUT_METRIC_ALARM, error.to_string()))
    }

    /// The call that makes the alarm all of this, but for its tags.
    fn put(&self, cloud: &Cloud) -> PutMetricAlarmFluentBuilder {
        let list = |set: &Option<BTreeSet<String>>| set.as_ref().map(|set| set.iter().cloned().collect());
        let queries = self.metrics.as_ref().filter(|queries| !queries.is_empty());
        let window = self.evaluation_window.as_ref().filter(|window| !window.is_default());
        let told = self.action_configuration.as_ref().filter(|configuration| !configuration.is_default());
        cloud
            .cloudwatch()
            .put_metric_alarm()
            .alarm_name(&self.alarm_name)
            .set_alarm_description(self.alarm_description.clone())
            .set_actions_enabled(self.actions_enabled)
            .set_alarm_actions(list(&self.alarm_actions))
            .set_ok_actions(list(&self.ok_actions))
            .set_insufficient_data_actions(list(&self.insufficient_data_actions))
            .set_metric_name(self.metric_name.clone())
            .set_namespace(self.namespace.clone())
            .set_dimensions(self.dimensions.as_ref().and_then(metrics::dimensions))
            .set_statistic(self.statistic.as_deref().map(Statistic::from))
            .set_extended_statistic(self.extended_statistic.clone())
            .set_period(self.period)
            .set_unit(self.unit.as_deref().map(StandardUnit::from))
            .set_metrics(queries.map(|queries| queries.iter().map(Into::into).collect()))
            .set_evaluation_periods(self.evaluation_periods)
            .set_datapoints_to_alarm(self.datapoints_to_alarm)
            .set_threshold(self.threshold)
            .set_threshold_metric_id(self.threshold_metric_id.clone())
            .set_comparison_operator(self.comparison_operator.as_deref().map(ComparisonOperator::from))
            .set_treat_missing_data(self.treat_missing_data.clone())
            .set_evaluate_low_sample_count_percentile(self.evaluate_low_sample_count_percentile.clone())
            .set_evaluation_window(window.map(Into::into))
            .set_warm_up_configuration(self.warm_up_configuration.as_ref().map(Into::into))
            .set_evaluation_criteria(self.evaluation_criteria.as_ref().map(Into::into))
            .set_evaluation_interval(self.evaluation_interval)
            .set_action_configuration(told.map(Into::into))
    }
}

fn pairs_apart() -> impl Iterator<Item = (&'static str, &'static str)> {
    APART.into_iter().flat_map(|(one, others)| others.iter().map(move |other| (one, *other)))
}

/// What is stated though something else is.
fn apart(stated: &Map<String, Json>) -> Vec<FieldError> {
    let both = pairs_apart().filter(|(one, other)| stated.contains_key(*one) && stated.contains_key(*other));
    both.map(|(one, other)| fault(other, format!("an alarm has either `{other}` or `{one}`"))).collect()
}

/// What is missing.
fn needs(is: &dyn Fn(&str) -> bool) -> Option<FieldError> {
    if is("evaluation_criteria") {
        let message = "`evaluation_criteria` need an `evaluation_interval`";
        return (!is("evaluation_interval")).then(|| fault("evaluation_interval", message));
    }
    if !is("metric_name") && !is("metrics") {
        return Some(fault("metric_name", "an alarm watches `metric_name`, `metrics` or `evaluation_criteria`"));
    }
    if is("metric_name") && !(is("namespace") && is("period") && (is("statistic") || is("extended_statistic"))) {
        let message = "`metric_name` needs `namespace`, `period` and one of `statistic` and `extended_statistic`";
        return Some(fault("metric_name", message));
    }
    if !is("evaluation_periods") || !is("comparison_operator") || !(is("threshold") || is("threshold_metric_id")) {
        let message = "an alarm needs `evaluation_periods`, `comparison_operator` and `threshold` (or, with a band, \
                       `threshold_metric_id`)";
        return Some(fault("threshold", message));
    }
    None
}

fn check_query(query: &MetricDataQuery) -> Option<FieldError> {
    let is_one = query.metric_stat.is_some() != query.expression.is_some();
    let message = format!("`{}` of `metrics` has either a `metric_stat` or an `expression`", query.id);
    (!is_one).then(|| fault("metrics", message))
}

/// How many names DescribeAlarms takes, and how many alarms it tells of at once.
const NAMES: usize = 100;

async fn describe(cloud: &Cloud, names: &[String]) -> Result<Vec<types::MetricAlarm>> {
    let call = cloud.cloudwatch().describe_alarms().set_alarm_names(Some(names.to_vec())).max_records(NAMES as i32);
    Ok(call.send().await.op(DESCRIBE_ALARMS)?.metric_alarms.unwrap_or_default())
}

async fn find_one(cloud: &Cloud, name: &str) -> Result<Option<types::MetricAlarm>> {
    Ok(describe(cloud, &[name.to_owned()]).await?.into_iter().next())
}

async fn list(cloud: &Cloud) -> Result<Vec<String>> {
    let call = cloud.cloudwatch().describe_alarms().max_records(NAMES as i32);
    let pages: Vec<_> = call.into_paginator().send().try_collect().await.op(DESCRIBE_ALARMS)?;
    let alarms = pages.into_iter().flat_map(|page| page.metric_alarms.unwrap_or_default());
    Ok(alarms.filter_map(|alarm| alarm.alarm_name).collect())
}

async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<MetricAlarm>]) -> Result<Vec<Option<Live<MetricAlarm>>>> {
    let names = read::ids(wanted);
    let found = read::chunked(&names, NAMES, |names| describe(cloud, names)).await?;
    Ok(read::joined(wanted, found, |alarm| alarm.alarm_name.as_deref(), |alarm, _| live(alarm)))
}

fn live(alarm: types::MetricAlarm) -> Live<MetricAlarm> {
    let set = |list: Option<Vec<String>>| Some(list.into_iter().flatten().collect());
    let outputs = Outputs { arn: alarm.alarm_arn.unwrap_or_default() };
    let spec = MetricAlarm {
        alarm_name: alarm.alarm_name.unwrap_or_default(),
        alarm_description: Some(alarm.alarm_description.unwrap_or_default()),
        actions_enabled: alarm.actions_enabled,
        alarm_actions: set(alarm.alarm_actions),
        ok_actions: set(alarm.ok_actions),
        insufficient_data_actions: set(alarm.insufficient_data_actions),
        metric_name: alarm.metric_name,
        namespace: alarm.namespace,
        dimensions: Some(metrics::live_dimensions(alarm.dimensions)),
        statistic: alarm.statistic.map(|statistic| statistic.as_str().to_owned()),
        extended_statistic: alarm.extended_statistic,
        period: alarm.period,
        unit: alarm.unit.map(|unit| unit.as_str().to_owned()),
        metrics: Some(alarm.metrics.into_iter().flatten().map(Into::into).collect()),
        evaluation_periods: alarm.evaluation_periods,
        datapoints_to_alarm: alarm.datapoints_to_alarm,
        threshold: alarm.threshold,
        threshold_metric_id: alarm.threshold_metric_id,
        comparison_operator: alarm.comparison_operator.map(|operator| operator.as_str().to_owned()),
        treat_missing_data: Some(alarm.treat_missing_data.unwrap_or_else(|| "missing".to_owned())),
        evaluate_low_sample_count_percentile: alarm.evaluate_low_sample_count_percentile,
        evaluation_window: Some(EvaluationWindow::from_live(alarm.evaluation_window)),
        warm_up_configuration: alarm.warm_up_configuration.map(Into::into),
        evaluation_criteria: alarm.evaluation_criteria.and_then(EvaluationCriteria::from_live),
        evaluation_interval: alarm.evaluation_interval,
        action_configuration: Some(ActionConfiguration::from_live(alarm.action_configuration)),
        tags: Tags::default(),
    };
    Live::ready(spec, outputs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alarm(fields: Json) -> MetricAlarm {
        let mut all = Map::from_iter([("alarm_name".to_owned(), json!("cpu"))]);
        all.extend(fields.as_object().cloned().unwrap_or_default());
        serde_json::from_value(Json::Object(all)).unwrap()
    }

    fn of_metric() -> Json {
        json!({
            "metric_name": "CPUUtilization", "namespace": "AWS/ECS", "statistic": "Average", "period": 60,
            "evaluation_periods": 1, "threshold": 85.0, "comparison_operator": "GreaterThanThreshold",
        })
    }

    fn of_expression() -> Json {
        json!({
            "metrics": [{ "id": "share", "expression": "SELECT MAX(CPUUtilization) FROM \"AWS/ECS\"", "period": 60 }],
            "evaluation_periods": 1, "threshold": 85.0, "comparison_operator": "GreaterThanThreshold",
        })
    }

    fn with(mut fields: Json, name: &str, value: Json) -> Json {
        fields[name] = value;
        fields
    }

    fn faulty(fields: Json) -> BTreeSet<String> {
        alarm(fields).check().into_iter().flat_map(|fault| fault.path).collect()
    }

    #[test]
    fn what_is_not_stated_stays_as_it_is() {
        let live = alarm(with(with(of_metric(), "unit", json!("Percent")), "treat_missing_data", json!("ignore")));
        let whole = alarm(with(of_metric(), "threshold", json!(90.0))).over(&live).unwrap();
        assert_eq!([whole.unit.as_deref(), whole.treat_missing_data.as_deref()], [Some("Percent"), Some("ignore")]);
        assert_eq!(whole.threshold, Some(90.0));
    }

    #[test]
    fn what_does_not_go_with_what_is_stated_goes() {
        let live = alarm(with(of_metric(), "treat_missing_data", json!("ignore")));
        let whole = alarm(of_expression()).over(&live).unwrap();
        assert_eq!([&whole.metric_name, &whole.namespace, &whole.statistic], [&None, &None, &None]);
        assert_eq!(whole.treat_missing_data.as_deref(), Some("ignore"));
        assert!(whole.check().is_empty());
    }

    #[test]
    fn an_alarm_watches_one_thing() {
        assert!(faulty(of_metric()).is_empty());
        assert!(faulty(of_expression()).is_empty());
        assert!(faulty(json!({})).contains("metric_name"));
        assert!(faulty(with(of_metric(), "metrics", of_expression()["metrics"].clone())).contains("metric_name"));
        assert!(faulty(with(of_metric(), "extended_statistic", json!("p99"))).contains("extended_statistic"));
        assert!(faulty(with(of_metric(), "datapoints_to_alarm", json!(2))).contains("datapoints_to_alarm"));
        let two = json!([{ "id": "a", "expression": "1" }, { "id": "b", "expression": "2" }]);
        assert!(faulty(with(of_expression(), "metrics", two)).contains("metrics"));
    }
}
