//! `budgets/budget`: tells when more is spent than planned.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_budgets::types::{self, BudgetType, ResourceTag, TimeUnit};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::budgets::filter::FilterExpression;
use crate::service::budgets::notifications::{NotificationWithSubscribers, Of};
use crate::service::budgets::{self, AutoAdjustData, CostTypes, Spend, TimePeriod, moment};
use crate::service::tagging::{self, Named, Tagged};
use crate::shape::{Shape, to_sdk};
use crate::types::{Tags, carry_intent};

/// Tells when more is spent than planned.
///
/// A budget is the account's, not a region's. What counts is chosen by `cost_filters` and `cost_types`,
/// or by `filter_expression` and `metrics`.
///
/// See [CreateBudget](https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Name, unique in the account: up to 100 characters, none of them `:` or `\`.
    #[schemars(extend("x-replace" = true))]
    pub budget_name: String,

    /// Whether it is about costs, about usage, or about how far reservations and Savings Plans are used
    /// and cover what is used.
    #[schemars(extend("enum" = [
        "COST", "USAGE", "RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE",
    ]))]
    pub budget_type: String,

    /// After what time it begins anew.
    #[schemars(extend("enum" = ["DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY", "CUSTOM"]))]
    pub time_unit: String,

    /// How much may be spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_limit: Option<Spend>,

    /// How much may be spent by the first day of the month or quarter, such as `2026-01-01`: twelve months
    /// or four quarters from the running one on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_budget_limits: Option<BTreeMap<String, Spend>>,

    /// A limit that follows what is spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_adjust_data: Option<AutoAdjustData>,

    /// From when to when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_period: Option<TimePeriod>,

    /// Values that costs have, by what they are of, such as `Service` or `TagKeyValue`; `{}` for all costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_filters: Option<BTreeMap<String, BTreeSet<String>>>,

    /// Which costs count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_types: Option<CostTypes>,

    /// Which costs it is about, two levels deep at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_expression: Option<FilterExpression>,

    /// How costs are counted with `filter_expression`, one way at most, such as `UnblendedCost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeSet<String>>,

    /// ARN of the billing view it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_view_arn: Option<String>,

    /// Who is told, and when: up to ten. Managed as a whole when stated: one that is not stated is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("uniqueItems" = true))]
    pub notifications_with_subscribers: Option<Vec<NotificationWithSubscribers>>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name. The id is the budget's name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The budget's ARN.
    pub arn: String,
}

const CREATE_BUDGET: &str = "budgets:CreateBudget";
const UPDATE_BUDGET: &str = "budgets:UpdateBudget";

impl Kind for Budget {
    const NAME: &'static str = "budgets/budget";
    const GLOBAL: bool = true;
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(PAGE as u32);
    const READING: Reading = Reading::TAGGED_BATCH;
    const EARLY: &'static [&'static str] = &["id", "arn", "budget_name"];
    /// A budget made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["NotFoundException"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let faults = [self.check_limit(), self.check_filters(), self.check_times(), self.check_notifications()];
        faults.into_iter().flatten().collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let told = self.notifications_with_subscribers.as_ref().filter(|told| !told.is_empty());
        let call = cloud
            .budgets()
            .create_budget()
            .account_id(cloud.account(None).await?)
            .budget(self.sdk().op(CREATE_BUDGET)?)
            .set_notifications_with_subscribers(to_sdk(told).op(CREATE_BUDGET)?)
            .set_resource_tags(Some(sdk_tags(self.tags.with_intent(intent)).op(CREATE_BUDGET)?));
        call.send().await.op(CREATE_BUDGET)?;
        Ok(Id(self.budget_name.clone()))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read_untagged(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let account = cloud.account(None).await?;
        let Ok(serde_json::Value::Object(stated)) = serde_json::to_value(self) else { return Ok(()) };
        let is_beside = |field: &str| matches!(field, "tags" | "notifications_with_subscribers");
        if stated.keys().any(|field| !is_beside(field) && update.has(field)) {
            let budget = self.over(&update.live).sdk().op(UPDATE_BUDGET)?;
            let call = cloud.budgets().update_budget().account_id(&account).new_budget(budget);
            call.send().await.op(UPDATE_BUDGET)?;
        }
        let told = self.notifications_with_subscribers.as_ref();
        if let (true, Some(told)) = (update.has("notifications_with_subscribers"), told) {
            Of { account: &account, budget: update.id.as_str() }.put(cloud, told).await?;
        }
        self.update_tags(cloud, update, &account).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.budgets().delete_budget().account_id(cloud.account(None).await?).budget_name(id.as_str());
        call.send().await.op("budgets:DeleteBudget").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let account = cloud.account(None).await?;
        if describe(cloud, &account, &self.budget_name).await?.is_none() {
            return Ok(Vec::new());
        }
        let tags = raw_tags(cloud, &arn(cloud, &account, &self.budget_name)).await?.unwrap_or_default();
        let is_ours = carry_intent(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), intent);
        Ok(is_ours.then(|| Id(self.budget_name.clone())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let list = async {
            let account = cloud.account(None).await?;
            Ok(list(cloud, &account).await?.into_iter().map(|budget| budget.budget_name).collect())
        };
        tagging::find(cloud, by, &NAMED, list).await
    }
}

