//! A log of what goes on behind the progress shown, for finding out what went wrong.

use std::io::{IsTerminal, stderr};
use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use crate::error::CliError;

/// What says how much is logged.
const VARIABLE: &str = "PROVISION_LOG";

/// Whose events are logged: our own crates'. Those of the AWS SDK hold whole requests, secrets
/// among them (law 10).
const OURS: &str = "provision";

/// Logs to standard error from now on, if `PROVISION_LOG` asks for it: `debug` tells every call
/// to AWS and every write of the state.
///
/// # Errors
/// When it asks for something else than a level.
pub(crate) fn begin() -> Result<(), CliError> {
    let Some(wanted) = std::env::var_os(VARIABLE).filter(|wanted| !wanted.is_empty()) else {
        return Ok(());
    };
    let level = wanted.to_str().and_then(|level| LevelFilter::from_str(level).ok()).ok_or_else(|| {
        let message = format!("{VARIABLE}: `{}` is no level", wanted.to_string_lossy());
        CliError::argument(message, "give `error`, `warn`, `info`, `debug` or `trace`")
    })?;
    let is_coloured = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr).with_ansi(is_coloured);
    let log = registry().with(Targets::new().with_target(OURS, level)).with(lines);
    // There is one only where a test has set it.
    let _ = tracing::subscriber::set_global_default(log);
    Ok(())
}
