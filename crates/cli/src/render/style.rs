//! Colours, by what they mean. They are dropped where nothing shows them.

use owo_colors::OwoColorize;

pub(crate) fn error(text: &str) -> String {
    text.red().bold().to_string()
}

pub(crate) fn hint(text: &str) -> String {
    text.cyan().to_string()
}

pub(crate) fn good(text: &str) -> String {
    text.green().to_string()
}

pub(crate) fn bad(text: &str) -> String {
    text.red().to_string()
}

pub(crate) fn change(text: &str) -> String {
    text.yellow().to_string()
}

pub(crate) fn dim(text: &str) -> String {
    text.dimmed().to_string()
}

pub(crate) fn strong(text: &str) -> String {
    text.bold().to_string()
}
