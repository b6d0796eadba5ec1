//! Regular expressions, and replacing.

use regex_lite::{Captures, Regex};

use super::{Call, Function, Outcome};
use crate::expr::operators::shown;
use crate::value::Value;

/// Steps it costs to compile one regular expression, for each 16 bytes of it.
const COMPILE_STEPS: usize = 100;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "matches(string: string, pattern: string) -> boolean",
        "Whether the regular expression matches anywhere in the string.",
        r#""vpc-0a1b".matches("^vpc-[0-9a-f]+$")"#,
        |call| Ok(Value::Bool(pattern(call, call.text(1)?, call.text(0)?)?.is_match(call.text(0)?))),
    )
    .method(),
    Function::new(
        "regex(pattern: string, string: string) -> any",
        "The first part of the string that the regular expression matches; with groups the list of theirs, with \
         named groups the map. It is an error if nothing matches.",
        r#"regex("[a-z]+", "53.aaabbb23") == "aaabbb""#,
        |call| {
            let (regex, text) = (pattern(call, call.text(0)?, call.text(1)?)?, call.text(1)?);
            let found = regex.captures(text).ok_or("the pattern matches nowhere in the string")?;
            groups(&regex, &found)
        },
    ),
    Function::new(
        "regexall(pattern: string, string: string) -> list<any>",
        "All that `regex` would find, one behind the other; an empty list if nothing matches.",
        r#"regexall("[a-z]+", "1234abcd5678efgh9") == ["abcd", "efgh"]"#,
        |call| {
            let (regex, text) = (pattern(call, call.text(0)?, call.text(1)?)?, call.text(1)?);
            let mut all = Vec::new();
            for found in regex.captures_iter(text) {
                call.budget.spend(found.len())?;
                all.push(groups(&regex, &found)?);
            }
            Ok(Value::list(all))
        },
    ),
    Function::new(
        "replace(string: string, search: string, replacement: string) -> string",
        "The string with every occurrence of the search replaced. A search between slashes is a regular \
         expression, whose groups the replacement may name as `$1` or `${name}`.",
        r#"replace("1 + 2 + 3", "+", "-") == "1 - 2 - 3""#,
        replace,
    )
    .method(),
];

/// What was found, as `regex` gives it: the groups, or all of it where there are none.
fn groups(regex: &Regex, found: &Captures<'_>) -> Outcome {
    let text = |position: usize| found.get(position).map_or(Value::Null, |group| Value::from(group.as_str()));
    let names: Vec<Option<&str>> = regex.capture_names().skip(1).collect();
    let named: Vec<&str> = names.iter().flatten().copied().collect();
    match (names.len(), named.len()) {
        (0, _) => Ok(text(0)),
        (count, 0) => Ok(Value::list((1..=count).map(text))),
        (count, with_name) if count == with_name => {
            Ok(Value::map(named.into_iter().zip(1..).map(|(name, position)| (name.to_owned(), text(position)))))
        }
        _ => Err("either all groups of a pattern have a name, or none".to_owned()),
    }
}

fn replace(call: &mut Call<'_>) -> Outcome {
    let (text, search, replacement) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let regex = search.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    if let Some(regex) = regex {
        let regex = pattern(call, regex, text)?;
        return replace_matches(call, &regex, text, replacement);
    }
    let count = text.matches(search).count();
    call.budget.spend_text(count.saturating_mul(replacement.len()))?;
    Ok(Value::from(text.replace(search, replacement)))
}

fn replace_matches(call: &mut Call<'_>, regex: &Regex, text: &str, replacement: &str) -> Outcome {
    let mut result = String::new();
    let mut done = 0;
    for captures in regex.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        let before = result.len();
        result.push_str(&text[done..whole.start()]);
        expand(call, &captures, replacement, &mut result)?;
        call.budget.spend_text(result.len() - before)?;
        done = whole.end();
    }
    result.push_str(&text[done..]);
    Ok(Value::from(result))
}

/// Appends the replacement with its groups filled in, paying before it grows:
/// a short replacement may name a long group many times.
fn expand(call: &mut Call<'_>, captures: &Captures<'_>, replacement: &str, result: &mut String) -> Result<(), String> {
    let longest = captures.iter().flatten().map(|group| group.len()).max().unwrap_or(0);
    let names = replacement.matches('$').count();
    call.budget.spend_text(longest.saturating_mul(names).saturating_add(replacement.len()))?;
    captures.expand(replacement, result);
    Ok(())
}

/// Compiles `pattern`, paying for that and for matching it against `text`.
fn pattern(call: &mut Call<'_>, pattern: &str, text: &str) -> Result<Regex, String> {
    call.budget.spend(COMPILE_STEPS)?;
    call.budget.spend_text(pattern.len().saturating_mul(text.len().max(COMPILE_STEPS)))?;
    regex_lite::RegexBuilder::new(pattern)
        .size_limit(1 << 16)
        .build()
        .map_err(|error| format!("`{}` is no regular expression: {error}", shown(pattern)))
}
