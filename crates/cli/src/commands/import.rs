//! `provision import`: take something that exists under our care.

use std::sync::Arc;

use provision_core::driver::Id;
use provision_core::rate::PARALLELISM;

use super::apply::leave;
use super::history::Deed;
use crate::args::ImportArgs;
use crate::error::{CliError, Exit, InSpec};
use crate::output::Output;
use crate::render::{progress, style};
use crate::session::{self, Connection};

/// Records an id at an address; the next plan shows what differs.
pub(crate) async fn run(args: &ImportArgs, output: &Output) -> Result<Exit, CliError> {
    let (spec, sources) = session::load(&args.spec, &args.given, &session::schemas())?;
    let address = session::address(&args.address)?;
    let observer = Arc::new(progress::Quiet::new(output));
    let Connection { session, .. } = Connection::of(&spec, &args.place, observer, PARALLELISM).await?;
    let (expanded, _) = session.expand(spec).await.in_spec(&sources)?;
    let journal = session.open(&session::holder("import")).await?;
    let imported = session.engine.import(&journal, &expanded, &address, Id(args.id.clone())).await;
    match imported {
        Ok(()) => {
            let state = journal.close(|_| {}).await?;
            Deed::change("import", "imported").remember(&*session.store, &state, output).await;
            output.note(format!(
                "{} `{address}` is {}; `provision plan` shows what differs",
                style::good("imported"),
                args.id
            ));
            Ok(Exit::Success)
        }
        Err(error) => leave(journal, error.into()).await,
    }
}
