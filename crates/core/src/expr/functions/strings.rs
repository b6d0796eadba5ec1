//! Text.

use super::format::{format, formatlist};
use super::{Call, Function, Looks, Outcome};
use crate::expr::operators::a_type;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "chomp(string: string) -> string",
        "The string without the line ends at its end.",
        r#"chomp("hello\r\n\n") == "hello""#,
        |call| Ok(Value::from(call.text(0)?.trim_end_matches(['\r', '\n']))),
    ),
    Function::new(
        "contains(list: list<any> | string, value: any) -> boolean",
        "Whether the list has the value, or the string the other string within it.",
        r#"contains(["a", "b"], "a") && "abc".contains("b")"#,
        contains,
    )
    .method(),
    Function::new(
        "endsWith(string: string, suffix: string) -> boolean",
        "Whether the string ends with the suffix.",
        r#""shop-prod".endsWith("-prod")"#,
        |call| Ok(Value::Bool(call.text(0)?.ends_with(call.text(1)?))),
    )
    .method(),
    Function::new(
        "endswith(string: string, suffix: string) -> boolean",
        "The same as `endsWith`, by Terraform's name.",
        r#"endswith("hello world", "world")"#,
        |call| Ok(Value::Bool(call.text(0)?.ends_with(call.text(1)?))),
    ),
    Function::new(
        "format(spec: string, values: any...) -> string",
        "Fills the values into the spec: `%s` a string, `%d` a whole number, `%f` a number, `%t` a boolean, \
         `%q` a quoted string, `%v` anything, `%#v` anything as JSON, `%x`, `%o` and `%b` hexadecimal, octal and binary, \
         `%%` a percent sign. Width, precision, the flags `-`, `+`, ` ` and `0`, and positions such as `%[1]s` are as \
         in Terraform.",
        r#"format("%s-%03d", "web", 7) == "web-007""#,
        format,
    ),
    Function::new(
        "formatlist(spec: string, values: any...) -> list<string>",
        "As `format`, once for each item of the lists among the values, which are of one length.",
        r#"formatlist("%s-%d", "web", [1, 2]) == ["web-1", "web-2"]"#,
        formatlist,
    ),
    Function::new(
        "indent(spaces: integer, string: string) -> string",
        "The string with so many spaces before each line but the first.",
        r#"indent(2, "a:\n- b") == "a:\n  - b""#,
        |call| {
            let (spaces, text) = (call.count(0)?, call.text(1)?);
            call.budget.spend_text(text.matches('\n').count().saturating_mul(spaces))?;
            Ok(Value::from(text.replace('\n', &format!("\n{}", " ".repeat(spaces)))))
        },
    ),
    Function::new(
        "join(separator: string, list: list<string>, lists: list<string>...) -> string",
        "The items of the list in one string, with the separator between them.",
        r#"join(", ", ["foo", "bar"]) == "foo, bar""#,
        join,
    ),
    Function::new(
        "lower(string: string) -> string",
        "The string in lower case.",
        r#"lower("HELLO") == "hello""#,
        |call| Ok(Value::from(call.text(0)?.to_lowercase())),
    ),
    Function::new(
        "split(separator: string, string: string) -> list<string>",
        "The parts of the string between the separators.",
        r#"split(",", "foo,bar") == ["foo", "bar"]"#,
        split,
    ),
    Function::new(
        "startsWith(string: string, prefix: string) -> boolean",
        "Whether the string starts with the prefix.",
        r#""shop-prod".startsWith("shop")"#,
        |call| Ok(Value::Bool(call.text(0)?.starts_with(call.text(1)?))),
    )
    .method(),
    Function::new(
        "startswith(string: string, prefix: string) -> boolean",
        "The same as `startsWith`, by Terraform's name.",
        r#"startswith("hello world", "hello")"#,
        |call| Ok(Value::Bool(call.text(0)?.starts_with(call.text(1)?))),
    ),
    Function::new(
        "strcontains(string: string, part: string) -> boolean",
        "Whether the string has the part within it.",
        r#"strcontains("hello world", "wor")"#,
        |call| Ok(Value::Bool(call.text(0)?.contains(call.text(1)?))),
    ),
    Function::new(
        "string(value: string | number | boolean) -> string",
        "A number or boolean as text.",
        r#"string(8080) == "8080""#,
        |call| plain_text(call.value(0)).map(Value::from),
    ),
    Function::new(
        "substr(string: string, offset: integer, length: integer) -> string",
        "So many characters from the offset on. A negative offset counts from the end; the length -1 means all \
         of the rest.",
        r#"substr("hello world", 1, 4) == "ello""#,
        substr,
    ),
    Function::new(
        "title(string: string) -> string",
        "The string with the first letter of each word in upper case.",
        r#"title("hello world") == "Hello World""#,
        |call| Ok(Value::from(title(call.text(0)?))),
    ),
    Function::new(
        "tostring(value: string | number | boolean) -> string",
        "The same as `string`, by Terraform's name; null stays null.",
        r#"tostring(true) == "true""#,
        |call| match call.value(0) {
            Value::Null => Ok(Value::Null),
            value => plain_text(value).map(Value::from),
        },
    ),
    Function::new(
        "trim(string: string, characters: string) -> string",
        "The string without any of the characters at its start and end.",
        r#"trim("?!hello?!", "!?") == "hello""#,
        |call| {
            let unwanted: Vec<char> = call.text(1)?.chars().collect();
            call.budget.spend_text(call.text(0)?.len().saturating_mul(unwanted.len()))?;
            Ok(Value::from(call.text(0)?.trim_matches(unwanted.as_slice())))
        },
    ),
    Function::new(
        "trimprefix(string: string, prefix: string) -> string",
        "The string without the prefix, if it starts with it.",
        r#"trimprefix("helloworld", "hello") == "world""#,
        |call| without(call, |text, prefix| text.strip_prefix(prefix)),
    ),
    Function::new(
        "trimspace(string: string) -> string",
        "The string without white space at its start and end.",
        r#"trimspace("  hello\n\n") == "hello""#,
        |call| Ok(Value::from(call.text(0)?.trim())),
    ),
    Function::new(
        "trimsuffix(string: string, suffix: string) -> string",
        "The string without the suffix, if it ends with it.",
        r#"trimsuffix("helloworld", "world") == "hello""#,
        |call| without(call, |text, suffix| text.strip_suffix(suffix)),
    ),
    Function::new(
        "type(value: any) -> string",
        "What the value is: `null`, `boolean`, `integer`, `number`, `string`, `list` or `map`.",
        r#"type([1]) == "list""#,
        |call| Ok(Value::from(call.value(0).type_name())),
    )
    .looking(Looks::Outside),
    Function::new(
        "upper(string: string) -> string",
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
pub(in crate::expr) fn plain_text(value: &Value) -> Result<String, String> {
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

/// Letters, digits and `_` make words.
fn title(text: &str) -> String {
    let mut is_within = false;
    let letters = text.chars().flat_map(|letter| {
        let is_first = !std::mem::replace(&mut is_within, letter.is_alphanumeric() || letter == '_');
        let raised = is_first.then(|| letter.to_uppercase());
        raised.into_iter().flatten().chain((!is_first).then_some(letter)).collect::<Vec<_>>()
    });
    letters.collect()
}

fn without(call: &Call<'_>, strip: for<'t> fn(&'t str, &str) -> Option<&'t str>) -> Outcome {
    let text = call.text(0)?;
    Ok(Value::from(strip(text, call.text(1)?).unwrap_or(text)))
}
