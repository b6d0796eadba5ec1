//! Where text goes: the only place that prints.

use std::io::{IsTerminal, Write};

use serde::Serialize;

/// Standard output and error, with colour only where a terminal shows it.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON is wanted instead of text.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether standard error is a terminal, where progress can be drawn.
    pub(crate) fn is_terminal(&self) -> bool {
        !self.json && std::io::stderr().is_terminal()
    }

    /// Whether the user can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        !self.json && std::io::stdin().is_terminal()
    }

    /// A line on standard output.
    pub(crate) fn line(&self, text: impl AsRef<str>) {
        // A reader that has gone away is no reason to stop.
        let _ = writeln!(anstream::stdout(), "{}", text.as_ref());
    }

    /// A line on standard error.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        let _ = writeln!(anstream::stderr(), "{}", text.as_ref());
    }

    /// A document, several lines long.
    pub(crate) fn document(&self, value: &impl Serialize) {
        if let Ok(text) = serde_json::to_string_pretty(value) {
            self.line(text);
        }
    }

    /// An event, in one line.
    pub(crate) fn event(&self, value: &impl Serialize) {
        if let Ok(text) = serde_json::to_string(value) {
            self.line(text);
        }
    }

    /// Asks a question that only `yes` affirms.
    pub(crate) fn ask(&self, question: &str) -> bool {
        let _ = write!(anstream::stderr(), "{question} ");
        let _ = anstream::stderr().flush();
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim(), "yes" | "y")
    }
}