const NAMED: Named = Named { field: "budget_name", arn_prefix: "budget/", resource_type: "budgets:budget" };

impl Tagged for Budget {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        Ok(raw_tags(cloud, arn).await?.map(Tags::from_live))
    }
}

impl Budget {
    fn check_limit(&self) -> Option<FieldError> {
        let stated = [
            self.budget_limit.is_some(),
            self.planned_budget_limits.as_ref().is_some_and(|limits| !limits.is_empty()),
            self.auto_adjust_data.is_some(),
        ];
        let message = "state one of `budget_limit`, `planned_budget_limits` and `auto_adjust_data`";
        let count = stated.iter().filter(|is| **is).count();
        let needs_one = matches!(self.budget_type.as_str(), "COST" | "USAGE");
        if count > 1 || (count == 0 && needs_one) {
            return Some(fault("budget_limit", message));
        }
        let planned = self.planned_budget_limits.iter().flat_map(BTreeMap::values);
        let wrong = self.budget_limit.iter().chain(planned).find(|limit| !limit.is_number())?;
        Some(fault("budget_limit", format!("`{}` is no amount: write it as `100` or `99.5`", wrong.amount)))
    }

    fn check_filters(&self) -> Option<FieldError> {
        let is_old = self.cost_filters.is_some() || self.cost_types.is_some();
        let is_new = self.filter_expression.is_some() || self.metrics.is_some();
        let message = "`filter_expression` and `metrics` take the place of `cost_filters` and `cost_types`";
        (is_old && is_new).then(|| fault("filter_expression", message))
    }

    fn check_times(&self) -> Option<FieldError> {
        let period = self.time_period.iter().flat_map(|period| [&period.start, &period.end]).flatten();
        let planned = self.planned_budget_limits.iter().flat_map(BTreeMap::keys);
        let wrong = period.chain(planned).find(|time| moment(time).is_none())?;
        let message = format!("`{wrong}` is no time: write a day as `2026-01-01`, a moment as `2026-01-01T00:00:00Z`");
        Some(fault("time_period", message))
    }

    fn check_notifications(&self) -> Option<FieldError> {
        let told = self.notifications_with_subscribers.as_deref().unwrap_or_default();
        let is_twice = |(index, one): (usize, &NotificationWithSubscribers)| {
            told[..index].iter().any(|other| one.notification.is(&other.notification))
        };
        let rules = [
            (told.len() > 10, "a budget has ten notifications at most"),
            (told.iter().any(|it| it.subscribers.is_empty()), "a notification has one subscriber at least"),
            (told.iter().enumerate().any(is_twice), "no two notifications of a budget are the same"),
        ];
        let (_, message) = rules.into_iter().find(|(is_broken, _)| *is_broken)?;
        Some(fault("notifications_with_subscribers", message))
    }

