//! SNS: attributes, which its API keeps as texts, how messages are delivered over HTTP, and tags.

use std::collections::HashMap;

use aws_sdk_sns::types::Tag;
use provision_core::driver::{Cause, CloudError};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::cloud::Cloud;
use crate::kind::Result;

/// A property that the API keeps as an attribute.
pub(crate) struct Attribute {
    /// The property.
    pub(crate) field: &'static str,
    /// The API's name of it.
    pub(crate) name: &'static str,
    form: Form,
    /// What it is where the API does not tell of it.
    default: Option<&'static str>,
}

/// How a property is written as a text.
#[derive(Clone, Copy)]
enum Form {
    /// As it stands; a document may stand there as a string of JSON.
    Text,
    /// As a number or a switch.
    Plain,
    /// As JSON whose names begin with a small letter.
    Camel,
    /// As JSON whose names begin with a capital.
    Pascal,
}

impl Attribute {
    /// A text, which is empty where the API does not tell of it.
    pub(crate) const fn text(field: &'static str, name: &'static str) -> Self {
        Self { field, name, form: Form::Text, default: Some("") }
    }

    /// A text or a document, left out where the API does not tell of it.
    pub(crate) const fn told(field: &'static str, name: &'static str) -> Self {
        Self { field, name, form: Form::Text, default: None }
    }

    /// A number or a switch.
    pub(crate) const fn plain(field: &'static str, name: &'static str) -> Self {
        Self { field, name, form: Form::Plain, default: None }
    }

    /// A structure whose names begin with a small letter in the API.
    pub(crate) const fn camel(field: &'static str, name: &'static str) -> Self {
        Self { field, name, form: Form::Camel, default: None }
    }

    /// A structure whose names begin with a capital in the API.
    pub(crate) const fn pascal(field: &'static str, name: &'static str) -> Self {
        Self { field, name, form: Form::Pascal, default: None }
    }

    /// The same, with what it is where the API does not tell of it.
    pub(crate) const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }
}

/// The attributes, by the API's names, of the stated properties among those `wanted`. What is
/// empty is an empty text.
pub(crate) fn to_attributes<K: Serialize>(
    spec: &K,
    attributes: &[Attribute],
    wanted: impl Fn(&str) -> bool,
) -> Vec<(&'static str, String)> {
    let stated = serde_json::to_value(spec).unwrap_or_default();
    let wanted = attributes.iter().filter(|attribute| wanted(attribute.field));
    wanted.filter_map(|it| Some((it.name, it.form.to_text(stated.get(it.field)?)))).collect()
}

/// The properties that `told`, the API's attributes, and `others` come to.
///
/// # Errors
/// When the API tells what the properties cannot hold.
pub(crate) fn from_attributes<K: DeserializeOwned>(
    operation: &str,
    attributes: &[Attribute],
    told: &HashMap<String, String>,
    others: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<K> {
    let value = |it: &Attribute| it.form.read(told.get(it.name).map(String::as_str).or(it.default)?);
    let known = attributes.iter().filter_map(|it| Some((it.field.to_owned(), value(it)?)));
    let others = others.into_iter().map(|(field, value)| (field.to_owned(), Json::String(value)));
    let properties: Map<String, Json> = known.chain(others).collect();
    serde_json::from_value(Json::Object(properties))
        .map_err(|error| CloudError::new(Cause::Invalid, operation, error.to_string()))
}

impl Form {
    fn to_text(self, value: &Json) -> String {
        match (self, value) {
            (_, Json::String(text)) => text.clone(),
            (_, Json::Object(fields)) if fields.is_empty() => String::new(),
            (Self::Camel, value) => renamed(value, |name| camel(name, false)).to_string(),
            (Self::Pascal, value) => renamed(value, |name| camel(name, true)).to_string(),
            (_, value) => value.to_string(),
        }
    }

    fn read(self, text: &str) -> Option<Json> {
        match self {
            Self::Text => Some(text.into()),
            Self::Plain => serde_json::from_str(text).ok(),
            Self::Camel | Self::Pascal => Some(renamed(&serde_json::from_str(text).ok()?, snake)),
        }
    }
}

/// JSON with the names in it rewritten. A list has none in the structures SNS knows.
fn renamed(value: &Json, name: impl Fn(&str) -> String + Copy) -> Json {
    match value {
        Json::Object(fields) => fields.iter().map(|(key, value)| (name(key), renamed(value, name))).collect(),
        value => value.clone(),
    }
}

fn camel(snake: &str, begins_big: bool) -> String {
    let words = snake.split('_').enumerate().map(|(index, word)| match word.get(..1) {
        Some(first) if index > 0 || begins_big => first.to_ascii_uppercase() + &word[1..],
        _ => word.to_owned(),
    });
    words.collect()
}

fn snake(camel: &str) -> String {
    let letters = camel.chars().enumerate().flat_map(|(index, letter)| {
        let gap = (letter.is_ascii_uppercase() && index > 0).then_some('_');
        gap.into_iter().chain([letter.to_ascii_lowercase()])
    });
    letters.collect()
}

/// How delivery to an HTTP endpoint is tried again, in three phases of retries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RetryPolicy {
    /// Shortest pause between retries, in seconds; AWS's default is 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub min_delay_target: Option<u32>,
    /// Longest pause between retries, in seconds; AWS's default is 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub max_delay_target: Option<u32>,
    /// How many retries there are in all; AWS's default is 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub num_retries: Option<u32>,
    /// How many are made at once, without a pause; AWS's default is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_no_delay_retries: Option<u32>,
    /// How many are made then after the shortest pause; AWS's default is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_min_delay_retries: Option<u32>,
    /// How many are made in the end after the longest pause; AWS's default is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_max_delay_retries: Option<u32>,
    /// How the pause grows between the two; AWS's default is `linear`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["arithmetic", "exponential", "geometric", "linear"]))]
    pub backoff_function: Option<String>,
}

