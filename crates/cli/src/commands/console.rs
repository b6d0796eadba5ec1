//! `provision console`: expressions against the current state.

use std::io::IsTerminal;
use std::sync::Arc;

use provision_core::diagnostic::Sources;
use provision_core::fact::Facts;
use provision_core::rate::PARALLELISM;
use provision_core::spec::{Attributes, Expanded};
use provision_core::value::Value;
use provision_engine::EngineError;
use provision_engine::session::Session;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use crate::again::Again;
use crate::args::ConsoleArgs;
use crate::error::{CliError, Exit, InSpec};
use crate::output::Output;
use crate::render::{diagnostics, progress, value};
use crate::session::Connection;

/// What expressions are evaluated against.
struct Console<'a> {
    session: &'a Session,
    expanded: &'a Expanded,
    facts: Facts,
    attributes: Attributes,
    sources: Sources,
    output: &'a Output,
}

/// Evaluates what is asked; on a terminal, one expression after the other.
pub(crate) async fn run(args: &ConsoleArgs, output: &Output) -> Result<Exit, CliError> {
    let (spec, sources) = args.spec.load()?;
    let observer = Arc::new(progress::Quiet::new(output));
    let Connection { session, .. } = Connection::of(&spec, &args.spec.place, observer, PARALLELISM).await?;
    let (expanded, facts) = session.expand(spec).await.in_spec(&sources)?;
    let attributes = session.live_attributes(&session.peek().await?, &expanded).await?;
    let mut console = Console { session: &session, expanded: &expanded, facts, attributes, sources, output };
    if !args.expressions.is_empty() {
        return Ok(console.all(args.expressions.iter().cloned()).await);
    }
    if std::io::stdin().is_terminal() {
        return console.interactive().await;
    }
    let lines = std::io::stdin().lines().map_while(Result::ok);
    Ok(console.all(lines.filter(|line| !line.trim().is_empty())).await)
}

impl Console<'_> {
    async fn all(&mut self, expressions: impl Iterator<Item = String>) -> Exit {
        let mut exit = Exit::Success;
        for expression in expressions {
            if !self.show(expression.trim()).await {
                exit = Exit::Failure;
            }
        }
        exit
    }

    /// Shows the value of an expression, or what is wrong with it.
    async fn show(&mut self, text: &str) -> bool {
        let value = self.value(text).await;
        let is_found = value.is_ok();
        match value {
            Ok(found) if self.output.is_json() => self.output.event(&value::json(&found)),
            Ok(found) => self.output.line(value::pretty(&found)),
            Err(EngineError::Spec(found)) => diagnostics::list(&found, &self.sources, self.output),
            Err(other) => drop(CliError::from(other).report(&Again::default(), self.output)),
        }
        is_found
    }

    async fn value(&mut self, text: &str) -> Result<Value, EngineError> {
        let source = self.sources.add("expression", text);
        let work_out = |facts: &Facts| {
            let found = self.expanded.evaluate(source, text, facts, &self.attributes).map_err(EngineError::Spec)?;
            let asks = found.asks();
            Ok((found, asks))
        };
        self.session.engine.answered(&mut self.facts, work_out).await
    }

    async fn interactive(&mut self) -> Result<Exit, CliError> {
        let unavailable = |error: ReadlineError| CliError::argument(error.to_string(), "give expressions with `-e`");
        let mut editor = DefaultEditor::new().map_err(unavailable)?;
        self.output.note("An expression a line, such as `vpc.id`; Ctrl-D leaves.");
        loop {
            match editor.readline("> ") {
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) if matches!(line.trim(), "exit" | "quit") => return Ok(Exit::Success),
                Ok(line) => {
                    // A history that cannot grow is no reason to stop.
                    let _ = editor.add_history_entry(line.trim());
                    self.show(line.trim()).await;
                }
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(Exit::Success),
                Err(error) => return Err(unavailable(error)),
            }
        }
    }
}
