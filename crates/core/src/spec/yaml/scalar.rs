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
