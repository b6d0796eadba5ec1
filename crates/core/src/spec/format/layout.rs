//! Writes the tree in the one layout.

use granit_parser::ScalarStyle;

use super::SECTIONS;
use super::tree::{Comment, Item, Kind, Node};
use crate::spec::yaml::quote::{Context, double_quoted, is_word, may_be_plain};

/// Spaces per level.
const STEP: usize = 2;
/// Where a collection in brackets must end to stay on its line.
const WIDTH: usize = 100;
/// YAML asks of a key on the line of its `:` that it is no longer than 1024 characters.
const LONGEST_KEY: usize = 1000;

/// The sections that begin behind a blank line.
const APART: [&str; 7] = ["existing", "modules", "resources", "moved", "import", "checks", "outputs"];
/// The sections whose entries lie one blank line apart.
const SPACED: [&str; 3] = ["existing", "modules", "resources"];
/// The line editors look for at the top of a file.
const MODELINE: &str = "# yaml-language-server:";

/// Brings the sections of a spec into their order. What stands at the top of the file
/// stays there: a modeline, and comments a blank line away from the first section.
pub(super) fn sort_sections(root: &mut Item<'_>) {
    let Kind::Collection { list: false, flow: false, items } = &mut root.value.kind else {
        return;
    };
    let Some(first) = items.first_mut() else {
        return;
    };
    let length = header_length(first);
    let header: Vec<_> = first.leading.drain(..length).collect();
    let apart = *first_gap(first);
    let mut rank = 0;
    let mut ranked: Vec<_> = std::mem::take(items)
        .into_iter()
        .map(|item| {
            rank = SECTIONS.iter().position(|section| Some(*section) == name(&item)).unwrap_or(rank);
            (rank, item)
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    items.extend(ranked.into_iter().map(|(_, item)| item));
    if !header.is_empty() {
        *first_gap(&mut items[0]) = apart;
    }
    items[0].leading.splice(0..0, header);
}

/// Whether the first line of an item has a blank line above it.
fn first_gap<'i>(item: &'i mut Item<'_>) -> &'i mut bool {
    item.leading.first_mut().map_or(&mut item.gap, |comment| &mut comment.gap)
}

/// How many of the first item's comments belong to the file.
fn header_length(first: &Item<'_>) -> usize {
    let gaps = first.leading.iter().skip(1).map(|comment| comment.gap).chain([first.gap]);
    let apart = gaps.enumerate().filter(|(_, gap)| *gap).map(|(index, _)| index + 1).last();
    let modeline = first.leading.first().is_some_and(|comment| comment.text.starts_with(MODELINE));
    apart.unwrap_or(0).max(usize::from(modeline)).min(first.leading.len())
}

fn name<'i>(item: &'i Item<'_>) -> Option<&'i str> {
    match &item.key.as_ref()?.kind {
        Kind::Scalar { text, .. } => Some(text),
        _ => None,
    }
}

/// The whole document as text.
pub(super) fn write(root: &Item<'_>) -> String {
    let mut writer = Writer::default();
    writer.comments(&root.leading, 0, true);
    if fits(root, WIDTH) {
        if !(root.value.is_left_out() && root.value.properties.is_empty()) {
            writer.value(root, "", 0);
        }
    } else {
        if !root.value.properties.is_empty() {
            writer.out.push_str("--- ");
            writer.out.push_str(root.value.properties.trim_end());
            writer.out.push('\n');
        }
        if let Some(right) = &root.right {
            writer.comments(std::slice::from_ref(right), 0, true);
        }
        writer.block(root.value.items(), 0, Spacing::Sections);
    }
    writer.comments(&root.closing, 0, writer.out.is_empty());
    writer.out
}

/// Where blank lines are set whatever the author did.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spacing {
    /// Nowhere.
    Free,
    /// Before some of the sections, and between the entries of some.
    Sections,
    /// Between all entries.
    Spaced,
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Whether the line is begun, up to where the next item stands.
    begun: bool,
    /// Whether blank lines would belong to the text of the scalar above.
    kept: bool,
}

impl Writer {
    fn block(&mut self, items: &[Item<'_>], indent: usize, spacing: Spacing) {
        for (index, item) in items.iter().enumerate() {
            let apart = match spacing {
                Spacing::Free => false,
                Spacing::Spaced => true,
                Spacing::Sections => name(item).is_some_and(|name| APART.contains(&name)),
            };
            let spaced = spacing == Spacing::Sections && name(item).is_some_and(|name| SPACED.contains(&name));
            self.item(item, indent, (index > 0).then_some(apart), spaced);
        }
    }

    /// Writes an item with its comments. `apart` says whether a blank line must stand
    /// before it; `None` that none may.
    fn item(&mut self, item: &Item<'_>, indent: usize, apart: Option<bool>, spaced: bool) {
        if apart == Some(true) {
            self.blank();
        }
        self.comments(&item.leading, indent, apart.is_none());
        if item.gap && (apart.is_some() || !item.leading.is_empty()) {
            self.blank();
        }
        self.begin(indent);
        let marker = match &item.key {
            Some(key) => key_text(key, indent),
            None => "-".to_owned(),
        };
        self.entry(item, &marker, indent, if spaced { Spacing::Spaced } else { Spacing::Free });
        self.comments(&item.closing, indent + STEP, item.value.is_left_out());
    }

    fn entry(&mut self, item: &Item<'_>, marker: &str, indent: usize, spacing: Spacing) {
        let items = item.value.items();
        let taken = indent + marker.chars().count() + 1;
        if fits(item, WIDTH.saturating_sub(taken)) {
            return self.value(item, marker, indent);
        }
        self.out.push_str(marker);
        let properties = item.value.properties.trim_end();
        if item.key.is_none() && properties.is_empty() && item.right.is_none() {
            self.out.push(' ');
            self.begun = true;
        } else {
            self.push_spaced(properties);
            self.end(item.right.as_ref());
        }
        self.block(items, indent + STEP, spacing);
    }

    /// Writes a value that is no block of items, and ends its line.
    fn value(&mut self, item: &Item<'_>, marker: &str, indent: usize) {
        self.out.push_str(marker);
        let taken = indent + marker.chars().count() + 1;
        let value = &item.value;
        if let Some(text) = inline(value, WIDTH.saturating_sub(taken), Context::Block) {
            // Of a value left out there may be an anchor alone, with a space behind it.
            self.push_spaced(text.trim_end());
            return self.end(item.right.as_ref());
        }
        if let Kind::Scalar { raw, text, style } = &value.kind {
            self.push_spaced(value.properties.trim_end());
            match style {
                ScalarStyle::Literal | ScalarStyle::Folded => self.block_scalar(item, raw, text, indent + STEP),
                _ => self.lines(item, raw, if marker.is_empty() { 0 } else { indent + STEP }),
            }
        }
    }

    /// A scalar over several lines, without its old indentation.
    fn lines(&mut self, item: &Item<'_>, raw: &str, indent: usize) {
        for (index, line) in raw.split('\n').map(str::trim_start).enumerate() {
            if index == 0 {
                self.push_spaced(line);
                continue;
            }
            self.out.push('\n');
            if !line.is_empty() {
                self.indent(indent);
                self.out.push_str(line);
            }
        }
        self.end(item.right.as_ref());
    }

    fn block_scalar(&mut self, item: &Item<'_>, raw: &str, text: &str, indent: usize) {
        let (header, body) = raw.split_once('\n').unwrap_or((raw, ""));
        let header = header.split(char::is_whitespace).next().unwrap_or("");
        if text.trim_matches(['\n', ' ']).is_empty() {
            // Nothing but white space: no indentation could be told from it.
            self.push_spaced(&double_quoted(text));
            return self.end(item.right.as_ref());
        }
        let digit = |c: char| if c.is_ascii_digit() { '2' } else { c };
        self.push_spaced(&header.chars().map(digit).collect::<String>());
        self.end(item.right.as_ref());
        let old = content_indent(body, text);
        let lines: Vec<_> = body.split('\n').map(|line| line.get(old..).unwrap_or("")).collect();
        let length = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        for line in &lines[..length] {
            self.block_line(line, indent);
        }
        self.kept = header.contains('+');
        if self.kept {
            let breaks = text.len() - text.trim_end_matches('\n').len();
            self.out.extend(std::iter::repeat_n('\n', breaks.saturating_sub(1)));
        }
    }

    fn block_line(&mut self, line: &str, indent: usize) {
        if !line.is_empty() {
            self.indent(indent);
            self.out.push_str(line);
        }
        self.out.push('\n');
    }

    /// Writes comments on lines of their own.
    fn comments(&mut self, comments: &[Comment<'_>], indent: usize, first: bool) {
        for (index, comment) in comments.iter().enumerate() {
            if comment.gap && !(first && index == 0) {
                self.blank();
            }
            self.begin(indent);
            self.out.push_str(comment.text);
            self.end(None);
        }
    }

    /// Sets a blank line, unless there is one or it would say something.
    fn blank(&mut self) {
        if !self.kept && !self.begun && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn begin(&mut self, indent: usize) {
        if !std::mem::take(&mut self.begun) {
            self.indent(indent);
        }
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// Adds to the line, behind a space if it has begun.
    fn push_spaced(&mut self, text: &str) {
        if !text.is_empty() && !self.out.is_empty() && !self.out.ends_with(['\n', ' ']) {
            self.out.push(' ');
        }
        self.out.push_str(text);
    }

    /// Ends the line, its comment in its old column where there is room.
    fn end(&mut self, right: Option<&Comment<'_>>) {
        if let Some(comment) = right {
            let line = self.out.rfind('\n').map_or(0, |at| at + 1);
            let width = self.out[line..].chars().count();
            self.indent(comment.column.saturating_sub(width).max(1));
            self.out.push_str(comment.text);
        }
        self.out.push('\n');
        self.kept = false;
    }
}

/// Whether an item's value is no block of items: a scalar, or brackets that fit into
/// `room` characters without a comment in them.
fn fits(item: &Item<'_>, room: usize) -> bool {
    let commented = !item.closing.is_empty() || item.right.as_ref().is_some_and(|right| right.start < item.value.end);
    item.value.items().is_empty() || (!commented && inline(&item.value, room, Context::Block).is_some())
}

/// How far the lines of a block scalar are indented: what its first line with
/// anything on it has more than the text says.
fn content_indent(body: &str, text: &str) -> usize {
    let spaces = |text: &str| {
        let line = text.split('\n').find(|line| !line.trim_matches(' ').is_empty()).unwrap_or("");
        line.len() - line.trim_start_matches(' ').len()
    };
    spaces(body).saturating_sub(spaces(text))
}

/// A key with its `:`, and its `? ` when it is too long for one line with its value.
fn key_text(key: &Node<'_>, indent: usize) -> String {
    let text = inline_key(key, Context::Block);
    if text.chars().count() > LONGEST_KEY { format!("? {text}\n{:indent$}:", "") } else { with_colon(key, &text) }
}

/// An alias needs a space before the colon, which could be part of its name.
fn with_colon(key: &Node<'_>, text: &str) -> String {
    let space = if matches!(key.kind, Kind::Alias(_)) { " " } else { "" };
    format!("{text}{space}:")
}

fn inline_key(key: &Node<'_>, context: Context) -> String {
    let text = match &key.kind {
        Kind::Alias(raw) => (*raw).to_owned(),
        Kind::Scalar { text, .. } => {
            scalar(key, context).unwrap_or_else(|| match needs_no_quotes(key, text, context) {
                true => text.clone(),
                false => double_quoted(text),
            })
        }
        Kind::Collection { .. } => String::new(),
    };
    format!("{}{text}", key.properties)
}

/// A value on one line within `room` characters; `None` when it is to have its own lines.
fn inline(value: &Node<'_>, room: usize, context: Context) -> Option<String> {
    let text = match &value.kind {
        Kind::Alias(raw) => (*raw).to_owned(),
        Kind::Scalar { .. } => scalar(value, context)?,
        Kind::Collection { list, flow, items } if *flow || items.is_empty() => brackets(*list, items, room)?,
        Kind::Collection { .. } => return None,
    };
    Some(format!("{}{text}", value.properties))
}

fn brackets(list: bool, items: &[Item<'_>], room: usize) -> Option<String> {
    let (open, close) = match (list, items.is_empty()) {
        (true, _) => ("[", "]"),
        (false, true) => ("{", "}"),
        (false, false) => ("{ ", " }"),
    };
    let mut text = String::from(open);
    for (index, item) in items.iter().enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        text.push_str(&flow_item(item, room.checked_sub(text.len().min(room))?)?);
        if text.chars().count() + close.len() > room {
            return None;
        }
    }
    text.push_str(close);
    Some(text)
}

fn flow_item(item: &Item<'_>, room: usize) -> Option<String> {
    if !item.leading.is_empty() || item.right.is_some() || !item.closing.is_empty() {
        return None;
    }
    let value = inline(&item.value, room, Context::Flow)?;
    let Some(key) = &item.key else {
        return Some(value);
    };
    let text = inline_key(key, Context::Flow);
    if value.is_empty() { Some(text) } else { Some(format!("{} {value}", with_colon(key, &text))) }
}

/// A scalar on one line, without quotes that nobody needs; `None` when it has several lines.
fn scalar(node: &Node<'_>, context: Context) -> Option<String> {
    let Kind::Scalar { raw, text, style } = &node.kind else {
        return None;
    };
    let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) || raw.contains('\n') {
        return None;
    }
    let needless = quoted && needs_no_quotes(node, text, context);
    Some(if needless { text.clone() } else { (*raw).to_owned() })
}

fn needs_no_quotes(node: &Node<'_>, text: &str, context: Context) -> bool {
    node.properties.is_empty() && is_word(text) && may_be_plain(text, context)
}
