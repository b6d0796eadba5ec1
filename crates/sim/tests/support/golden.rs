//! Golden files: a script with its expected output inline.

use std::path::Path;

use similar::TextDiff;

/// One part of a script.
pub(crate) enum Part {
    /// A comment or an empty line in front of a part, kept as it is.
    Comment(String),
    /// A spec, between `--- NAME` and `---`.
    Spec { name: String, text: String },
    /// A line that begins with `> `; its output follows it.
    Command(String),
}

/// Cuts a script into its parts, leaving out the output.
pub(crate) fn parse(script: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        if let Some(command) = line.strip_prefix("> ") {
            parts.push(Part::Command(command.to_owned()));
        } else if let Some(name) = line.strip_prefix("--- ") {
            let body = lines.by_ref().take_while(|line| *line != "---");
            let text = body.map(|line| format!("{line}\n")).collect();
            parts.push(Part::Spec { name: name.to_owned(), text });
        } else if line.starts_with('#') {
            parts.push(Part::Comment(line.to_owned()));
        }
    }
    parts
}

/// The script with `outputs`, one for each command.
pub(crate) fn print(parts: &[Part], outputs: &[Vec<String>]) -> String {
    let (mut text, mut outputs) = (String::new(), outputs.iter());
    let mut after_comment = true;
    for part in parts {
        let is_comment = matches!(part, Part::Comment(_));
        if !after_comment {
            text.push('\n');
        }
        match part {
            Part::Comment(line) => text.push_str(&format!("{line}\n")),
            Part::Spec { name, text: body } => text.push_str(&format!("--- {name}\n{body}---\n")),
            Part::Command(command) => {
                let output = outputs.next().map_or(String::new(), |lines| lines.join("\n"));
                text.push_str(&format!("> {command}\n{output}"));
                text.push_str(if output.is_empty() { "" } else { "\n" });
            }
        }
        after_comment = is_comment;
    }
    text
}

/// Compares with the file, or rewrites it where `UPDATE_GOLDEN` is set.
///
/// # Errors
/// The difference.
pub(crate) fn check(path: &Path, expected: &str, found: &str) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(path, found).map_err(|error| error.to_string());
    }
    let difference = TextDiff::from_lines(expected, found).unified_diff().header("expected", "found").to_string();
    Err(format!("{} differs (UPDATE_GOLDEN=1 accepts it):\n{difference}", path.display()))
}
