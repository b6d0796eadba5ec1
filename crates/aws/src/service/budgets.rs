//! Budgets: what is counted, how much of it and when, in the words of a spec.

pub(crate) mod filter;
pub(crate) mod notifications;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_budgets::types;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::{Shape, shape, texts};

/// An amount of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spend {
    /// How much, such as `100` or `99.5`.
    pub amount: String,
    /// Of what, such as `USD`, `GB` or, for utilisation and coverage, `PERCENTAGE`.
    pub unit: String,
}

/// Which costs count. What is left out is as AWS has it by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CostTypes {
    /// Credits; they do by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_credit: Option<bool>,
    /// Discounts; they do by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_discount: Option<bool>,
    /// Subscriptions that reserve nothing; they do by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_other_subscription: Option<bool>,
    /// Monthly fees of reservations and the like; they do by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_recurring: Option<bool>,
    /// Refunds; they do by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_refund: Option<bool>,
    /// Subscriptions; they do by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_subscription: Option<bool>,
    /// Fees for support; they do by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_support: Option<bool>,
    /// Taxes; they do by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_tax: Option<bool>,
    /// What is paid for reservations beforehand; it does by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_upfront: Option<bool>,
    /// Whether what is paid beforehand is spread over the time it is for; it is not by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_amortized: Option<bool>,
    /// Whether prices are averaged over an organisation; they are not by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_blended: Option<bool>,
}

/// From when to when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimePeriod {
    /// First day, such as `2026-01-01`, or moment, such as `2026-01-01T00:00:00Z`; by default the first day
    /// of the running month, quarter or year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Last day or moment, by default in 2087. AWS deletes the budget then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
}

/// A limit that follows what is spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoAdjustData {
    /// What was spent, or what AWS foresees.
    #[schemars(extend("enum" = ["HISTORICAL", "FORECAST"]))]
    pub auto_adjust_type: String,
    /// Which past counts, with `HISTORICAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub historical_options: Option<HistoricalOptions>,
}

/// Which past counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoricalOptions {
    /// How many days, months, quarters or years, as the time unit says.
    #[schemars(range(min = 1, max = 60))]
    pub budget_adjustment_period: i32,
}

shape!(Spend: types::Spend { amount = set_amount, unit = set_unit });
shape!(CostTypes: types::CostTypes {
    include_credit,
    include_discount,
    include_other_subscription,
    include_recurring,
    include_refund,
    include_subscription,
    include_support,
    include_tax,
    include_upfront,
    use_amortized,
    use_blended,
});
shape!(AutoAdjustData: types::AutoAdjustData { auto_adjust_type = set_auto_adjust_type, historical_options });
shape!(HistoricalOptions: types::HistoricalOptions { budget_adjustment_period = set_budget_adjustment_period });
texts!(types::AutoAdjustType, types::Metric);

impl Spend {
    /// Whether the amount is one.
    pub(crate) fn is_number(&self) -> bool {
        self.amount.parse::<f64>().is_ok()
    }

    /// What AWS reports, the amount as `stated` writes it: AWS writes 100 as `100.0`.
    pub(crate) fn as_stated(stated: Option<&Self>, live: types::Spend) -> Self {
        let live = Self::from_sdk(live);
        let value = |amount: &str| amount.parse::<f64>().ok();
        let amount = match stated.filter(|stated| value(&stated.amount) == value(&live.amount)) {
            Some(stated) => stated.amount.clone(),
            None => live.amount.strip_suffix(".0").unwrap_or(&live.amount).to_owned(),
        };
        Self { amount, unit: live.unit }
    }
}

/// Limits by the day they begin, as the API takes them.
///
/// # Errors
/// Never: an amount has its unit.
pub(crate) fn planned(limits: &BTreeMap<String, Spend>) -> Result<HashMap<String, types::Spend>, BuildError> {
    let limits = limits.iter().filter_map(|(day, limit)| Some((moment(day)?.secs().to_string(), limit)));
    limits.map(|(seconds, limit)| Ok((seconds, limit.to_sdk()?))).collect()
}