    /// As the API takes it, without notifications and tags.
    #[expect(deprecated, reason = "AWS has newer ways to choose costs, and goes on with the older ones")]
    fn sdk(&self) -> Result<types::Budget, BuildError> {
        let filters = self.cost_filters.as_ref().map(|filters| {
            let lists = filters.iter().map(|(of, values)| (of.clone(), values.iter().cloned().collect()));
            lists.collect()
        });
        types::Budget::builder()
            .budget_name(&self.budget_name)
            .budget_type(BudgetType::from(self.budget_type.as_str()))
            .time_unit(TimeUnit::from(self.time_unit.as_str()))
            .set_budget_limit(to_sdk(self.budget_limit.as_ref())?)
            .set_planned_budget_limits(self.planned_budget_limits.as_ref().map(budgets::planned).transpose()?)
            .set_auto_adjust_data(to_sdk(self.auto_adjust_data.as_ref())?)
            .set_time_period(self.time_period.as_ref().map(TimePeriod::sdk))
            .set_cost_filters(filters)
            .set_cost_types(to_sdk(self.cost_types.as_ref())?)
            .set_filter_expression(to_sdk(self.filter_expression.as_ref())?)
            .set_metrics(to_sdk(self.metrics.as_ref())?)
            .set_billing_view_arn(self.billing_view_arn.clone())
            .build()
    }

    /// These properties, and of the others what AWS has: UpdateBudget sets back what it is not told, and
    /// takes only one way to set the limit and one to choose costs.
    fn over(&self, live: &Self) -> Self {
        let states_limit =
            self.budget_limit.is_some() || self.planned_budget_limits.is_some() || self.auto_adjust_data.is_some();
        let follows = live.planned_budget_limits.is_some() || live.auto_adjust_data.is_some();
        let is_new = self.chooses_by_expression(live);
        let is_of_costs = self.budget_type == "COST";
        Self {
            budget_limit: or_live(!states_limit && !follows, &self.budget_limit, &live.budget_limit),
            planned_budget_limits: or_live(!states_limit, &self.planned_budget_limits, &live.planned_budget_limits),
            auto_adjust_data: or_live(!states_limit, &self.auto_adjust_data, &live.auto_adjust_data),
            time_period: or_live(true, &self.time_period, &live.time_period),
            cost_filters: or_live(!is_new, &self.cost_filters, &live.cost_filters),
            cost_types: or_live(!is_new && is_of_costs, &self.cost_types, &live.cost_types),
            filter_expression: or_live(is_new, &self.filter_expression, &live.filter_expression),
            metrics: or_live(is_new, &self.metrics, &live.metrics),
            billing_view_arn: or_live(true, &self.billing_view_arn, &live.billing_view_arn),
            ..self.clone()
        }
    }

    /// Whether costs are chosen by `filter_expression` and `metrics`: as stated, else as AWS has it.
    fn chooses_by_expression(&self, live: &Self) -> bool {
        let is_old = self.cost_filters.is_some() || self.cost_types.is_some();
        let is_new = self.filter_expression.is_some() || self.metrics.is_some();
        is_new || (!is_old && live.filter_expression.is_some() && live.metrics.is_some())
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>, account: &str) -> Result<()> {
        if !update.has("tags") {
            return Ok(());
        }
        let arn = arn(cloud, account, update.id.as_str());
        let changes = self.tags.changes_from(&update.live.tags);
        if !changes.set.is_empty() {
            let tags = sdk_tags(changes.set).op("budgets:TagResource")?;
            let call = cloud.budgets().tag_resource().resource_arn(&arn).set_resource_tags(Some(tags));
            call.send().await.op("budgets:TagResource")?;
        }
        if !changes.remove.is_empty() {
            let call = cloud.budgets().untag_resource().resource_arn(&arn).set_resource_tag_keys(Some(changes.remove));
            call.send().await.op("budgets:UntagResource")?;
        }
        Ok(())
    }
}

/// What is stated, else what AWS has where it `may` be taken over.
fn or_live<T: Clone>(may: bool, own: &Option<T>, live: &Option<T>) -> Option<T> {
    own.clone().or_else(|| live.clone().filter(|_| may))
}

fn arn(cloud: &Cloud, account: &str, name: &str) -> String {
    format!("arn:{}:budgets::{account}:budget/{name}", cloud.partition())
}

