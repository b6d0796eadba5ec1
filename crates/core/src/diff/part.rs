//! The part of what is live that a spec manages.

use std::collections::BTreeMap;

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
            Value::list(live.iter().map(|item| part(item, form_of(item, stated).unwrap_or(&any))).collect::<Vec<_>>())
        }
        _ => live.clone(),
    }
}

/// The item among `stated` that `live` is meant by: of those it has all of, the one that states most.
fn form_of<'a>(live: &Value, stated: &'a [Value]) -> Option<&'a Value> {
    let fitting = stated.iter().filter(|stated| holds(live, stated));
    fitting.max_by_key(|stated| stated.as_map().map_or(0, BTreeMap::len))
}

/// Whether `live` has all that is stated.
fn holds(live: &Value, stated: &Value) -> bool {
    match (live, stated) {
        (Value::Map(live), Value::Map(stated)) => {
            stated.iter().all(|(key, stated)| live.get(key).is_some_and(|live| holds(live, stated)))
        }
        (Value::List(live), Value::List(stated)) => {
            live.len() == stated.len() && stated.iter().all(|stated| live.iter().any(|live| holds(live, stated)))
        }
        (_, Value::Secret(_)) => true,
        _ => live == stated,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_is_managed_as_far_as_the_one_that_means_it_states() {
        let live = json!([{ "name": "a", "size": 1, "port": 80 }, { "name": "b", "size": 2, "port": 81 }]);
        let stated = json!([{ "name": "b", "size": 2 }, { "name": "a" }]);
        let kept = json!([{ "name": "a" }, { "name": "b", "size": 2 }]);
        assert_eq!(part(&Value::from(&live), &Value::from(&stated)), Value::from(&kept));
    }

    #[test]
    fn an_item_that_none_means_is_managed_as_far_as_any_states() {
        let live = json!([{ "name": "c", "size": 1, "port": 80 }]);
        let stated = json!([{ "name": "a" }, { "size": 2 }]);
        let kept = json!([{ "name": "c", "size": 1 }]);
        assert_eq!(part(&Value::from(&live), &Value::from(&stated)), Value::from(&kept));
    }
}
