//! `format`, with the verbs and flags of Terraform's.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

use super::strings::plain_text;
use super::{Call, Outcome, counted, encoding, numbers};
use crate::expr::budget::Budget;
use crate::expr::operators::a_type;
use crate::value::Value;

/// The widest a field and the most precise a number may be.
const MAX_WIDTH: usize = 1024;

/// What stands between `%` and the verb.
#[derive(Default)]
struct Directive {
    is_left: bool,
    has_plus: bool,
    has_space: bool,
    has_zeros: bool,
    is_json: bool,
    width: usize,
    precision: Option<usize>,
    /// The value it takes, where it says which.
    position: Option<usize>,
}

/// Fills the values into the spec, which must use all of them.
pub(super) fn format(call: &mut Call<'_>) -> Outcome {
    fill(call.text(0)?, call.rest(1), call.budget).map(Value::from)
}

/// Fills in once for each item of the lists among the values.
pub(super) fn formatlist(call: &mut Call<'_>) -> Outcome {
    let (spec, values) = (call.text(0)?, call.rest(1));
    let lengths: BTreeSet<usize> = values
        .iter()
        .filter_map(|value| if let Value::List(items) = value { Some(items.len()) } else { None })
        .collect();
    if lengths.len() > 1 {
        return Err("the lists are not of one length".to_owned());
    }
    let mut filled = Vec::new();
    for position in 0..lengths.into_iter().next().unwrap_or(1) {
        call.budget.spend(values.len())?;
        let row = values.iter().map(|value| match value {
            Value::List(items) => items.get(position).cloned().unwrap_or(Value::Null),
            other => other.clone(),
        });
        filled.push(Value::from(fill(spec, &row.collect::<Vec<_>>(), call.budget)?));
    }
    Ok(Value::list(filled))
}

fn fill(spec: &str, values: &[Value], budget: &mut Budget) -> Result<String, String> {
    let mut chars = spec.chars().peekable();
    let (mut next, mut used) = (0, 0);
    let mut result = String::new();
    while let Some(letter) = chars.next() {
        if letter != '%' {
            result.push(letter);
        } else if chars.next_if_eq(&'%').is_some() {
            result.push('%');
        } else {
            let directive = Directive::parse(&mut chars)?;
            let verb = chars.next().ok_or("the spec ends with a lone `%`: write `%%`")?;
            next = directive.position.unwrap_or(next);
            let value = values.get(next).ok_or_else(|| format!("there is no value for `%{verb}`"))?;
            next += 1;
            used = used.max(next);
            let filled = directive.fill(verb, value)?;
            budget.spend_text(filled.len())?;
            result.push_str(&filled);
        }
    }
    match values.len() - used {
        0 => Ok(result),
        left => Err(format!("{} too many for the spec", counted(left, "value"))),
    }
}

impl Directive {
    fn parse(chars: &mut Peekable<Chars<'_>>) -> Result<Self, String> {
        let mut directive = Self::default();
        while let Some(flag) = chars.next_if(|letter| "-+ 0#".contains(*letter)) {
            match flag {
                '-' => directive.is_left = true,
                '+' => directive.has_plus = true,
                ' ' => directive.has_space = true,
                '#' => directive.is_json = true,
                _ => directive.has_zeros = true,
            }
        }
        directive.width = number(chars)?.unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            directive.precision = Some(number(chars)?.unwrap_or(0));
        }
        if chars.next_if_eq(&'[').is_some() {
            let position = number(chars)?.and_then(|position| position.checked_sub(1));
            directive.position = Some(position.ok_or("values are counted from 1, as in `%[1]s`")?);
            chars.next_if_eq(&']').ok_or("the `[` of the spec is never closed")?;
        }
        Ok(directive)
    }

    fn fill(&self, verb: char, value: &Value) -> Result<String, String> {
        let wrong = || format!("`%{verb}` does not take {}", a_type(value));
        let integer = || numbers::whole(&number_in(value)).ok_or_else(wrong);
        Ok(match (verb, value) {
            ('v', _) if self.is_json => self.text(encoding::to_text(value)),
            ('s', _) => self.text(plain_text(value)?),
            ('v', Value::List(_) | Value::Map(_) | Value::Null) => self.text(encoding::to_text(value)),
            ('v', Value::Integer(_) | Value::Float(_)) => self.signed(plain_text(value)?),
            ('v', _) => self.text(plain_text(value)?),
            ('q', _) => self.text(encoding::to_text(&Value::from(plain_text(value)?))),
            ('t', Value::Bool(value)) => self.text(value.to_string()),
            ('d', _) => self.signed(integer()?.to_string()),
            ('b', _) => self.signed(in_base(integer()?, |digits| format!("{digits:b}"))),
            ('o', _) => self.signed(in_base(integer()?, |digits| format!("{digits:o}"))),
            ('x', Value::String(text)) => self.text(text.bytes().map(|byte| format!("{byte:02x}")).collect()),
            ('x', _) => self.signed(in_base(integer()?, |digits| format!("{digits:x}"))),
            ('X', _) => self.signed(in_base(integer()?, |digits| format!("{digits:X}"))),
            ('t', Value::String(text)) if matches!(&**text, "true" | "false") => self.text(text.to_string()),
            ('f', _) => match number_in(value) {
                Value::Integer(number) => self.signed(self.fixed(number as f64)),
                Value::Float(number) => self.signed(self.fixed(number)),
                _ => return Err(wrong()),
            },
            ('t', _) => return Err(wrong()),
            _ => return Err(format!("`%{verb}` means nothing: use %s, %d, %f, %t, %q, %v, %x, %b, %o or %%")),
        })
    }

    fn fixed(&self, number: f64) -> String {
        let digits = self.precision.unwrap_or(6);
        format!("{number:.digits$}")
    }

    /// Text is cut to the precision and padded with spaces.
    fn text(&self, text: String) -> String {
        let text = match self.precision {
            Some(length) => text.chars().take(length).collect(),
            None => text,
        };
        self.pad(text)
    }

    fn pad(&self, text: String) -> String {
        let width = self.width;
        if self.is_left { format!("{text:<width$}") } else { format!("{text:>width$}") }
    }

    /// Numbers may show a plus sign, and zeros between sign and digits.
    fn signed(&self, number: String) -> String {
        let (sign, digits) = match number.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None if self.has_plus => ("+", number.as_str()),
            None if self.has_space => (" ", number.as_str()),
            None => ("", number.as_str()),
        };
        if self.has_zeros && !self.is_left {
            let width = self.width.saturating_sub(sign.len());
            return format!("{sign}{digits:0>width$}");
        }
        self.pad(format!("{sign}{digits}"))
    }
}

/// The number, or the one that a text writes.
fn number_in(value: &Value) -> Value {
    let Value::String(text) = value else { return value.clone() };
    let fraction = || text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float);
    text.parse().ok().map(Value::Integer).or_else(fraction).unwrap_or_else(|| value.clone())
}

fn in_base(value: i64, digits: impl Fn(u64) -> String) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", digits(value.unsigned_abs()))
}

/// Reads digits, if any.
fn number(chars: &mut Peekable<Chars<'_>>) -> Result<Option<usize>, String> {
    let mut number = None;
    while let Some(digit) = chars.peek().and_then(|letter| letter.to_digit(10)) {
        chars.next();
        let value = number.unwrap_or(0) * 10 + digit as usize;
        if value > MAX_WIDTH {
            return Err(format!("a width is at most {MAX_WIDTH}"));
        }
        number = Some(value);
    }
    Ok(number)
}
