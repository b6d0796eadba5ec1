//! `elbv2/listener_rule`: what a listener does with some of its requests.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{self, RulePriorityPair};
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::listener::{self, Listener};
use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::elbv2::actions::{self, Action};
use crate::service::elbv2::conditions::{self, Condition, Transform};
use crate::service::elbv2::{self, ARNS, PAGE};
use crate::service::rates;
use crate::service::tagging::{self, Tagged};
use crate::shape::{Shape, to_sdk};
use crate::types::{Ref, Tags};

/// What a listener does with some of its requests.
///
/// See [CreateRule](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenerRule {
    /// ARN of the listener.
    #[schemars(extend("x-replace" = true))]
    pub listener_arn: Ref<Listener>,

    /// Its turn among the listener's rules, the lowest first; no two have the same. Two rules cannot
    /// change places in one apply.
    #[schemars(range(min = 1, max = 50_000))]
    pub priority: i32,

    /// What a request has to be: all of them.
    pub conditions: BTreeSet<Condition>,

    /// What is done with it.
    pub actions: Vec<Action>,

    /// How it is rewritten before it goes to its target: at most one of each type. Managed as a whole
    /// when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transforms: Option<BTreeSet<Transform>>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name. The id is the ARN.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The rule's ARN.
    pub arn: String,
}

const CREATE: &str = "elasticloadbalancing:CreateRule";

impl Kind for ListenerRule {
    const NAME: &'static str = "elbv2/listener_rule";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(ARNS as u32);
    // DescribeTags would take a call for each twenty.
    const READING: Reading = Reading::TAGGED_BATCH;
    const RATES: Rates = rates::ELASTIC_LOAD_BALANCING;
    const EARLY: &'static [&'static str] = &["id", "arn"];
    const EVENTUAL: &'static [&'static str] = &["ListenerNotFound", "RuleNotFound", "TargetGroupNotFound"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let none = || FieldError::new("conditions", "a rule has at least one condition");
        let empty = self.conditions.is_empty().then(none);
        let conditions = conditions::check(&self.conditions);
        empty.into_iter().chain(conditions).chain(actions::check(&self.actions, "actions")).collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let call = cloud
            .elasticloadbalancing()
            .create_rule()
            .listener_arn(self.listener_arn.as_str())
            .priority(self.priority)
            .set_conditions(Some(self.conditions.to_sdk().op(CREATE)?))
            .set_actions(Some(actions::request(&self.actions, CREATE)?))
            .set_transforms(to_sdk(self.transforms.as_ref().filter(|transforms| !transforms.is_empty())).op(CREATE)?)
            .set_tags(Some(elbv2::tags(self.tags.with_intent(intent))));
        let made = call.send().await.op(CREATE).map_err(taken)?.rules.unwrap_or_default().into_iter().next();
        made.and_then(|made| made.rule_arn).map(Id).ok_or_else(|| incomplete(CREATE, "rule"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read_untagged(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_settings(cloud, update).await?;
        self.update_priority(cloud, update).await?;
        elbv2::update_tags(cloud, update, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.elasticloadbalancing().delete_rule().rule_arn(id.as_str());
        call.send().await.op("elasticloadbalancing:DeleteRule").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let arns = of_listener(cloud, self.listener_arn.as_str()).await?;
        elbv2::made_by(cloud, &arns, intent).await
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let listeners = match (by.text("arn"), by.text("listener_arn")) {
            (Some(arn), _) => return Ok(vec![Id(arn)]),
            (None, Some(listener)) => vec![Id(listener)],
            (None, None) => listener::list(cloud).await?,
        };
        let found = read::each(&listeners, |listener| of_listener(cloud, listener.as_str())).await?;
        Ok(found.into_iter().flatten().map(Id).collect())
    }
}

impl Tagged for ListenerRule {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        elbv2::list_tags(cloud, arn).await
    }
}

/// A priority that another rule has may become free while rules are moved; to a rule that is yet to
/// be made it is taken.
fn taken(error: CloudError) -> CloudError {
    match error.code.as_str() {
        "PriorityInUse" => CloudError { cause: Cause::Exists, ..error },
        _ => error,
    }
}

impl ListenerRule {
    /// ModifyRule leaves what it is not told as it is.
    async fn update_settings(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        const MODIFY: &str = "elasticloadbalancing:ModifyRule";
        if !["conditions", "actions", "transforms"].iter().any(|field| update.has(field)) {
            return Ok(());
        }
        let actions = match update.has("actions") {
            true => Some(actions::request(&self.actions, MODIFY)?),
            false => None,
        };
        let conditions = Some(&self.conditions).filter(|_| update.has("conditions"));
        let transforms = self.transforms.as_ref().filter(|_| update.has("transforms"));
        let is_reset = transforms.is_some_and(BTreeSet::is_empty);
        let call = cloud
            .elasticloadbalancing()
            .modify_rule()
            .rule_arn(update.id.as_str())
            .set_conditions(to_sdk(conditions).op(MODIFY)?)
            .set_actions(actions)
            .set_transforms(to_sdk(transforms.filter(|transforms| !transforms.is_empty())).op(MODIFY)?)
            .set_reset_transforms(is_reset.then_some(true));
        call.send().await.op(MODIFY)?;
        Ok(())
    }

    async fn update_priority(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("priority") {
            let pair = RulePriorityPair::builder().rule_arn(update.id.as_str()).priority(self.priority).build();
            let call = cloud.elasticloadbalancing().set_rule_priorities().rule_priorities(pair);
            call.send().await.op("elasticloadbalancing:SetRulePriorities")?;
        }
        Ok(())
    }
}

const DESCRIBE: &str = "elasticloadbalancing:DescribeRules";

/// The ARNs of a listener's rules, without the one that stands for its default actions: none where
/// there is no such listener.
async fn of_listener(cloud: &Cloud, arn: &str) -> Result<Vec<String>> {
    let call = cloud.elasticloadbalancing().describe_rules().listener_arn(arn).page_size(PAGE);
    let found: Result<Vec<types::Rule>> = call.into_paginator().items().send().try_collect().await.op(DESCRIBE);
    let rules = found.absent()?.unwrap_or_default().into_iter().filter(|rule| rule.is_default != Some(true));
    Ok(rules.filter_map(|rule| rule.rule_arn).collect())
}

async fn describe(cloud: &Cloud, arns: &[String]) -> Result<Vec<types::Rule>> {
    let call = cloud.elasticloadbalancing().describe_rules().set_rule_arns(Some(arns.to_vec()));
    Ok(call.send().await.op(DESCRIBE)?.rules.unwrap_or_default())
}

async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<ListenerRule>]) -> Result<Vec<Option<Live<ListenerRule>>>> {
    let arns = read::ids(wanted);
    let found = read::known(&arns, ARNS, |arns| describe(cloud, arns)).await?;
    Ok(read::joined(wanted, found, types::Rule::rule_arn, live))
}

