//! Lists and maps.

use std::collections::{BTreeMap, BTreeSet};

use super::encoding::to_text;
use super::{Call, Function, Looks, Outcome, counted};
use crate::expr::opened::{Opened, made_of, seal, type_of_any};
use crate::expr::operators::{a_type, numeric_order, shown};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "chunklist(list: list<T>, size: integer) -> list<list<T>>",
        "The list cut into lists of that size, the last of which may be shorter.",
        "chunklist([1, 2, 3], 2) == [[1, 2], [3]]",
        chunklist,
    )
    .looking(Looks::Outside),
    Function::new(
        "coalesce(value: T, more: T...) -> T",
        "The first value that is neither null nor an empty string.",
        r#"coalesce(null, "", "a", "b") == "a""#,
        coalesce,
    )
    .looking(Looks::AtUnknown),
    Function::new(
        "concat(list: list<T>, lists: list<T>...) -> list<T>",
        "The items of all lists in one.",
        "concat([1, 2], [3]) == [1, 2, 3]",
        concat,
    )
    .looking(Looks::Outside),
    Function::new(
        "distinct(list: list<T>) -> list<T>",
        "The list with only the first of equal items.",
        r#"distinct(["a", "b", "a"]) == ["a", "b"]"#,
        distinct,
    ),
    Function::new(
        "element(list: list<T>, index: integer) -> T",
        "The item at the index, which starts over behind the last item; -1 is the last.",
        r#"element(["a", "b", "c"], 3) == "a""#,
        element,
    )
    .looking(Looks::Outside),
    Function::new(
        "flatten(list: list<any>) -> list<any>",
        "The list with the items of lists within it in their place, at any depth.",
        "flatten([[1, [2]], [], 3]) == [1, 2, 3]",
        flatten,
    ),
    Function::new(
        "keys(map: map<any> | list<any>) -> list<any>",
        "The map's keys, sorted; of a list its positions.",
        r#"keys({"b": 1, "a": 2}) == ["a", "b"]"#,
        keys,
    )
    .looking(Looks::Outside),
    Function::new(
        "length(value: list<any> | map<any> | string) -> integer",
        "How many items a list or map has, or characters a string.",
        r#"length(["a", "b"]) == 2"#,
        length,
    )
    .looking(Looks::Outside),
    Function::new(
        "lookup(map: map<T>, key: string, default: T?) -> T",
        "The map's value for the key, or the default where it has none.",
        r#"lookup({"a": 1}, "b", 2) == 2"#,
        lookup,
    )
    .looking(Looks::Outside),
    Function::new(
        "merge(maps: map<T>...) -> map<T>",
        "The entries of all maps in one; where several have a key the last wins. Null counts as an empty map.",
        r#"merge({"a": 1, "b": 2}, {"b": 3}) == {"a": 1, "b": 3}"#,
        merge,
    )
    .looking(Looks::Outside),
    Function::new(
        "range(start: number, limit: number?, step: number?) -> list<number>",
        "The numbers from start, by the step, as long as they do not reach the limit. With one argument the \
         start is 0; without a step it is 1, or -1 where the limit is below the start.",
        "range(3) == [0, 1, 2] && range(1, 8, 2) == [1, 3, 5, 7]",
        range,
    ),
    Function::new(
        "reverse(list: list<T>) -> list<T>",
        "The list from its end to its start.",
        "reverse([1, 2, 3]) == [3, 2, 1]",
        |call| Ok(Value::list(call.list(0)?.iter().rev().cloned())),
    )
    .looking(Looks::Outside),
    Function::new(
        "size(value: list<any> | map<any> | string) -> integer",
        "The same as `length`, by CEL's name.",
        r#"["a", "b"].size() == 2"#,
        length,
    )
    .looking(Looks::Outside)
    .method(),
    Function::new(
        "slice(list: list<T>, start: integer, end: integer) -> list<T>",
        "The items from the start up to, but without, the end.",
        r#"slice(["a", "b", "c", "d"], 1, 3) == ["b", "c"]"#,
        slice,
    )
    .looking(Looks::Outside),
    Function::new(
        "sort(list: list<T>) -> list<T>",
        "The strings in the order of their characters, or the numbers from the least.",
        r#"sort(["e", "d", "a"]) == ["a", "d", "e"]"#,
        sort,
    ),
    Function::new(
        "values(map: map<T> | list<T>) -> list<T>",
        "The map's values, in the order of its keys; of a list its items.",
        r#"values({"b": 1, "a": 2}) == [2, 1]"#,
        values,
    )
    .looking(Looks::Outside),
    Function::new(
        "zipmap(keys: list<string>, values: list<T>) -> map<T>",
        "The map of the keys to the values at the same positions.",
        r#"zipmap(["a", "b"], [1, 2]) == {"a": 1, "b": 2}"#,
        zipmap,
    )
    .looking(Looks::InsideFirst),
];

