//! `provision init`: whether a spec can be applied from here, and the bucket of its state.

use provision_aws::cloud::Cloud;
use provision_aws::s3_store::{Bucket, Lack};
use provision_core::rate::PARALLELISM;
use provision_core::store::StatePlace;
use provision_engine::pace;
use serde_json::json;

use super::apply::{affirmed, can_ask};
use crate::args::InitArgs;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::render::style;
use crate::session::{self, patience};
use crate::stack::Stack;

/// Checks credentials, region and the place of the state; with `--bootstrap`, makes that bucket.
pub(crate) async fn run(args: &InitArgs, output: &Output) -> Result<Exit, CliError> {
    let (spec, _) = args.spec.load()?;
    let stack = Stack::of(&spec, &args.spec.place)?;
    let cloud = Cloud::connect(spec.region.as_deref(), spec.assume_role.as_ref(), PARALLELISM).await;
    session::check_region(&cloud)?;
    let identity = cloud.identity().await.map_err(provision_engine::EngineError::from)?;
    if let StatePlace::Bucket { bucket, .. } = &stack.place {
        prepare(args, bucket, cloud.region(), output).await?;
    }
    let serial = stack.store().await?.load().await?.map(|loaded| loaded.state.serial);
    let place = stack.place.to_string();
    if output.is_json() {
        let (account, region) = (&identity.account_id, cloud.region());
        output.event(&json!({
            "event": "init", "account_id": account, "arn": identity.arn, "region": region, "state": place, "serial": serial,
        }));
    } else {
        output.line(format!("account  {} as {}", identity.account_id, identity.arn));
        output.line(format!("region   {}", cloud.region()));
        let serial = serial.map_or_else(|| "none yet".to_owned(), |serial| format!("serial {serial}"));
        output.line(format!("state    {place} ({serial})"));
    }
    Ok(Exit::Success)
}

/// Says what the bucket lacks, or gives it that.
async fn prepare(args: &InitArgs, name: &str, region: &str, output: &Output) -> Result<(), CliError> {
    let bucket = Bucket::find(name, Some(region), &pace::store_tries(patience())).await?;
    let lacks = bucket.lacks().await?;
    if !args.bootstrap {
        // That it is missing is told by the store.
        for lack in lacks.iter().filter(|_| !lacks.contains(&Lack::Bucket)) {
            output.note(format!("{} `{name}`: `--bootstrap` would {lack}", style::hint("hint:")));
        }
        return Ok(());
    }
    if lacks.is_empty() {
        return Ok(());
    }
    can_ask(args.yes, output)?;
    output.note(format!("`{name}` in {}:", bucket.region()));
    lacks.iter().for_each(|lack| output.note(format!("  {lack}")));
    affirmed(args.yes, "Do this?", output)?;
    Ok(bucket.mend(&lacks).await?)
}