fn sdk_tags(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Vec<ResourceTag>, BuildError> {
    pairs.into_iter().map(|(key, value)| ResourceTag::builder().key(key).value(value).build()).collect()
}

async fn raw_tags(cloud: &Cloud, arn: &str) -> Result<Option<Vec<(String, String)>>> {
    let call = cloud.budgets().list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.op("budgets:ListTagsForResource").absent()?;
    let tags = answer.map(|answer| answer.resource_tags.unwrap_or_default());
    Ok(tags.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

/// The most budgets that one page holds.
const PAGE: i32 = 1000;

async fn list(cloud: &Cloud, account: &str) -> Result<Vec<types::Budget>> {
    let call = cloud.budgets().describe_budgets().account_id(account).max_results(PAGE).show_filter_expression(true);
    call.into_paginator().items().send().try_collect().await.op("budgets:DescribeBudgets")
}

async fn describe(cloud: &Cloud, account: &str, name: &str) -> Result<Option<types::Budget>> {
    let call = cloud.budgets().describe_budget().account_id(account).budget_name(name).show_filter_expression(true);
    Ok(call.send().await.op("budgets:DescribeBudget").absent()?.and_then(|answer| answer.budget))
}

/// One is asked for by name, more of them are picked from the account's.
async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<Budget>]) -> Result<Vec<Option<Live<Budget>>>> {
    let recorded = wanted.iter().find_map(|wanted| wanted.outputs.as_ref());
    let account = cloud.account(recorded.map(|outputs| outputs.arn.as_str())).await?;
    let found = match wanted {
        [one] => describe(cloud, &account, one.id.as_str()).await?.into_iter().collect(),
        _ => list(cloud, &account).await?,
    };
    let found = read::joined(
        wanted,
        found,
        |budget| Some(budget.budget_name()),
        |budget, wanted| {
            let outputs = Outputs { arn: arn(cloud, &account, budget.budget_name()) };
            Live::ready(described(budget, wanted.applied.as_ref()), outputs)
        },
    );
    let found: Vec<_> = wanted.iter().zip(found).collect();
    let told = read::each(&found, |(wanted, live)| told(cloud, &account, wanted, live.is_some())).await?;
    Ok(found.into_iter().zip(told).map(|((_, live), told)| with_told(live?, told)).collect())
}

fn with_told(mut live: Live<Budget>, told: Option<Vec<NotificationWithSubscribers>>) -> Option<Live<Budget>> {
    live.spec.notifications_with_subscribers = told;
    Some(live)
}

/// The notifications of a budget that is there, where they are managed.
async fn told(
    cloud: &Cloud,
    account: &str,
    wanted: &Wanted<Budget>,
    is_there: bool,
) -> Result<Option<Vec<NotificationWithSubscribers>>> {
    match is_there && wanted.manages(|budget| &budget.notifications_with_subscribers) {
        true => Of { account, budget: wanted.id.as_str() }.get(cloud).await.map(Some),
        false => Ok(None),
    }
}

/// What DescribeBudget tells, in the words last applied.
#[expect(deprecated, reason = "AWS has newer ways to choose costs, and goes on with the older ones")]
fn described(live: types::Budget, applied: Option<&Budget>) -> Budget {
    let limit = applied.and_then(|applied| applied.budget_limit.as_ref());
    let planned = applied.and_then(|applied| applied.planned_budget_limits.as_ref());
    let period = applied.and_then(|applied| applied.time_period.as_ref());
    let filters = live.cost_filters.unwrap_or_default();
    Budget {
        budget_name: live.budget_name,
        budget_type: live.budget_type.as_str().to_owned(),
        time_unit: live.time_unit.as_str().to_owned(),
        budget_limit: live.budget_limit.map(|live| Spend::as_stated(limit, live)),
        planned_budget_limits: live.planned_budget_limits.map(|live| budgets::live_planned(planned, live)),
        auto_adjust_data: live.auto_adjust_data.map(Shape::from_sdk),
        time_period: live.time_period.map(|live| TimePeriod::as_stated(period, live)),
        cost_filters: Some(filters.into_iter().map(|(of, values)| (of, values.into_iter().collect())).collect()),
        cost_types: live.cost_types.map(Shape::from_sdk),
        filter_expression: live.filter_expression.map(Shape::from_sdk),
        metrics: live.metrics.map(Shape::from_sdk),
        billing_view_arn: live.billing_view_arn,
        notifications_with_subscribers: None,
        tags: Tags::default(),
    }
}