fn chunklist(call: &mut Call<'_>) -> Outcome {
    let (items, size) = (call.list(0)?, call.count(1)?);
    let size = if size == 0 { items.len().max(1) } else { size };
    Ok(Value::list(items.chunks(size).map(|chunk| Value::list(chunk.iter().cloned()))))
}

/// What an unknown stands for decides, so everything behind it is open; a value
/// found before any unknown is known whatever comes behind it.
fn coalesce(call: &mut Call<'_>) -> Outcome {
    let mut passed_secret = false;
    for (position, value) in call.values.iter().enumerate() {
        let mut opened = Opened::default();
        opened.add(value);
        if opened.unknown.is_some() {
            let rest = call.rest(position);
            return made_of(rest, type_of_any(rest), BTreeSet::new(), passed_secret, call.budget);
        }
        let is_secret = opened.is_secret || passed_secret;
        match opened.values.first() {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(found) if is_secret => return seal(found, call.budget),
            Some(found) => return Ok(found.clone()),
        }
        passed_secret = is_secret;
    }
    Err("every value is null or empty".to_owned())
}

fn concat(call: &mut Call<'_>) -> Outcome {
    let lists: Result<Vec<_>, _> = (0..call.values.len()).map(|position| call.list(position)).collect();
    Ok(Value::list(lists?.into_iter().flatten().cloned()))
}

fn distinct(call: &mut Call<'_>) -> Outcome {
    Ok(Value::list(distinct_of(call.list(0)?.iter()).cloned()))
}

/// The first of equal items. Equal are those with the same JSON, 1 and 1.0 included.
pub(super) fn distinct_of<'v>(items: impl Iterator<Item = &'v Value>) -> impl Iterator<Item = &'v Value> {
    let mut seen = BTreeSet::new();
    items.filter(move |item| seen.insert(to_text(item)))
}

fn element(call: &mut Call<'_>) -> Outcome {
    let (items, index) = (call.list(0)?, call.integer(1)?);
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let position = index.checked_rem_euclid(count).and_then(|position| usize::try_from(position).ok());
    position.and_then(|position| items.get(position)).cloned().ok_or_else(|| "the list is empty".to_owned())
}

fn flatten(call: &mut Call<'_>) -> Outcome {
    let mut flat = Vec::new();
    flatten_into(call.list(0)?, &mut flat);
    Ok(Value::list(flat))
}

fn flatten_into(items: &[Value], flat: &mut Vec<Value>) {
    for item in items {
        match item {
            Value::List(items) => flatten_into(items, flat),
            other => flat.push(other.clone()),
        }
    }
}

fn keys(call: &mut Call<'_>) -> Outcome {
    match call.value(0) {
        Value::List(items) => Ok(Value::list((0_i64..).zip(items.iter()).map(|(position, _)| Value::from(position)))),
        _ => Ok(Value::list(call.map(0)?.keys().map(|key| Value::from(key.as_str())))),
    }
}

