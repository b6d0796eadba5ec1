//! Text.

use regex_lite::{Captures, Regex};

use super::format::format;
use super::{ANY, Call, Function, Looks, Outcome};
use crate::expr::operators::{a_type, shown};
use crate::value::Value;

/// Steps it costs to compile one regular expression, for each 16 bytes of it.
const COMPILE_STEPS: usize = 100;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "contains",
        (2, 2),
        "contains(list, value)",
        "Whether the list has the value, or the string the other string within it.",
        r#"contains(["a", "b"], "a") && "abc".contains("b")"#,
        contains,
    )
    .method(),
    Function::new(
        "endsWith",
        (2, 2),
        "endsWith(string, suffix)",
        "Whether the string ends with the suffix.",
        r#""shop-prod".endsWith("-prod")"#,
        |call| Ok(Value::Bool(call.text(0)?.ends_with(call.text(1)?))),
    )
    .method(),
    Function::new(
        "format",
        (1, ANY),
        "format(spec, values...)",
        "Fills the values into the spec: `%s` a string, `%d` a whole number, `%f` a number, `%t` a boolean, \
         `%q` a quoted string, `%v` anything, `%x` hexadecimal, `%%` a percent sign. Width, precision and the \
         flags `-`, `+`, ` ` and `0` are as in Terraform.",
        r#"format("%s-%03d", "web", 7) == "web-007""#,
        format,
    ),
    Function::new(
        "join",
        (2, ANY),
        "join(separator, list)",
        "The items of the list in one string, with the separator between them.",
        r#"join(", ", ["foo", "bar"]) == "foo, bar""#,
        join,
    ),
    Function::new(
        "lower",
        (1, 1),
        "lower(string)",
        "The string in lower case.",
        r#"lower("HELLO") == "hello""#,
        |call| Ok(Value::from(call.text(0)?.to_lowercase())),
    ),
    Function::new(
        "matches",
        (2, 2),
        "matches(string, pattern)",
        "Whether the regular expression matches anywhere in the string.",
        r#""vpc-0a1b".matches("^vpc-[0-9a-f]+$")"#,
        |call| Ok(Value::Bool(pattern(call, call.text(1)?, call.text(0)?)?.is_match(call.text(0)?))),
    )
    .method(),
    Function::new(
        "replace",
        (3, 3),
        "replace(string, search, replacement)",
        "The string with every occurrence of the search replaced. A search between slashes is a regular \
         expression, whose groups the replacement may name as `$1` or `${name}`.",
        r#"replace("1 + 2 + 3", "+", "-") == "1 - 2 - 3""#,
        replace,
    )
    .method(),
    Function::new(
        "split",
        (2, 2),
        "split(separator, string)",
        "The parts of the string between the separators.",
        r#"split(",", "foo,bar") == ["foo", "bar"]"#,
        split,
    ),
    Function::new(
        "startsWith",
        (2, 2),
        "startsWith(string, prefix)",
        "Whether the string starts with the prefix.",
        r#""shop-prod".startsWith("shop")"#,
        |call| Ok(Value::Bool(call.text(0)?.starts_with(call.text(1)?))),
    )
    .method(),
    Function::new(
        "string",
        (1, 1),
        "string(value)",
        "A number or boolean as text.",
        r#"string(8080) == "8080""#,
        |call| plain_text(call.value(0)).map(Value::from),
    ),
    Function::new(
        "substr",
        (3, 3),
        "substr(string, offset, length)",
        "So many characters from the offset on. A negative offset counts from the end; the length -1 means all \
         of the rest.",
        r#"substr("hello world", 1, 4) == "ello""#,
        substr,
    ),
    Function::new(
        "trim",
        (2, 2),
        "trim(string, characters)",
        "The string without any of the characters at its start and end.",
        r#"trim("?!hello?!", "!?") == "hello""#,
        |call| {
            let unwanted: Vec<char> = call.text(1)?.chars().collect();
            call.budget.spend_text(call.text(0)?.len().saturating_mul(unwanted.len()))?;
            Ok(Value::from(call.text(0)?.trim_matches(unwanted.as_slice())))
        },
    ),
    Function::new(
        "trimprefix",
        (2, 2),
        "trimprefix(string, prefix)",
        "The string without the prefix, if it starts with it.",
        r#"trimprefix("helloworld", "hello") == "world""#,
        |call| without(call, |text, prefix| text.strip_prefix(prefix)),
    ),
    Function::new(
        "trimspace",
        (1, 1),
        "trimspace(string)",
        "The string without white space at its start and end.",
        r#"trimspace("  hello\n\n") == "hello""#,
        |call| Ok(Value::from(call.text(0)?.trim())),
    ),
    Function::new(
        "trimsuffix",
        (2, 2),
        "trimsuffix(string, suffix)",
        "The string without the suffix, if it ends with it.",
        r#"trimsuffix("helloworld", "world") == "hello""#,
        |call| without(call, |text, suffix| text.strip_suffix(suffix)),
    ),
    Function::new(
        "type",
        (1, 1),
        "type(value)",
        "What the value is: `null`, `boolean`, `integer`, `number`, `string`, `list` or `map`.",
        r#"type([1]) == "list""#,
        |call| Ok(Value::from(call.value(0).type_name())),
    )
    .looking(Looks::Outside),
    Function::new(
        "upper",
        (1, 1),
        "upper(string)",
        "The string in upper case.",
        r#"upper("hello") == "HELLO""#,
        |call| Ok(Value::from(call.text(0)?.to_uppercase())),
    ),
];

