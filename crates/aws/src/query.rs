//! What a resource is looked up by.

use std::collections::BTreeMap;

use provision_core::driver::Id;
use serde_json::{Map, Value as Json};

/// The properties and outputs that a resource is looked up by. A `null` asks for nothing.
pub struct Query(pub Map<String, Json>);

impl Query {
    /// The text that `field` is to be; numbers and switches as AWS writes them.
    pub fn text(&self, field: &str) -> Option<String> {
        match self.0.get(field)? {
            Json::String(text) => Some(text.clone()),
            value @ (Json::Number(_) | Json::Bool(_)) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The tags that it is to have.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let tags = self.0.get("tags").and_then(Json::as_object).into_iter().flatten();
        tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }

    /// What the ARN that is asked for says behind `prefix`, such as the name in
    /// `arn:aws:logs:us-east-1:123456789012:log-group:/shop/api` behind `log-group:`.
    pub fn in_arn(&self, prefix: &str) -> Option<String> {
        resource(&self.text("arn")?, prefix)
    }

    /// The id, for kinds whose id is the property or output `field` and the end of their ARN.
    /// It takes no call to know it: reading it tells whether it is there.
    pub fn id(&self, field: &str, arn_prefix: &str) -> Option<Id> {
        self.text(field).or_else(|| self.in_arn(arn_prefix)).map(Id)
    }
}

/// What `arn` says behind the account and `prefix`, without the `:*` that some of a log group end in.
pub(crate) fn resource(arn: &str, prefix: &str) -> Option<String> {
    Some(arn.splitn(6, ':').nth(5)?.strip_prefix(prefix)?.trim_end_matches(":*").to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(by: Json) -> Query {
        Query(by.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn only_what_is_stated_is_asked_for() {
        let by =
            query(json!({ "name": "a", "main": true, "port": 80, "null": null, "list": [], "tags": { "a": "b" } }));
        assert_eq!(by.text("name").as_deref(), Some("a"));
        assert_eq!(by.text("main").as_deref(), Some("true"));
        assert_eq!(by.text("port").as_deref(), Some("80"));
        assert_eq!([by.text("null"), by.text("list"), by.text("absent")], [None, None, None]);
        assert_eq!(by.tags(), BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        assert!(query(json!({})).tags().is_empty());
    }

    #[test]
    fn the_id_is_the_name_or_the_end_of_the_arn() {
        let arn = "arn:aws:logs:us-east-1:123456789012:log-group:/shop/api";
        let id = |by: Json| query(by).id("log_group_name", "log-group:").map(|id| id.0);
        assert_eq!(id(json!({ "log_group_name": "/shop", "arn": arn })).as_deref(), Some("/shop"));
        assert_eq!(id(json!({ "arn": arn })).as_deref(), Some("/shop/api"));
        assert_eq!(id(json!({ "arn": "arn:aws:logs:us-east-1:123456789012:destination:a" })), None);
        assert_eq!(id(json!({ "arn": "/shop/api" })), None);
    }
}