fn values(call: &mut Call<'_>) -> Outcome {
    match call.value(0) {
        list @ Value::List(_) => Ok(list.clone()),
        _ => Ok(Value::list(call.map(0)?.values().cloned())),
    }
}

fn length(call: &mut Call<'_>) -> Outcome {
    let length = match call.value(0) {
        Value::String(text) => text.chars().count(),
        Value::Map(entries) => entries.len(),
        Value::List(items) => items.len(),
        other => return Err(format!("{} has no length", a_type(other))),
    };
    i64::try_from(length).map(Value::Integer).map_err(|error| error.to_string())
}

fn lookup(call: &mut Call<'_>) -> Outcome {
    let (map, key) = (call.map(0)?, call.text(1)?);
    let found = map.get(key).or_else(|| call.values.get(2));
    found.cloned().ok_or_else(|| format!("the map has no key `{}`, and there is no default", shown(key)))
}

fn merge(call: &mut Call<'_>) -> Outcome {
    let mut merged = BTreeMap::new();
    for (position, value) in call.values.iter().enumerate() {
        if *value != Value::Null {
            merged.extend(call.map(position)?.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    Ok(Value::map(merged))
}

fn range(call: &mut Call<'_>) -> Outcome {
    let (start, limit) = match call.values {
        [_] => (0.0, call.number(0)?),
        _ => (call.number(0)?, call.number(1)?),
    };
    let step = match call.values {
        [_, _, _] => call.number(2)?,
        _ => {
            if limit < start {
                -1.0
            } else {
                1.0
            }
        }
    };
    if step == 0.0 || (limit > start && step < 0.0) || (limit < start && step > 0.0) {
        return Err(format!("steps of {step} never lead from {start} to {limit}"));
    }
    let mut numbers = Vec::new();
    for count in 0_u32.. {
        let number = start + f64::from(count) * step;
        if (step > 0.0 && number >= limit) || (step < 0.0 && number <= limit) {
            break;
        }
        call.budget.spend(1)?;
        numbers.push(super::numbers::whole(&Value::Float(number)).map_or(Value::Float(number), Value::Integer));
    }
    Ok(Value::list(numbers))
}

fn slice(call: &mut Call<'_>) -> Outcome {
    let (items, start, end) = (call.list(0)?, call.count(1)?, call.count(2)?);
    let part = items.get(start..end);
    let part = part.ok_or_else(|| format!("the list has {}, not {start} to {end}", counted(items.len(), "item")))?;
    Ok(Value::list(part.iter().cloned()))
}

fn sort(call: &mut Call<'_>) -> Outcome {
    let mut items = call.list(0)?.to_vec();
    match sort_alike(&mut items) {
        true => Ok(Value::list(items)),
        false => Err("only strings, or only numbers, have an order".to_owned()),
    }
}

/// Sorts items that are all strings or all numbers; of others tells that it cannot.
pub(super) fn sort_alike(items: &mut [Value]) -> bool {
    let is_text = |item: &Value| matches!(item, Value::String(_));
    let is_number = |item: &Value| matches!(item, Value::Integer(_) | Value::Float(_));
    if items.iter().all(is_text) {
        items.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
    } else if items.iter().all(is_number) {
        items.sort_by(|left, right| numeric_order(left, right).unwrap_or(std::cmp::Ordering::Equal));
    } else {
        return false;
    }
    true
}

fn zipmap(call: &mut Call<'_>) -> Outcome {
    let (keys, values) = (call.list(0)?, call.list(1)?);
    if keys.len() != values.len() {
        let (keys, values) = (counted(keys.len(), "key"), counted(values.len(), "value"));
        return Err(format!("there are {keys} but {values}"));
    }
    let mut map = BTreeMap::new();
    for (key, value) in keys.iter().zip(values) {
        let key = key.as_str().ok_or_else(|| format!("a map's key is a string, not {}", a_type(key)))?;
        map.insert(key.to_owned(), value.clone());
    }
    Ok(Value::map(map))
}
