//! `format`, with the verbs and flags of Terraform's.

use std::iter::Peekable;
use std::str::Chars;

use super::strings::plain_text;
use super::{Call, Outcome, counted, encoding, numbers};
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
    width: usize,
    precision: Option<usize>,
}

/// Fills the values into the spec, which must use all of them.
pub(super) fn format(call: &mut Call<'_>) -> Outcome {
    let mut chars = call.text(0)?.chars().peekable();
    let mut values = call.rest(1).iter();
    let mut result = String::new();
    while let Some(letter) = chars.next() {
        if letter != '%' {
            result.push(letter);
        } else if chars.next_if_eq(&'%').is_some() {
            result.push('%');
        } else {
            let directive = Directive::parse(&mut chars)?;
            let verb = chars.next().ok_or("the spec ends with a lone `%`: write `%%`")?;
            let value = values.next().ok_or_else(|| format!("there is no value for `%{verb}`"))?;
            let filled = directive.fill(verb, value)?;
            call.budget.spend_text(filled.len())?;
            result.push_str(&filled);
        }
    }
    match values.len() {
        0 => Ok(Value::from(result)),
        left => Err(format!("{} too many for the spec", counted(left, "value"))),
    }
}

impl Directive {
    fn parse(chars: &mut Peekable<Chars<'_>>) -> Result<Self, String> {
        let mut directive = Self::default();
        while let Some(flag) = chars.next_if(|letter| "-+ 0".contains(*letter)) {
            match flag {
                '-' => directive.is_left = true,
                '+' => directive.has_plus = true,
                ' ' => directive.has_space = true,
                _ => directive.has_zeros = true,
            }
        }
        directive.width = number(chars)?.unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            directive.precision = Some(number(chars)?.unwrap_or(0));
        }
        Ok(directive)
    }

    fn fill(&self, verb: char, value: &Value) -> Result<String, String> {
        let wrong = || format!("`%{verb}` does not take {}", a_type(value));
        Ok(match (verb, value) {
            ('s', _) => self.text(plain_text(value)?),
            ('v', Value::List(_) | Value::Map(_) | Value::Null) => self.text(encoding::to_text(value)),
            ('v', Value::Integer(_) | Value::Float(_)) => self.signed(plain_text(value)?),
            ('v', _) => self.text(plain_text(value)?),
            ('q', _) => self.text(encoding::to_text(&Value::from(plain_text(value)?))),
            ('t', Value::Bool(value)) => self.text(value.to_string()),
            ('d', _) => self.signed(numbers::whole(value).ok_or_else(wrong)?.to_string()),
            ('x', Value::String(text)) => self.text(text.bytes().map(|byte| format!("{byte:02x}")).collect()),
            ('x', _) => self.signed(hexadecimal(numbers::whole(value).ok_or_else(wrong)?)),
            ('X', _) => self.signed(hexadecimal(numbers::whole(value).ok_or_else(wrong)?).to_uppercase()),
            ('f', Value::Integer(number)) => self.signed(self.fixed(*number as f64)),
            ('f', Value::Float(number)) => self.signed(self.fixed(*number)),
            ('t' | 'f', _) => return Err(wrong()),
            _ => return Err(format!("`%{verb}` means nothing: use %s, %d, %f, %t, %q, %v, %x or %%")),
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

fn hexadecimal(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{:x}", value.unsigned_abs())
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
