//! The matrix as a table.

use super::{Row, Side, Verb};

const HEAD: [&str; 9] = [
    "spec",
    "apply: calls",
    "before",
    "after",
    "destroy: calls",
    "before",
    "after",
    "kills in a chain",
    "kinds of faults",
];

/// One row for each subject: how many calls it makes, and of how many a kill before and after was
/// mended.
pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![line(&HEAD.map(str::to_owned))];
    lines.extend(rows.iter().map(|row| line(&cells(row))));
    let all: usize = rows.iter().map(|row| row.cells.len()).sum();
    let passed = rows.iter().flat_map(|row| &row.cells).filter(|(_, found)| found.is_ok()).count();
    lines.push(format!("{passed} of {all} kills were mended by one plain run"));
    lines.join("\n")
}

fn line(cells: &[String; 9]) -> String {
    let [name, numbers @ ..] = cells;
    let widths = [12, 8, 8, 14, 8, 8, 16, 15];
    let numbers = numbers.iter().zip(widths).map(|(cell, width)| format!("  {cell:>width$}"));
    format!("{name:<28}{}", numbers.collect::<String>())
}

fn cells(row: &Row) -> [String; 9] {
    let of = |verb, side| row.cells.iter().filter(move |(it, _)| it.verb == verb && it.side == side);
    let calls = |verb| of(verb, Side::Before).count().to_string();
    let passed = |verb, side| {
        let passed = of(verb, side).filter(|(_, found)| found.is_ok()).count();
        format!("{passed}/{}", of(verb, side).count())
    };
    let [chain, faults] =
        [&row.chain, &row.faults].map(|found| found.as_ref().map_or_else(|_| "FAILS".to_owned(), usize::to_string));
    let [apply, destroy] =
        [Verb::Apply, Verb::Destroy].map(|verb| [calls(verb), passed(verb, Side::Before), passed(verb, Side::After)]);
    let [[a, b, c], [d, e, f]] = [apply, destroy];
    [row.name.clone(), a, b, c, d, e, f, chain, faults]
}