fn contains(call: &mut Call<'_>) -> Outcome {
    let found = match call.value(0) {
        Value::String(text) => text.contains(call.text(1)?),
        _ => call.list(0)?.iter().any(|item| crate::expr::operators::equal(item, call.value(1))),
    };
    Ok(Value::Bool(found))
}

fn join(call: &mut Call<'_>) -> Outcome {
    let separator = call.text(0)?;
    let mut joined = String::new();
    let mut is_first = true;
    for position in 1..call.values.len() {
        for item in call.list(position)? {
            let item = plain_text(item)?;
            call.budget.spend_text(item.len() + separator.len())?;
            if !is_first {
                joined.push_str(separator);
            }
            joined.push_str(&item);
            is_first = false;
        }
    }
    Ok(Value::from(joined))
}

/// A string, number or boolean as text.
pub(super) fn plain_text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.to_string()),
        Value::Integer(value) => Ok(value.to_string()),
        Value::Float(value) => Ok(value.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        other => Err(format!("{} has no text: use `jsonencode`", a_type(other))),
    }
}

fn split(call: &mut Call<'_>) -> Outcome {
    let (separator, text) = (call.text(0)?, call.text(1)?);
    let parts: Vec<&str> = match separator {
        "" => text.char_indices().map(|(start, letter)| &text[start..start + letter.len_utf8()]).collect(),
        _ => text.split(separator).collect(),
    };
    call.budget.spend(parts.len())?;
    Ok(Value::list(parts.into_iter().map(Value::from)))
}

fn substr(call: &mut Call<'_>) -> Outcome {
    let (text, offset, length) = (call.text(0)?, call.integer(1)?, call.integer(2)?);
    let total = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let start = if offset < 0 { (total + offset.max(-total)).max(0) } else { offset };
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let length = match length {
        -1 => usize::MAX,
        _ => usize::try_from(length).map_err(|_| format!("the length is -1 or more, not {length}"))?,
    };
    Ok(Value::from(text.chars().skip(start).take(length).collect::<String>()))
}

fn without(call: &Call<'_>, strip: for<'t> fn(&'t str, &str) -> Option<&'t str>) -> Outcome {
    let text = call.text(0)?;
    Ok(Value::from(strip(text, call.text(1)?).unwrap_or(text)))
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