/// A rule's ARN is its listener's and one part more.
fn listener_of(arn: &str) -> String {
    let (listener, _) = arn.rsplit_once('/').unwrap_or_default();
    listener.replacen(":listener-rule/", ":listener/", 1)
}

fn live(found: types::Rule, wanted: &Wanted<ListenerRule>) -> Live<ListenerRule> {
    let arn = found.rule_arn.unwrap_or_default();
    let applied = wanted.applied.as_ref().map(|applied| applied.actions.as_slice());
    let conditions: Vec<Condition> = Shape::from_sdk(found.conditions.unwrap_or_default());
    let spec = ListenerRule {
        listener_arn: listener_of(&arn).into(),
        priority: found.priority.and_then(|priority| priority.parse().ok()).unwrap_or_default(),
        conditions: conditions.into_iter().map(Condition::in_both_forms).collect(),
        actions: actions::live(found.actions, applied.unwrap_or_default()),
        transforms: Some(Shape::from_sdk(found.transforms.unwrap_or_default())),
        tags: Tags::default(),
    };
    Live::ready(spec, Outputs { arn })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_tells_its_listener() {
        let rule = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/shop/50dc/f2f7/9683";
        let listener = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/50dc/f2f7";
        assert_eq!(listener_of(rule), listener);
        assert_eq!(listener_of(""), "");
    }

    #[test]
    fn a_priority_in_use_is_taken_to_a_rule_that_is_yet_to_be_made() {
        let refused = crate::error::refused(CREATE, "PriorityInUse", "it is in use");
        assert_eq!(refused.cause, Cause::Dependency);
        assert_eq!(taken(refused).cause, Cause::Exists);
    }
}
