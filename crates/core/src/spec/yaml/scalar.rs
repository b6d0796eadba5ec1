//! The YAML 1.2 core schema: what type a plain scalar has.

use super::{Style, Tag};

/// A scalar's value by the YAML 1.2 core schema (<https://yaml.org/spec/1.2.2/#103-core-schema>).
#[derive(Clone, Debug, PartialEq)]
pub enum ScalarValue {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`; `yes`, `no`, `on` and `off` are strings.
    Bool(bool),
    /// Decimal, `0o` octal or `0x` hexadecimal; leading zeros mean nothing, so
    /// `012345678901` is 12345678901. Numbers of more than 127 bits become floats.
    Int(i128),
    /// With a point or an exponent, `.inf` or `.nan`.
    Float(f64),
    /// Anything else, and everything in quotes.
    String(String),
}

impl ScalarValue {
    /// The type's name for messages, with its article.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::String(_) => "a string",
        }
    }
}

/// The value of a scalar: by its tag if it has one, else by its style and looks.
pub(super) fn value(text: &str, style: Style, tag: Option<Tag>) -> ScalarValue {
    let tagged = tag.and_then(|tag| tagged(text, tag));
    tagged.unwrap_or_else(|| if style == Style::Plain && tag.is_none() { plain(text) } else { string(text) })
}

/// What `text` is under `tag`; `None` when it cannot be that.
pub(super) fn tagged(text: &str, tag: Tag) -> Option<ScalarValue> {
    let value = plain(text);
    match (tag, &value) {
        (Tag::Str, _) => Some(string(text)),
        (Tag::Float, ScalarValue::Int(_)) => decimal(text),
        (Tag::Int, ScalarValue::Int(_))
        | (Tag::Float, ScalarValue::Float(_))
        | (Tag::Bool, ScalarValue::Bool(_))
        | (Tag::Null, ScalarValue::Null) => Some(value),
        _ => None,
    }
}

fn string(text: &str) -> ScalarValue {
    ScalarValue::String(text.to_owned())
}

/// The type a plain scalar has by its looks.
pub(super) fn plain(text: &str) -> ScalarValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarValue::Null,
        "true" | "True" | "TRUE" => ScalarValue::Bool(true),
        "false" | "False" | "FALSE" => ScalarValue::Bool(false),
        _ => integer(text).or_else(|| float(text)).unwrap_or_else(|| string(text)),
    }
}

fn integer(text: &str) -> Option<ScalarValue> {
    let (digits, radix) = match text.get(..2) {
        Some("0o") => (&text[2..], 8),
        Some("0x") => (&text[2..], 16),
        _ => (text.strip_prefix(['-', '+']).unwrap_or(text), 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let signed = if radix == 10 { text } else { digits };
    let exact = i128::from_str_radix(signed, radix).ok().map(ScalarValue::Int);
    exact.or_else(|| if radix == 10 { decimal(text) } else { Some(huge(digits, radix)) })
}

/// An octal or hexadecimal integer beyond 127 bits, as near as a float comes.
fn huge(digits: &str, radix: u32) -> ScalarValue {
    let digits = digits.chars().filter_map(|c| c.to_digit(radix));
    ScalarValue::Float(digits.fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit)))
}

fn float(text: &str) -> Option<ScalarValue> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => Some(ScalarValue::Float(f64::NEG_INFINITY)),
        ".inf" | ".Inf" | ".INF" => Some(ScalarValue::Float(f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" if unsigned == text => Some(ScalarValue::Float(f64::NAN)),
        // Rust also reads `inf`, `nan` and `infinity`, which are words to YAML.
        _ if unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') => decimal(text),
        _ => None,
    }
}

/// `1.5`, `.5`, `1.`, `1e3` …: the core schema's grammar is Rust's, but for the words.
fn decimal(text: &str) -> Option<ScalarValue> {
    text.parse().ok().map(ScalarValue::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> ScalarValue {
        plain(text)
    }

    #[test]
    fn the_core_schema_is_followed() {
        for text in ["no", "on", "yes", "off", "No", "nULL", "inf", "nan", "-", "+", "0o", "0x", "0o8", "-0x1", "1_000"]
        {
            assert_eq!(of(text), string(text));
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(of(text), ScalarValue::Null);
        }
        assert_eq!(of("True"), ScalarValue::Bool(true));
        assert_eq!(of("FALSE"), ScalarValue::Bool(false));
    }

    #[test]
    fn numbers_are_decimal_octal_or_hexadecimal() {
        assert_eq!(of("012345678901"), ScalarValue::Int(12_345_678_901));
        assert_eq!(of("0o17"), ScalarValue::Int(15));
        assert_eq!(of("0x1F"), ScalarValue::Int(31));
        assert_eq!(of("-7"), ScalarValue::Int(-7));
        assert_eq!(of("+7"), ScalarValue::Int(7));
        assert_eq!(of("18446744073709551615"), ScalarValue::Int(18_446_744_073_709_551_615));
        assert_eq!(of("3.10"), ScalarValue::Float(3.1));
        assert_eq!(of("1e3"), ScalarValue::Float(1000.0));
        assert_eq!(of("-.5"), ScalarValue::Float(-0.5));
        assert_eq!(of("1."), ScalarValue::Float(1.0));
        assert_eq!(of("-.inf"), ScalarValue::Float(f64::NEG_INFINITY));
        assert!(matches!(of(".nan"), ScalarValue::Float(value) if value.is_nan()));
        assert_eq!(of("-0x"), string("-0x"));
    }

    #[test]
    fn strings_of_digits_and_more_are_strings() {
        for text in ["10.0.0.0/16", "1.2.3", "2026-11-21", "12:30:45", ".", "e3", "1e", "0b1", "٣"] {
            assert_eq!(of(text), string(text));
        }
    }

    #[test]
    fn integers_too_large_become_floats() {
        assert_eq!(of(&format!("1{}", "0".repeat(40))), ScalarValue::Float(1e40));
        assert!(matches!(of(&format!("-0x{}", "f".repeat(40))), ScalarValue::String(_)));
        assert!(matches!(of(&format!("0x{}", "f".repeat(40))), ScalarValue::Float(value) if value > 1e48));
    }

    #[test]
    fn quotes_and_tags_decide() {
        assert_eq!(value("1", Style::SingleQuoted, None), string("1"));
        assert_eq!(value("1", Style::Plain, Some(Tag::Str)), string("1"));
        assert_eq!(value("1", Style::DoubleQuoted, Some(Tag::Int)), ScalarValue::Int(1));
        assert_eq!(value("1", Style::Plain, Some(Tag::Float)), ScalarValue::Float(1.0));
        assert_eq!(tagged("x", Tag::Int), None);
        assert_eq!(tagged("", Tag::Null), Some(ScalarValue::Null));
    }
}
