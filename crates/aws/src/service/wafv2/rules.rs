//! The rules of a web ACL.

use aws_sdk_wafv2::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::actions::{OverrideAction, RuleAction};
use super::fields::Name;
use super::settings::{Immunity, VisibilityConfig};
use super::statements::{Nested, Statement};
use crate::shape::{Shape, shape};

/// What is asked of a request, and what becomes of those for which it holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name, unique in the web ACL.
    pub name: String,
    /// Its turn, the lowest first; no two have the same.
    #[schemars(range(min = 0))]
    pub priority: i32,
    /// What is asked. A statement may hold others, as deep as AWS lets it; editors know them to the
    /// second level.
    pub statement: Statement,
    /// What becomes of the request; not where the statement is a rule group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<RuleAction>,
    /// Whether what a rule group says holds; only where the statement is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_action: Option<OverrideAction>,
    /// Labels that are put on the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_labels: Option<Vec<Name>>,
    /// What is measured.
    pub visibility_config: VisibilityConfig,
    /// For how long a solved puzzle holds; as the web ACL has it, if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captcha_config: Option<Immunity>,
    /// For how long a challenge holds; as the web ACL has it, if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge_config: Option<Immunity>,
}

shape!(Rule: types::Rule {
    name = set_name, priority = set_priority, statement(ours), action, override_action, rule_labels,
    visibility_config(ours), captcha_config, challenge_config,
});

impl Rule {
    /// What is wrong with it.
    pub(crate) fn fault(&self) -> Option<String> {
        let statement = self.statement.fault().or_else(|| self.statement.scope_down().and_then(Nested::fault));
        let wrong = statement.or_else(|| {
            let (needed, other) = match self.statement.is_group() {
                true => ("override_action", self.action.is_some() || self.override_action.is_none()),
                false => ("action", self.override_action.is_some() || self.action.is_none()),
            };
            other.then(|| format!("a rule with such a statement has `{needed}`, and it alone"))
        });
        wrong.map(|wrong| format!("`{}`: {wrong}", self.name))
    }
}

/// The rules AWS reports, each in the form in which it was `applied` where it is still that: below the
/// second level of statements it may be written in more ways than one.
pub(crate) fn live(rules: Option<Vec<types::Rule>>, applied: &[Rule]) -> Vec<Rule> {
    rules.into_iter().flatten().map(|rule| as_applied(Shape::from_sdk(rule), applied)).collect()
}

fn as_applied(live: Rule, applied: &[Rule]) -> Rule {
    let told = whole(&live);
    let same = applied.iter().find(|applied| {
        let stated = applied.to_sdk().ok().map(|sdk| whole(&Shape::from_sdk(sdk)));
        stated.is_some_and(|stated| holds(&told, &stated))
    });
    same.cloned().unwrap_or(live)
}

/// The rule with everything in it that has a default.
fn whole(rule: &Rule) -> Json {
    serde_json::to_value(rule).unwrap_or_default()
}

/// Whether `told` has all that is `stated`. What AWS adds was never stated.
fn holds(told: &Json, stated: &Json) -> bool {
    match (told, stated) {
        (Json::Object(told), Json::Object(stated)) => {
            stated.iter().all(|(name, stated)| told.get(name).is_some_and(|told| holds(told, stated)))
        }
        (Json::Array(told), Json::Array(stated)) => {
            told.len() == stated.len() && told.iter().zip(stated).all(|(told, stated)| holds(told, stated))
        }
        _ => told == stated,
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::operation::BuildError;
    use serde_json::json;

    use super::*;

    fn rule(statement: Json, rest: Json) -> serde_json::Result<Rule> {
        let mut rule = json!({
            "name": "a", "priority": 1, "statement": statement, "visibility_config": {
                "sampled_requests_enabled": true, "cloud_watch_metrics_enabled": true, "metric_name": "a"
            },
        });
        let rest = rest.as_object().cloned().unwrap_or_default();
        rule.as_object_mut().into_iter().for_each(|rule| rule.extend(rest.clone()));
        serde_json::from_value(rule)
    }

    #[test]
    fn a_group_overrides_where_others_act() -> serde_json::Result<()> {
        let geo = json!({ "geo_match_statement": { "country_codes": ["AT"] } });
        let group = json!({ "managed_rule_group_statement": { "vendor_name": "AWS", "name": "b" } });
        let (action, none) = (json!({ "action": { "block": {} } }), json!({ "override_action": { "none": true } }));
        for (statement, rest, fault) in [
            (&geo, &action, None),
            (&group, &none, None),
            (&geo, &none, Some("`a`: a rule with such a statement has `action`, and it alone")),
            (&group, &action, Some("`a`: a rule with such a statement has `override_action`, and it alone")),
            (&geo, &json!({}), Some("`a`: a rule with such a statement has `action`, and it alone")),
        ] {
            assert_eq!(rule(statement.clone(), rest.clone())?.fault().as_deref(), fault);
        }
        Ok(())
    }

    #[test]
    fn a_rule_that_is_as_it_was_is_told_as_it_was_stated() -> Result<(), Box<dyn std::error::Error>> {
        let body = |body: Json| {
            let size = json!({ "size_constraint_statement": {
                "comparison_operator": "GT", "size": 8192, "field_to_match": { "body": body },
                "text_transformations": [{ "priority": 0, "type": "NONE" }],
            } });
            let below = json!({ "not_statement": { "statement": { "not_statement": { "statement": size } } } });
            rule(below, json!({ "action": { "count": {} } }))
        };
        let (stated, other) = (body(json!({}))?, body(json!({ "oversize_handling": "MATCH" }))?);
        let told =
            |applied: &Rule| Ok::<_, BuildError>(live(Some(vec![stated.to_sdk()?]), std::slice::from_ref(applied)));
        assert_eq!(told(&stated)?, std::slice::from_ref(&stated));
        assert_eq!(told(&other)?, [body(json!({ "oversize_handling": "CONTINUE" }))?]);

        let more = types::Rule::builder().rule_labels(types::Label::builder().name("b").build()?);
        let sdk = stated.to_sdk()?;
        let more = more.name("a").priority(1).set_statement(sdk.statement).set_action(sdk.action);
        let more = more.set_visibility_config(sdk.visibility_config).build()?;
        assert_eq!(live(Some(vec![more]), std::slice::from_ref(&stated)), [stated]);
        Ok(())
    }
}
