//! What the suite leaves out, and why, as one page.

use std::fmt::Write;
use std::path::Path;

use provision_core::schema::Schemas;

use super::{Case, ON_LOCALSTACK};
use crate::stack::Wrong;

const HEAD: &str = "\
<!-- Generated. -->

# What conformance leaves out

Every kind goes through one suite on a local AWS. This is what it cannot show there. The reasons stand in
`tests/conformance/changes/`, under `skip`, `no_drift` and `no_find`.
";

/// What is shown by nothing but a stand-in of ours.
const OURS: &str = "
## Shown on a fake of ours

Neither emulator has Amplify. `amplify/app`, `amplify/branch` and `amplify/domain_association` go through the suite on
`localstack/amplify`, which is ours: written from the API's model, against which it checks all that it is asked and all
that it answers. Where the service differs from its model, nothing here shows it. Nothing is built or served, and a
domain becomes available after some looks, whatever is in DNS.
";

/// The page `tests/conformance/GAPS.md`.
///
/// # Errors
/// When a kind's list of changes cannot be read.
pub fn gaps(workspace: &Path, schemas: &Schemas) -> Result<String, Wrong> {
    let mut page = format!("{HEAD}\n## Not on moto\n\n| kind | why it is on LocalStack |\n|---|---|\n");
    for (kind, reason) in ON_LOCALSTACK {
        let _ = writeln!(page, "| `{kind}` | {} |", cell(reason));
    }
    page += OURS;
    page += "\n## Properties\n\n| kind | property | is not | why |\n|---|---|---|---|\n";
    for schema in schemas.iter() {
        let case = Case::read(workspace, schema.name())?;
        page += &rows(&case, "changed", &case.skipped);
        page += &rows(&case, "changed behind our back", &case.blind);
        page += &rows(&case, "what it is looked up by", &case.not_found_by);
    }
    Ok(page)
}

fn rows(case: &Case, what: &str, reasons: &[(String, String)]) -> String {
    let row =
        |(field, reason): &(String, String)| format!("| `{}` | `{field}` | {what} | {} |\n", case.kind, cell(reason));
    reasons.iter().map(row).collect()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