/// How fast messages go to an HTTP endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ThrottlePolicy {
    /// How many deliveries a second one subscription gets on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_receives_per_second: Option<u32>,
}

/// What is sent to an HTTP endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RequestPolicy {
    /// The content type, such as `application/json`; AWS's default is `text/plain; charset=UTF-8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_content_type: Option<String>,
}

/// Tags as the API takes them. A tag has its key and value, so building one cannot fail.
pub(crate) fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

/// The ARN of a topic of our account and region.
///
/// # Errors
/// When STS does not tell the account.
pub(crate) async fn topic_arn(cloud: &Cloud, name: &str) -> Result<String> {
    Ok(cloud.arn("sns", &cloud.account(None).await?, name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ATTRIBUTES: [Attribute; 5] = [
        Attribute::text("key", "Key"),
        Attribute::plain("rate", "Rate"),
        Attribute::told("filter", "Filter"),
        Attribute::camel("policy", "Policy"),
        Attribute::pascal("archive", "Archive").or("{}"),
    ];

    fn spec() -> Json {
        json!({
            "key": "alias/a",
            "rate": 100,
            "filter": { "aBc": ["x_y"] },
            "policy": { "http": { "default_retry": { "num_retries": 3 } } },
            "archive": { "message_retention_period": 30 },
        })
    }

    #[test]
    fn attributes_are_the_properties_as_texts() {
        let texts = to_attributes(&spec(), &ATTRIBUTES, |_| true);
        let expected = [
            ("Key", "alias/a"),
            ("Rate", "100"),
            ("Filter", r#"{"aBc":["x_y"]}"#),
            ("Policy", r#"{"http":{"defaultRetry":{"numRetries":3}}}"#),
            ("Archive", r#"{"MessageRetentionPeriod":30}"#),
        ];
        assert_eq!(texts, expected.map(|(name, text)| (name, text.to_owned())));
        let told = texts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
        let back: Json = from_attributes("sns:Get", &ATTRIBUTES, &told, [("name", "a".to_owned())]).unwrap();
        assert_eq!(back["policy"], spec()["policy"]);
        assert_eq!([&back["archive"], &back["rate"]], [&spec()["archive"], &spec()["rate"]]);
        assert_eq!(back["name"], "a");
    }

    #[test]
    fn what_is_empty_or_not_told_has_a_word_for_it() {
        let texts = to_attributes(&json!({ "policy": {}, "rate": 1 }), &ATTRIBUTES, |field| field != "rate");
        assert_eq!(texts, [("Policy", String::new())]);
        let back: Json = from_attributes("sns:Get", &ATTRIBUTES, &HashMap::new(), []).unwrap();
        assert_eq!(back, json!({ "key": "", "archive": {} }));
    }
}
