//! The part of what is live that a spec manages.

use crate::value::Value;

/// The part of `live` that a spec of the form `stated` manages: recorded as applied, so that
/// the rest counts as never stated rather than as taken out.
pub fn part(live: &Value, stated: &Value) -> Value {
    match (live, stated) {
        (Value::Map(live), Value::Map(stated)) => {
            let kept = live.iter().filter_map(|(key, value)| Some((key.clone(), part(value, stated.get(key)?))));
            Value::map(kept.collect::<Vec<_>>())
        }
        (Value::List(live), Value::List(stated)) => {
            let any = stated.iter().fold(Value::Null, joined);
            Value::list(live.iter().map(|item| part(item, &any)).collect::<Vec<_>>())
        }
        _ => live.clone(),
    }
}

/// A form that states what either does.
fn joined(one: Value, other: &Value) -> Value {
    match (one, other) {
        (Value::Map(one), Value::Map(other)) => {
            let mut all = (*one).clone();
            for (key, value) in other.iter() {
                let before = all.remove(key).unwrap_or(Value::Null);
                all.insert(key.clone(), joined(before, value));
            }
            Value::map(all)
        }
        (Value::List(one), Value::List(other)) => Value::list(one.iter().chain(other.iter()).cloned()),
        (_, other) => other.clone(),
    }
}

/// `live` with everything secret that `stated` has as a secret: AWS reports in plain text
/// what a secret was derived into.
pub fn concealed(live: Value, stated: &Value) -> Value {
    match (live, stated) {
        (Value::Map(live), Value::Map(stated)) => {
            let entries = live
                .iter()
                .map(|(key, value)| (key.clone(), concealed(value.clone(), stated.get(key).unwrap_or(&Value::Null))));
            Value::map(entries.collect::<Vec<_>>())
        }
        (live, stated) if stated.has_secret() => live.into_secret(),
        (live, _) => live,
    }
}
