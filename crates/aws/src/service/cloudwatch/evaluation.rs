//! When and by what an alarm is judged, and what its actions are told.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which stretch of time is judged: one of the two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationWindow {
    /// One that moves on each time the alarm is judged, AWS's default: `{}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sliding_window: Option<SlidingWindow>,
    /// One that begins at the full hour, day or week, as the period says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_clock_window: Option<WallClockWindow>,
}

/// A window that moves on each time the alarm is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlidingWindow {}

/// A window that begins when a clock does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WallClockWindow {
    /// Whose clock, such as `Europe/Vienna` or `+05:30`; AWS's default is `UTC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// How long the alarm is not judged after it was made or changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WarmUpConfiguration {
    /// At most so many minutes.
    #[schemars(range(min = 1, max = 2880))]
    pub warm_up_period_duration_in_minutes: i32,
    /// Whether it waits for all of them, even if there are enough values before; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_start_evaluating_after_warm_up_period_ends: Option<bool>,
}

/// By what the alarm is judged in place of metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationCriteria {
    /// By a query in the language of Prometheus.
    pub prom_ql_criteria: PromQlCriteria,
}

/// A query in the language of Prometheus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromQlCriteria {
    /// The query; whatever it answers is on alarm.
    pub query: String,
    /// Seconds for which something is in the answer before it is on alarm.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86_400))]
    pub pending_period: Option<i32>,
    /// Seconds for which it is no longer there before all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86_400))]
    pub recovery_period: Option<i32>,
}

/// What the alarm's actions are told beside its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionConfiguration {
    /// The alarm's tags.
    pub alarm_tags_propagation: AlarmTagsPropagation,
}

/// Which of the alarm's tags its actions are told: all, or all of some keys, or all but those of some.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmTagsPropagation {
    /// Whether they are told of any.
    pub enabled: bool,
    /// Only tags with these keys, up to 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included_tag_keys: Option<BTreeSet<String>>,
    /// No tags with these keys, up to 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_tag_keys: Option<BTreeSet<String>>,
}

impl EvaluationWindow {
    /// What the API reports; it says nothing of a sliding one that was not asked for.
    pub(crate) fn from_live(live: Option<types::EvaluationWindow>) -> Self {
        match live {
            Some(types::EvaluationWindow::WallClockWindow(window)) => {
                Self { sliding_window: None, wall_clock_window: Some(WallClockWindow { timezone: window.timezone }) }
            }
            _ => Self { sliding_window: Some(SlidingWindow {}), wall_clock_window: None },
        }
    }

    /// Whether it is what AWS takes where nothing is asked for.
    pub(crate) fn is_default(&self) -> bool {
        self.wall_clock_window.is_none()
    }
}

impl From<&EvaluationWindow> for types::EvaluationWindow {
    fn from(window: &EvaluationWindow) -> Self {
        match &window.wall_clock_window {
            Some(window) => {
                Self::WallClockWindow(types::WallClockWindow::builder().set_timezone(window.timezone.clone()).build())
            }
            None => Self::SlidingWindow(types::SlidingWindow::builder().build()),
        }
    }
}

impl From<&WarmUpConfiguration> for types::WarmUpConfiguration {
    fn from(warm_up: &WarmUpConfiguration) -> Self {
        Self::builder()
            .warm_up_period_duration_in_minutes(warm_up.warm_up_period_duration_in_minutes)
            .set_only_start_evaluating_after_warm_up_period_ends(
                warm_up.only_start_evaluating_after_warm_up_period_ends,
            )
            .build()
    }
}

impl From<types::WarmUpConfiguration> for WarmUpConfiguration {
    fn from(live: types::WarmUpConfiguration) -> Self {
        Self {
            warm_up_period_duration_in_minutes: live.warm_up_period_duration_in_minutes.unwrap_or_default(),
            only_start_evaluating_after_warm_up_period_ends: Some(
                live.only_start_evaluating_after_warm_up_period_ends.unwrap_or(false),
            ),
        }
    }
}

impl EvaluationCriteria {
    /// What the API reports, if it is of a sort that is known here.
    pub(crate) fn from_live(live: types::EvaluationCriteria) -> Option<Self> {
        let types::EvaluationCriteria::PromQlCriteria(criteria) = live else { return None };
        let prom_ql_criteria = PromQlCriteria {
            query: criteria.query.unwrap_or_default(),
            pending_period: criteria.pending_period,
            recovery_period: criteria.recovery_period,
        };
        Some(Self { prom_ql_criteria })
    }
}

impl From<&EvaluationCriteria> for types::EvaluationCriteria {
    fn from(criteria: &EvaluationCriteria) -> Self {
        let criteria = &criteria.prom_ql_criteria;
        let sdk = types::AlarmPromQlCriteria::builder()
            .query(&criteria.query)
            .set_pending_period(criteria.pending_period)
            .set_recovery_period(criteria.recovery_period);
        Self::PromQlCriteria(sdk.build())
    }
}

impl From<&ActionConfiguration> for types::ActionConfiguration {
    fn from(configuration: &ActionConfiguration) -> Self {
        let tags = &configuration.alarm_tags_propagation;
        let keys = |keys: &Option<BTreeSet<String>>| keys.as_ref().map(|keys| keys.iter().cloned().collect());
        let sdk = types::AlarmTagsPropagation::builder()
            .enabled(tags.enabled)
            .set_included_tag_keys(keys(&tags.included_tag_keys))
            .set_excluded_tag_keys(keys(&tags.excluded_tag_keys));
        Self::builder().alarm_tags_propagation(sdk.build()).build()
    }
}

impl ActionConfiguration {
    /// What the API reports; it says nothing where nothing was asked for.
    pub(crate) fn from_live(live: Option<types::ActionConfiguration>) -> Self {
        let tags = live.and_then(|live| live.alarm_tags_propagation);
        let tags = tags.unwrap_or_else(|| types::AlarmTagsPropagation::builder().build());
        let keys = |keys: Option<Vec<String>>| keys.map(|keys| keys.into_iter().collect());
        let alarm_tags_propagation = AlarmTagsPropagation {
            enabled: tags.enabled.unwrap_or(false),
            included_tag_keys: keys(tags.included_tag_keys),
            excluded_tag_keys: keys(tags.excluded_tag_keys),
        };
        Self { alarm_tags_propagation }
    }

    /// Whether it is what AWS takes where nothing is asked for.
    pub(crate) fn is_default(&self) -> bool {
        let tags = &self.alarm_tags_propagation;
        !tags.enabled && tags.included_tag_keys.is_none() && tags.excluded_tag_keys.is_none()
    }
}
