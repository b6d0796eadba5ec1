//! What holds of the items of lists, and which of them are there.

use super::strings::plain_text;
use super::{Call, Function, Looks, Outcome, counted};
use crate::expr::node::Operator;
use crate::expr::operators::{a_type, binary, equal};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "alltrue(list: list<boolean>) -> boolean",
        "Whether all items are true, or the text `true`; of no items they are.",
        r#"alltrue(["true", true])"#,
        |call| Ok(Value::Bool(!truths(call)?.contains(&false))),
    ),
    Function::new(
        "anytrue(list: list<boolean>) -> boolean",
        "Whether any item is true, or the text `true`.",
        r#"anytrue([false, "true"])"#,
        |call| Ok(Value::Bool(truths(call)?.contains(&true))),
    ),
    Function::new(
        "compact(list: list<string>) -> list<string>",
        "The list without null and empty strings.",
        r#"compact(["a", "", null, "b"]) == ["a", "b"]"#,
        compact,
    ),
    Function::new(
        "index(list: list<any>, value: any) -> integer",
        "The position of the first item that equals the value. It is an error if there is none.",
        r#"index(["a", "b", "c"], "b") == 1"#,
        index,
    ),
    Function::new(
        "one(list: list<T>) -> T",
        "The only item of a list, or null of an empty one.",
        r#"one(["a"]) == "a" && one([]) == null"#,
        |call| match call.list(0)? {
            [] => Ok(Value::Null),
            [item] => Ok(item.clone()),
            items => Err(format!("the list has {}, not one or none", counted(items.len(), "item"))),
        },
    )
    .looking(Looks::Outside),
    Function::new("sum(list: list<number>) -> number", "The sum of the numbers.", "sum([10, 13, 6, 4.5]) == 33.5", sum),
    Function::new(
        "tolist(list: list<T>) -> list<T>",
        "The list itself: for specs that come from Terraform.",
        r#"tolist(["a", "b"]) == ["a", "b"]"#,
        |call| call.list(0).map(|_| call.value(0).clone()),
    )
    .looking(Looks::Outside),
    Function::new(
        "tomap(map: map<T>) -> map<T>",
        "The map itself: for specs that come from Terraform.",
        r#"tomap({"a": 1}) == {"a": 1}"#,
        |call| call.map(0).map(|_| call.value(0).clone()),
    )
    .looking(Looks::Outside),
];

/// The items as booleans, null counting as false.
fn truths(call: &Call<'_>) -> Result<Vec<bool>, String> {
    let truth = |item: &Value| match item {
        Value::Bool(value) => Ok(*value),
        Value::Null => Ok(false),
        Value::String(text) if matches!(&**text, "true" | "false") => Ok(&**text == "true"),
        other => Err(format!("{} is neither true nor false", a_type(other))),
    };
    call.list(0)?.iter().map(truth).collect()
}

fn compact(call: &mut Call<'_>) -> Outcome {
    let mut kept = Vec::new();
    for item in call.list(0)?.iter().filter(|item| **item != Value::Null) {
        let text = plain_text(item)?;
        if !text.is_empty() {
            kept.push(Value::from(text));
        }
    }
    Ok(Value::list(kept))
}

fn index(call: &mut Call<'_>) -> Outcome {
    let found = call.list(0)?.iter().position(|item| equal(item, call.value(1)));
    let found = found.and_then(|position| i64::try_from(position).ok());
    found.map(Value::Integer).ok_or_else(|| "the list does not have the value".to_owned())
}

fn sum(call: &mut Call<'_>) -> Outcome {
    let items = call.list(0)?;
    if let Some(other) = items.iter().find(|item| !matches!(item, Value::Integer(_) | Value::Float(_))) {
        return Err(format!("only numbers have a sum, not {}", a_type(other)));
    }
    let (first, rest) = items.split_first().ok_or("there are no numbers to sum up")?;
    rest.iter().try_fold(first.clone(), |sum, item| binary(Operator::Add, &[sum, item.clone()], call.budget))
}
