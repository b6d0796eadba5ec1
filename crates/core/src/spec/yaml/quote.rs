//! When a text may stand without quotes, and how it stands within them.

/// Where a plain scalar stands: flow collections leave it fewer characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// Behind `key:` or `-` on a line of its own.
    Block,
    /// Inside `{…}` or `[…]`.
    Flow,
}

/// Whether `text` without quotes is read as these very characters. It says nothing
/// of the type: `no` and `12` may stand plain.
///
/// Stricter than YAML, so that other readers agree.
pub(crate) fn may_be_plain(text: &str, context: Context) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let indicator = match first {
        '-' => text[1..].chars().next().is_none_or(|second| second == '-' || !second.is_ascii_graphic()),
        c => "?:,[]{}#&*!|>'\"%@`=".contains(c),
    };
    !indicator
        && text.trim() == text
        && !text.starts_with("...")
        && text.chars().all(is_printable)
        && !text.contains(": ")
        && !text.ends_with(':')
        && !text.contains(" #")
        && (context == Context::Block || !text.contains([',', '[', ']', '{', '}', ':', '"', '\'', '#']))
}

/// Whether every reader takes `text` for a string, those of older YAML among them:
/// it begins like a word or path and is none of the words they have for truth.
pub(crate) fn is_word(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let begins = text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '_' | '$'));
    begins && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether a character may stand in a scalar as it is, on any line but a break.
pub(crate) fn is_printable(c: char) -> bool {
    let blank = matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    !blank && !c.is_control()
}

/// `text` in single quotes; `None` when it holds what they cannot say.
pub(crate) fn single_quoted(text: &str) -> Option<String> {
    text.chars().all(is_printable).then(|| format!("'{}'", text.replace('\'', "''")))
}

/// `text` in double quotes, which can say anything.
pub(crate) fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if is_printable(c) => quoted.push(c),
            c => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

/// `text` as a literal block whose lines are indented by `indent`, header first and
/// without a line break at its end; `None` when a block cannot say it.
pub(crate) fn literal(text: &str, indent: usize) -> Option<String> {
    let content = text.trim_end_matches('\n');
    let lines = || content.split('\n');
    let sayable = lines().all(|line| {
        line.chars().all(is_printable) && (line.is_empty() || !line.trim().is_empty()) && !line.starts_with('\u{a0}')
    });
    if content.is_empty() || !sayable {
        return None;
    }
    let breaks = text.len() - content.len();
    let chomping = ["-", "", "+"][breaks.min(2)];
    // Without the digit the first line would take its own white space for the indentation.
    let digit = if content.starts_with([' ', '\n']) { "2" } else { "" };
    let mut block = format!("|{digit}{chomping}");
    for line in lines().chain(std::iter::repeat_n("", breaks.saturating_sub(1))) {
        block.push('\n');
        if !line.is_empty() {
            block.extend(std::iter::repeat_n(' ', indent));
            block.push_str(line);
        }
    }
    Some(block)
}