/// Limits by the day they begin, as the API reports them.
pub(crate) fn live_planned(
    stated: Option<&BTreeMap<String, Spend>>,
    live: HashMap<String, types::Spend>,
) -> BTreeMap<String, Spend> {
    let limits = live.into_iter().filter_map(|(seconds, limit)| {
        let begins = DateTime::from_secs(seconds.parse().ok()?);
        let stated = stated.and_then(|stated| stated.iter().find(|(day, _)| moment(day) == Some(begins)));
        let day = as_stated(stated.map(|(day, _)| day.as_str()), begins)?;
        Some((day, Spend::as_stated(stated.map(|(_, limit)| limit), limit)))
    });
    limits.collect()
}

impl TimePeriod {
    /// As the API takes it.
    pub(crate) fn sdk(&self) -> types::TimePeriod {
        types::TimePeriod::builder()
            .set_start(self.start.as_deref().and_then(moment))
            .set_end(self.end.as_deref().and_then(moment))
            .build()
    }

    /// As the API reports it, in the words of `stated`.
    pub(crate) fn as_stated(stated: Option<&Self>, live: types::TimePeriod) -> Self {
        let start = stated.and_then(|stated| stated.start.as_deref());
        let end = stated.and_then(|stated| stated.end.as_deref());
        Self {
            start: live.start.and_then(|live| as_stated(start, live)),
            end: live.end.and_then(|live| as_stated(end, live)),
        }
    }
}

/// The moment that a day begins, or that is written in full.
pub(crate) fn moment(text: &str) -> Option<DateTime> {
    let begins = format!("{text}T00:00:00Z");
    DateTime::from_str(if text.contains('T') { text } else { &begins }, Format::DateTime).ok()
}

/// A moment in the words of `stated`, or as a day if it is the begin of one.
fn as_stated(stated: Option<&str>, live: DateTime) -> Option<String> {
    if let Some(stated) = stated.filter(|stated| moment(stated).is_some_and(|stated| stated.secs() == live.secs())) {
        return Some(stated.to_owned());
    }
    let text = live.fmt(Format::DateTime).ok()?;
    Some(text.strip_suffix("T00:00:00Z").unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spend(amount: &str) -> Spend {
        Spend { amount: amount.to_owned(), unit: "USD".to_owned() }
    }

    #[test]
    fn an_amount_is_as_it_was_stated() {
        let live = |amount: &str| spend(amount).to_sdk().unwrap();
        assert_eq!(Spend::as_stated(Some(&spend("100")), live("100.0")), spend("100"));
        assert_eq!(Spend::as_stated(Some(&spend("100.00")), live("100.0")), spend("100.00"));
        assert_eq!(Spend::as_stated(Some(&spend("90")), live("100.0")), spend("100"));
        assert_eq!(Spend::as_stated(None, live("99.5")), spend("99.5"));
    }

    #[test]
    fn a_day_is_the_moment_it_begins() {
        let begins = moment("2026-11-01").unwrap();
        assert_eq!(Some(begins), moment("2026-11-01T00:00:00Z"));
        assert_eq!(as_stated(Some("2026-11-01T00:00:00Z"), begins).as_deref(), Some("2026-11-01T00:00:00Z"));
        assert_eq!(as_stated(Some("2026-12-01"), begins).as_deref(), Some("2026-11-01"));
        assert_eq!(as_stated(None, DateTime::from_secs(begins.secs() + 1)).as_deref(), Some("2026-11-01T00:00:01Z"));
        assert_eq!(moment("the first"), None);
    }

    #[test]
    fn planned_limits_keep_their_days() {
        let limits = BTreeMap::from([("2026-11-01".to_owned(), spend("10")), ("2026-12-01".to_owned(), spend("20"))]);
        let sdk = planned(&limits).unwrap();
        assert!(sdk.contains_key("1793491200"));
        assert_eq!(live_planned(Some(&limits), sdk), limits);
    }
}
