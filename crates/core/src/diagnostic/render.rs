//! Diagnostics as plain text: the same on every machine, so golden tests can hold it.

use std::fmt::Write as _;

use super::{Diagnostic, Position, Sources, Span};

/// The most characters of one line that are shown; longer lines are cut around the place.
const WIDEST: usize = 120;
/// How much of a cut line is shown in front of the place.
const LEAD: usize = 30;

/// Draws a diagnostic as text: the message, `file:line:column`, the line with
/// carets under the exact place, the same for every label, and the advice.
///
/// ```text
/// error[unknown-field]: unknown field `cidr_blok`
///  --> shop.yaml:4:7
///   |
/// 4 |       cidr_blok: 10.0.0.0/16
///   |       ^^^^^^^^^
///   = help: did you mean `cidr_block`?
/// ```
pub fn render_plain(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut out = format!("{}[{}]: {}\n", diagnostic.severity.word(), diagnostic.code, diagnostic.message);
    let gutter = gutter(diagnostic, sources);
    if let Some(span) = diagnostic.span {
        frame(&mut out, sources, span, gutter, ("-->", '^', ""));
    }
    for (span, text) in &diagnostic.labels {
        frame(&mut out, sources, *span, gutter, (":::", '-', text));
    }
    for line in diagnostic.help.iter().flat_map(|help| help.lines()) {
        let _ = writeln!(out, "{:gutter$} = help: {line}", "");
    }
    out
}

/// How many characters the widest line number takes.
fn gutter(diagnostic: &Diagnostic, sources: &Sources) -> usize {
    let spans = diagnostic.span.iter().chain(diagnostic.labels.iter().map(|(span, _)| span));
    let lines = spans.map(|span| sources.position(span.source, span.start).line);
    lines.max().unwrap_or(1).to_string().len()
}

/// One place: its name, its line and the marks under it.
fn frame(out: &mut String, sources: &Sources, span: Span, gutter: usize, look: (&str, char, &str)) {
    let (arrow, mark, text) = look;
    let Position { line, column } = sources.position(span.source, span.start);
    let snippet = Snippet::cut(sources.line(span.source, line), column - 1);
    let width = marks(sources, span, snippet.text.chars().count() - snippet.lead);
    let marks = format!("{:lead$}{} {text}", "", String::from(mark).repeat(width), lead = snippet.lead);
    let _ = writeln!(out, "{:gutter$}{arrow} {}:{line}:{column}", "", sources.name(span.source));
    let _ = writeln!(out, "{:gutter$} |", "");
    let _ = writeln!(out, "{}", format!("{line:gutter$} | {}", snippet.text).trim_end());
    let _ = writeln!(out, "{}", format!("{:gutter$} | {marks}", "").trim_end());
}

/// How many marks to draw: the span's characters on its first line, at least one.
fn marks(sources: &Sources, span: Span, room: usize) -> usize {
    let first_line = sources.slice(span).lines().next().unwrap_or("");
    first_line.chars().map(shown_width).sum::<usize>().min(room).max(1)
}

/// A line as shown: tabs made visible widths, control characters hidden, cut when long.
struct Snippet {
    text: String,
    /// Characters in front of the place.
    lead: usize,
}

impl Snippet {
    /// Cuts `line` around the character with index `at`.
    fn cut(line: &str, at: usize) -> Self {
        let skipped = if line.chars().nth(WIDEST).is_some() { at.saturating_sub(LEAD) } else { 0 };
        let mut text = String::from(if skipped > 0 { "…" } else { "" });
        let mut lead = text.chars().count();
        for (index, c) in line.chars().enumerate().skip(skipped).take(WIDEST) {
            lead += if index < at { shown_width(c) } else { 0 };
            push_shown(&mut text, c);
        }
        if line.chars().nth(skipped + WIDEST).is_some() {
            text.push('…');
        }
        Self { text, lead }
    }
}

/// How many columns a tab is shown as.
const TAB: usize = 4;

fn shown_width(c: char) -> usize {
    if c == '\t' { TAB } else { 1 }
}

fn push_shown(text: &mut String, c: char) {
    match c {
        '\t' => text.extend([' '; TAB]),
        c if c.is_control() => text.push('\u{fffd}'),
        c => text.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceId;
    use proptest::prelude::*;

    fn render(text: &str, start: usize, end: usize) -> String {
        let mut sources = Sources::default();
        let source = sources.add("a.yaml", text);
        render_plain(&Diagnostic::error("code", "message").at(Span::new(source, start, end)), &sources)
    }

    #[test]
    fn the_place_is_underlined_and_advice_follows() {
        let mut sources = Sources::default();
        let source = sources.add("shop.yaml", "vpc:\n  ciidr: 1\n  ciidr: 2\n");
        let found = Diagnostic::warning("duplicate-key", "`ciidr` is given twice")
            .at(Span::new(source, 18, 23))
            .with_label(Span::new(source, 7, 12), "first given here")
            .with_help("remove one");
        let expected = "\
warning[duplicate-key]: `ciidr` is given twice
 --> shop.yaml:3:3
  |
3 |   ciidr: 2
  |   ^^^^^
 ::: shop.yaml:2:3
  |
2 |   ciidr: 1
  |   ----- first given here
  = help: remove one
";
        assert_eq!(render_plain(&found, &sources), expected);
    }

    #[test]
    fn tabs_do_not_shift_the_marks() {
        assert!(render("\tab: c", 1, 3).contains("1 |     ab: c\n  |     ^^\n"));
    }

    #[test]
    fn a_span_over_several_lines_marks_the_first() {
        assert!(render("a: |\n  b\n", 3, 9).contains("1 | a: |\n  |    ^\n"));
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}HERE{}", "a".repeat(5000), "b".repeat(5000));
        let shown = render(&text, 5000, 5004);
        assert!(shown.contains("HEREbbb") && shown.contains("^^^^\n"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() < WIDEST + 20), "{shown}");
        let line = shown.lines().find(|line| line.contains("HERE")).unwrap_or_default();
        let marks = shown.lines().find(|line| line.contains("^^^^")).unwrap_or_default();
        assert_eq!(line.chars().position(|c| c == 'H'), marks.chars().position(|c| c == '^'));
    }

    #[test]
    fn without_a_place_only_the_message_shows() {
        let found = Diagnostic::error("code", "message");
        assert_eq!(render_plain(&found, &Sources::default()), "error[code]: message\n");
    }

    proptest! {
        #[test]
        fn any_text_and_place_can_be_drawn(text in any::<String>(), start in 0usize..40, end in 0usize..40) {
            let mut sources = Sources::default();
            sources.add("a", text);
            let found = Diagnostic::error("code", "message").at(Span::new(SourceId(0), start, end));
            render_plain(&found, &sources);
            found.to_json(&sources);
        }
    }
}
