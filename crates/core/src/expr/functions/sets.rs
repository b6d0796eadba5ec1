//! Sets: lists without equal items, in the order of their items where they have one.

use std::collections::BTreeSet;

use super::encoding::to_text;
use super::{Call, Function, Looks, Outcome, collections};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "setintersection(list: list<T>, lists: list<T>...) -> list<T>",
        "The items that are in every list.",
        r#"setintersection(["a", "b"], ["b", "c"], ["b", "d"]) == ["b"]"#,
        |call| {
            let others = keys_of_rest(call)?;
            set_of(call.list(0)?.iter().filter(|item| others.iter().all(|other| other.contains(&to_text(item)))))
        },
    ),
    Function::new(
        "setproduct(list: list<any>, lists: list<any>...) -> list<list<any>>",
        "All lists of one item of each list.",
        r#"setproduct(["a", "b"], [1, 2]) == [["a", 1], ["a", 2], ["b", 1], ["b", 2]]"#,
        product,
    )
    .looking(Looks::Outside),
    Function::new(
        "setsubtract(list: list<T>, without: list<T>) -> list<T>",
        "The items of the first list that are not in the second.",
        r#"setsubtract(["a", "b", "c"], ["a", "c"]) == ["b"]"#,
        |call| {
            let others = keys_of_rest(call)?;
            set_of(call.list(0)?.iter().filter(|item| !others.iter().any(|other| other.contains(&to_text(item)))))
        },
    ),
    Function::new(
        "setunion(list: list<T>, lists: list<T>...) -> list<T>",
        "The items that are in any of the lists.",
        r#"setunion(["a", "b"], ["b", "c"], ["d"]) == ["a", "b", "c", "d"]"#,
        |call| {
            let lists: Result<Vec<_>, _> = (0..call.values.len()).map(|position| call.list(position)).collect();
            set_of(lists?.into_iter().flatten())
        },
    ),
    Function::new(
        "toset(list: list<T>) -> list<T>",
        "The list sorted, with only one of equal items.",
        r#"toset(["c", "b", "c"]) == ["b", "c"]"#,
        |call| set_of(call.list(0)?.iter()),
    ),
];

/// What tells the items of each list but the first apart from others.
fn keys_of_rest(call: &Call<'_>) -> Result<Vec<BTreeSet<String>>, String> {
    let lists = (1..call.values.len()).map(|position| call.list(position));
    lists.map(|list| Ok(list?.iter().map(to_text).collect())).collect()
}

fn set_of<'v>(items: impl Iterator<Item = &'v Value>) -> Outcome {
    let mut items: Vec<Value> = collections::distinct_of(items).cloned().collect();
    collections::sort_alike(&mut items);
    Ok(Value::list(items))
}

fn product(call: &mut Call<'_>) -> Outcome {
    let mut made: Vec<Vec<Value>> = vec![Vec::new()];
    for position in 0..call.values.len() {
        let list = call.list(position)?;
        call.budget.spend(made.len().saturating_mul(list.len()).saturating_mul(position + 1))?;
        let longer =
            made.iter().flat_map(|start| list.iter().map(|item| start.iter().chain([item]).cloned().collect()));
        made = longer.collect();
    }
    Ok(Value::list(made.into_iter().map(Value::list)))
}
