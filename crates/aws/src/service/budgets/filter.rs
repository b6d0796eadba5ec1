//! Which costs a budget is about.

use std::collections::BTreeSet;

use aws_sdk_budgets::types;
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::{Shape, shape, texts};

/// What has one of these values, or what other terms come to: one of the parts is stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterExpression {
    /// What all of the terms are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub and: Option<BTreeSet<Term>>,
    /// What any of the terms is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or: Option<BTreeSet<Term>>,
    /// What the term is not about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<Term>,
    /// A service, region, account and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<KeyValues>,
    /// A tag for the allocation of costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<KeyValues>,
    /// A cost category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_categories: Option<KeyValues>,
    /// A trait of a product, such as `model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_attributes: Option<KeyValues>,
}

/// A term of a filter: one of the parts is stated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// What all of these are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub and: Option<BTreeSet<Values>>,
    /// What any of these is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or: Option<BTreeSet<Values>>,
    /// What this is not about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<Values>,
    /// A service, region, account and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<KeyValues>,
    /// A tag for the allocation of costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<KeyValues>,
    /// A cost category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_categories: Option<KeyValues>,
    /// A trait of a product, such as `model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_attributes: Option<KeyValues>,
}

/// What has one of some values: one of the parts is stated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// A service, region, account and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<KeyValues>,
    /// A tag for the allocation of costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<KeyValues>,
    /// A cost category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_categories: Option<KeyValues>,
    /// A trait of a product, such as `model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_attributes: Option<KeyValues>,
}

/// Values of one sort.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyValues {
    /// Which sort, such as `SERVICE`, `REGION` or `LINKED_ACCOUNT` of dimensions, or the key of a tag.
    pub key: String,
    /// The values; none with `ABSENT`.
    #[serde(default)]
    pub values: BTreeSet<String>,
    /// How they are compared, such as `EQUALS`, `STARTS_WITH` or `ABSENT`; AWS's default is `EQUALS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_options: Option<BTreeSet<String>>,
}

shape!(FilterExpression: types::Expression { and, or, not, dimensions, tags, cost_categories, product_attributes });
shape!(Term: types::Expression { and, or, not, dimensions, tags, cost_categories, product_attributes });
shape!(Values: types::Expression { dimensions, tags, cost_categories, product_attributes });
shape!(KeyValues: types::ExpressionDimensionValues { key = set_key, values = set_values, match_options });
shape!(KeyValues: types::TagValues { key (ours), values (ours), match_options });
shape!(KeyValues: types::CostCategoryValues { key (ours), values (ours), match_options });
shape!(KeyValues: types::ProductAttributeValues { key = set_key, values (ours), match_options });
texts!(types::Dimension, types::MatchOption);

impl<T: Shape<types::Expression>> Shape<Box<types::Expression>> for T {
    fn to_sdk(&self) -> Result<Box<types::Expression>, BuildError> {
        Ok(Box::new(Shape::<types::Expression>::to_sdk(self)?))
    }

    fn from_sdk(sdk: Box<types::Expression>) -> Self {
        <Self as Shape<types::Expression>>::from_sdk(*sdk)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_comes_back_as_it_was_sent() {
        let filter: FilterExpression = serde_json::from_value(json!({
            "and": [
                { "dimensions": { "key": "SERVICE", "values": ["Amazon DynamoDB"], "match_options": ["EQUALS"] } },
                { "not": { "tags": { "key": "env", "values": ["dev", "test"] } } },
            ],
        }))
        .unwrap();
        let sdk: types::Expression = filter.to_sdk().unwrap();
        assert_eq!(sdk.and.as_ref().map(Vec::len), Some(2));
        assert_eq!(FilterExpression::from_sdk(sdk), filter);
    }
}
