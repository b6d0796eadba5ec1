//! YAML as Terraform writes it: in blocks, keys sorted, every string in quotes, those of
//! several lines as they are. Long lines are not folded.

use super::encoding;
use crate::value::Value;

/// A known, plain value as YAML.
pub(super) fn to_text(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::List(items) if !items.is_empty() => block(&mut text, value, 0),
        Value::Map(entries) if !entries.is_empty() => block(&mut text, value, 0),
        Value::String(_) | Value::List(_) | Value::Map(_) => scalar(&mut text, value, 2),
        _ => {
            scalar(&mut text, value, 2);
            text.push_str("...\n");
        }
    }
    text
}

/// Writes a list or map, the first line of which is indented already.
fn block(text: &mut String, value: &Value, indent: usize) {
    let mut is_first = true;
    let mut begin = |text: &mut String| {
        if !std::mem::take(&mut is_first) {
            text.extend(std::iter::repeat_n(' ', indent));
        }
    };
    match value {
        Value::List(items) => items.iter().for_each(|item| {
            begin(text);
            text.push_str("- ");
            match is_block(item) {
                true => block(text, item, indent + 2),
                false => scalar(text, item, indent + 2),
            }
        }),
        Value::Map(entries) => entries.iter().for_each(|(key, value)| {
            begin(text);
            quoted(text, key);
            entry(text, value, indent);
        }),
        other => scalar(text, other, indent),
    }
}

/// Writes what stands behind a key: lists as deep as the key, maps deeper.
fn entry(text: &mut String, value: &Value, indent: usize) {
    let inner = if matches!(value, Value::List(_)) { indent } else { indent + 2 };
    if is_block(value) {
        text.push_str(":\n");
        text.extend(std::iter::repeat_n(' ', inner));
        block(text, value, inner);
    } else {
        text.push_str(": ");
        scalar(text, value, indent + 2);
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::List(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        _ => false,
    }
}

/// Writes a value on its line, or as a block of lines that are indented.
fn scalar(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::String(lines) if may_be_literal(lines) => return literal(text, lines, indent),
        Value::String(string) => quoted(text, string),
        other => text.push_str(&encoding::to_text(other)),
    }
    text.push('\n');
}

/// Whether the text has several lines that need no escape.
fn may_be_literal(text: &str) -> bool {
    let has_space_before_break = text.contains(" \n") || text.ends_with(' ');
    let is_plain = text.chars().all(|letter| letter == '\n' || is_printable(letter));
    text.contains('\n') && !has_space_before_break && is_plain
}

fn literal(text: &mut String, lines: &str, indent: usize) {
    let hint = if lines.starts_with([' ', '\n']) { "2" } else { "" };
    let chomp = match lines.strip_suffix('\n') {
        None => "-",
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => "+",
        Some(_) => "",
    };
    text.push('|');
    text.push_str(hint);
    text.push_str(chomp);
    for line in lines.strip_suffix('\n').unwrap_or(lines).split('\n') {
        text.push('\n');
        if !line.is_empty() {
            text.extend(std::iter::repeat_n(' ', indent));
            text.push_str(line);
        }
    }
    text.push('\n');
}

fn quoted(text: &mut String, string: &str) {
    text.push('"');
    for letter in string.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            letter if is_printable(letter) => text.push(letter),
            letter => escaped(text, letter),
        }
    }
    text.push('"');
}

fn is_printable(letter: char) -> bool {
    matches!(letter, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
        && !matches!(letter, '\u{2028}' | '\u{2029}')
}

fn escaped(text: &mut String, letter: char) {
    let short = match letter {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        other => {
            let code = u32::from(other);
            return text.push_str(&match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            });
        }
    };
    text.extend(['\\', short]);
}
