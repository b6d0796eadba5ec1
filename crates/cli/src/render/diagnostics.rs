//! Errors in specs: drawn on a terminal, plain elsewhere, data with `--json`.

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report, Severity};
use provision_core::diagnostic::{Diagnostic, Sources, Span, render_plain};
use serde_json::json;

use crate::output::Output;

/// Shows all of them, and how many there are.
pub(crate) fn show(found: &[Diagnostic], sources: &Sources, output: &Output) {
    if output.is_json() {
        let diagnostics: Vec<_> = found.iter().map(|diagnostic| diagnostic.to_json(sources)).collect();
        return output.document(&json!({ "diagnostics": diagnostics }));
    }
    for diagnostic in found {
        output.note(if output.is_terminal() { drawn(diagnostic, sources) } else { render_plain(diagnostic, sources) });
    }
    let errors = found.len();
    output.note(format!("{errors} {}; nothing was changed", if errors == 1 { "error" } else { "errors" }));
}

fn drawn(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut shown =
        MietteDiagnostic::new(&diagnostic.message).with_severity(Severity::Error).with_code(diagnostic.code);
    if let Some(help) = &diagnostic.help {
        shown = shown.with_help(help);
    }
    let label = |span: &Span, text: Option<String>| LabeledSpan::new(text, span.start, span.end - span.start);
    let first = diagnostic.span.iter().map(|span| label(span, Some("here".to_owned())));
    let more = diagnostic.labels.iter().map(|(span, text)| label(span, Some(text.clone())));
    let report: Report = match diagnostic.span {
        Some(span) => {
            let source = NamedSource::new(sources.name(span.source), sources.text(span.source).to_owned());
            Report::from(shown.with_labels(first.chain(more))).with_source_code(source)
        }
        None => shown.into(),
    };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode());
    match handler.render_report(&mut text, report.as_ref()) {
        Ok(()) => text,
        Err(_) => render_plain(diagnostic, sources),
    }
}
