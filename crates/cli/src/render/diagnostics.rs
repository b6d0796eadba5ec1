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
    list(found, sources, output);
    let errors = found.len();
    output.note(format!("{errors} {}; nothing was changed", if errors == 1 { "error" } else { "errors" }));
}

/// Shows all of them.
pub(crate) fn list(found: &[Diagnostic], sources: &Sources, output: &Output) {
    for diagnostic in found {
        match (output.is_json(), output.is_terminal()) {
            (true, _) => output.event(&diagnostic.to_json(sources)),
            (_, true) => output.note(drawn(diagnostic, sources)),
            _ => output.note(render_plain(diagnostic, sources)),
        }
    }
}

/// What is wrong, for the middle of a sentence.
pub(crate) fn in_one_line(found: &[Diagnostic], sources: &Sources) -> String {
    let told = found.iter().map(|diagnostic| match diagnostic.span {
        Some(span) => {
            let line = sources.position(span.source, span.start).line;
            format!("{}:{line}: {}", sources.name(span.source), diagnostic.message)
        }
        None => diagnostic.message.clone(),
    });
    told.collect::<Vec<_>>().join("; ")
}

/// A place in another file that explains an error.
fn elsewhere(span: Span, told: &str, sources: &Sources) -> String {
    let line = sources.position(span.source, span.start).line;
    format!("  {}:{line}: {told}\n", sources.name(span.source))
}

fn drawn(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut shown =
        MietteDiagnostic::new(&diagnostic.message).with_severity(Severity::Error).with_code(diagnostic.code);
    if let Some(help) = &diagnostic.help {
        shown = shown.with_help(help);
    }
    let label = |span: &Span, text: Option<String>| LabeledSpan::new(text, span.start, span.end - span.start);
    let first = diagnostic.span.iter().map(|span| label(span, Some("here".to_owned())));
    let is_here = |span: &Span| diagnostic.span.is_some_and(|here| here.source == span.source);
    let (near, far): (Vec<_>, Vec<_>) = diagnostic.labels.iter().partition(|(span, _)| is_here(span));
    let more = near.into_iter().map(|(span, text)| label(span, Some(text.clone())));
    let report: Report = match diagnostic.span {
        Some(span) => {
            let source = NamedSource::new(sources.name(span.source), sources.shown(span.source).to_owned());
            Report::from(shown.with_labels(first.chain(more))).with_source_code(source)
        }
        None => shown.into(),
    };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode());
    match handler.render_report(&mut text, report.as_ref()) {
        Ok(()) => far.into_iter().fold(text, |text, (span, told)| text + &elsewhere(*span, told, sources)),
        Err(_) => render_plain(diagnostic, sources),
    }
}
