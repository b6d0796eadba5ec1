//! IAM policy documents, compared by what they allow rather than by their text.
//!
//! AWS gives a policy back rewritten: a list of one as its item, an account's number
//! as its root ARN, booleans as strings, the order of anything unordered changed. The
//! [grammar](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html)
//! says where one item and a list of it mean the same.

use serde_json::{Map, Value as Json};

/// Whether two policies mean the same.
pub fn same(left: &Json, right: &Json) -> bool {
    normal(left) == normal(right)
}

/// The one form of all policies that mean the same.
pub fn normal(policy: &Json) -> Json {
    match policy {
        Json::String(text) => serde_json::from_str(text).map_or_else(|_| policy.clone(), |inner: Json| normal(&inner)),
        Json::Object(fields) => {
            Json::Object(fields.iter().filter_map(|(key, value)| document_field(key, value)).collect())
        }
        other => other.clone(),
    }
}

fn document_field(key: &str, value: &Json) -> Option<(String, Json)> {
    let value = match key {
        "Statement" => sorted(items(value).iter().map(statement).collect()),
        "Id" if value == "" => return None,
        _ => value.clone(),
    };
    Some((key.to_owned(), value))
}

fn statement(statement: &Json) -> Json {
    let Json::Object(fields) = statement else {
        return statement.clone();
    };
    Json::Object(fields.iter().filter_map(|(key, value)| statement_field(key, value)).collect())
}

fn statement_field(key: &str, value: &Json) -> Option<(String, Json)> {
    let value = match key {
        "Sid" if value == "" => return None,
        "Action" | "NotAction" => strings(value, str::to_ascii_lowercase),
        "Resource" | "NotResource" => strings(value, str::to_owned),
        "Principal" | "NotPrincipal" => principal(value),
        "Condition" => condition(value),
        _ => value.clone(),
    };
    Some((key.to_owned(), value))
}

/// `"*"` and `{"AWS": "*"}` mean the same.
fn principal(value: &Json) -> Json {
    match value {
        Json::Object(kinds) => map(kinds, |_, names| strings(names, account_root)),
        Json::String(everyone) if everyone == "*" => serde_json::json!({ "AWS": ["*"] }),
        other => other.clone(),
    }
}

/// An account's number stands for its root user's ARN.
fn account_root(name: &str) -> String {
    let is_root = name.starts_with("arn:") && name.ends_with(":root");
    match name.split(':').nth(4) {
        Some(account) if is_root => account.to_owned(),
        _ => name.to_owned(),
    }
}

fn condition(value: &Json) -> Json {
    match value {
        Json::Object(operators) => map(operators, |_, keys| match keys {
            Json::Object(keys) => {
                let lowered =
                    keys.iter().map(|(key, values)| (key.to_ascii_lowercase(), strings(values, str::to_owned)));
                Json::Object(lowered.collect())
            }
            other => other.clone(),
        }),
        other => other.clone(),
    }
}

fn map(entries: &Map<String, Json>, value: impl Fn(&str, &Json) -> Json) -> Json {
    Json::Object(entries.iter().map(|(key, inner)| (key.clone(), value(key, inner))).collect())
}

/// The items of a list, or a single item as a list of one.
fn items(value: &Json) -> Vec<Json> {
    match value {
        Json::Array(items) => items.clone(),
        single => vec![single.clone()],
    }
}

/// An unordered list of scalars as sorted strings without repetition.
fn strings(value: &Json, normal: impl Fn(&str) -> String) -> Json {
    let mut strings: Vec<String> = items(value)
        .iter()
        .map(|item| match item {
            Json::String(text) => normal(text),
            other => normal(&other.to_string()),
        })
        .collect();
    strings.sort();
    strings.dedup();
    Json::from(strings)
}

/// Statements are unordered.
fn sorted(mut statements: Vec<Json>) -> Json {
    statements.sort_by_key(Json::to_string);
    Json::Array(statements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_aws_rewrites_means_the_same() {
        let ours = json!({
            "Version": "2012-10-17",
            "Statement": {
                "Sid": "", "Effect": "Allow", "Principal": {"AWS": "123456789012"},
                "Action": ["s3:PutObject", "s3:GetObject"], "Resource": "arn:aws:s3:::b/*",
                "Condition": {"Bool": {"aws:SecureTransport": true}}
            }
        });
        let theirs = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]},
                "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::b/*"],
                "Condition": {"Bool": {"aws:SecureTransport": ["true"]}}
            }]
        });
        assert!(same(&ours, &theirs));
        assert!(same(&ours, &Json::from(theirs.to_string())));
    }

    #[test]
    fn what_allows_something_else_differs() {
        let policy = |effect: &str, action: &str, resource: &str| json!({"Statement": [{"Effect": effect, "Action": action, "Resource": resource}]});
        let base = policy("Allow", "s3:GetObject", "*");
        for other in [
            policy("Deny", "s3:GetObject", "*"),
            policy("Allow", "s3:PutObject", "*"),
            policy("Allow", "s3:GetObject", "arn:aws:s3:::b"),
        ] {
            assert!(!same(&base, &other), "{other}");
        }
    }
}
