//! `provision check`: whether what must hold does.

use std::sync::Arc;

use provision_core::diagnostic::Sources;
use provision_core::fact::Facts;
use provision_core::rate::PARALLELISM;
use provision_core::spec::Expanded;
use provision_core::spec::checks::Verdict;
use provision_engine::session::Session;

use crate::args::CheckArgs;
use crate::error::{CliError, Exit, InSpec};
use crate::http;
use crate::output::Output;
use crate::render::{self, progress};
use crate::session::Connection;

/// How one check came out.
pub(crate) struct Checked {
    /// Its name.
    pub(crate) name: String,
    /// What is wrong; `None` where it holds.
    pub(crate) wrong: Option<String>,
}

/// Reads what is live and asks; changes nothing.
pub(crate) async fn run(args: &CheckArgs, output: &Output) -> Result<Exit, CliError> {
    let (spec, sources) = args.spec.load()?;
    let observer = Arc::new(progress::Quiet::new(output));
    let Connection { session, .. } = Connection::of(&spec, &args.spec.place, observer, PARALLELISM).await?;
    let (expanded, facts) = session.expand(spec).await.in_spec(&sources)?;
    let checked = check(&session, &expanded, facts, &sources).await?;
    render::checks::show(&checked, output);
    Ok(if checked.iter().all(|it| it.wrong.is_none()) { Exit::Success } else { Exit::Failure })
}

/// Looks at every check of the spec, with what AWS reports at this moment.
pub(crate) async fn check(
    session: &Session,
    expanded: &Expanded,
    mut facts: Facts,
    sources: &Sources,
) -> Result<Vec<Checked>, CliError> {
    if !expanded.has_checks() {
        return Ok(Vec::new());
    }
    let attributes = session.live_attributes(&session.peek().await?, expanded).await?;
    let work_out = |facts: &Facts| {
        let checks = expanded.checks(facts, &attributes);
        let asks = checks.iter().flat_map(|check| check.asks.clone()).collect();
        Ok((checks, asks))
    };
    let mut checked = Vec::new();
    for check in session.engine.answered(&mut facts, work_out).await? {
        let wrong = match check.verdict {
            Verdict::Holds => None,
            Verdict::Fails => Some("it is false".to_owned()),
            Verdict::Unknown(awaits) if awaits.is_empty() => Some("it rests on what is not there yet".to_owned()),
            Verdict::Unknown(awaits) => Some(format!("it rests on what is not there yet: {awaits}")),
            Verdict::Wrong(found) => Some(render::diagnostics::in_one_line(&found, sources)),
            Verdict::Request(request) => http::ask(&request).await.err(),
        };
        let wrong = wrong.map(|why| check.message.map_or_else(|| why.clone(), |message| format!("{message} ({why})")));
        checked.push(Checked { name: check.name.to_string(), wrong });
    }
    Ok(checked)
}
