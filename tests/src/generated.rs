//! The files that are made from the kinds, the language and the lists of what tests leave out,
//! and committed: the registry, the schemas, the reference, the gaps.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use provision_aws::kinds::calls_to_read;
use provision_core::expr::FUNCTIONS;
use provision_core::schema::{Schemas, module_schema, reference_page, spec_schema};

use crate::conformance::gaps;

/// The top of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// Every generated file, by its path from the top of the workspace, with the text it should have.
///
/// # Errors
/// When the `kinds/` folder or a list of changes cannot be read.
pub fn files(schemas: &Schemas) -> io::Result<Vec<(PathBuf, String)>> {
    let mut files = registry()?;
    let descriptions: Vec<_> = schemas.iter().map(|schema| &schema.description).collect();
    files.push(("schema/kinds.json".into(), json(&descriptions)));
    files.push(("schema/provision.json".into(), json(&spec_schema(schemas))));
    files.push(("schema/module.json".into(), json(&module_schema(schemas))));
    files.push(("docs/reference/README.md".into(), index(schemas)));
    files.push(("docs/reference/functions.md".into(), functions()));
    files.push(("tests/conformance/GAPS.md".into(), gaps(&workspace(), schemas).map_err(io::Error::other)?));
    files.extend(schemas.iter().map(|schema| {
        let path = format!("docs/reference/{}.md", schema.name());
        (path.into(), format!("<!-- Generated. -->\n\n{}", reference_page(schema)))
    }));
    Ok(files)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// `kinds/mod.rs` and the `mod.rs` of each service, from the files in the folders.
fn registry() -> io::Result<Vec<(PathBuf, String)>> {
    let kinds = Path::new("crates/aws/src/kinds");
    let mut top = "//! Every kind. Generated from the files of this folder: run the tests with\n\
        //! `UPDATE_GENERATED=1` after adding one.\n\n"
        .to_owned();
    let mut rows = String::new();
    let mut files = Vec::new();
    for service in names(&workspace().join(kinds), Path::is_dir)? {
        let _ = writeln!(top, "pub mod {service};");
        let mut module = format!("//! Kinds of the service `{service}`. Generated.\n\n");
        let folder = kinds.join(&service);
        for noun in names(&workspace().join(&folder), |path| path.extension().is_some_and(|it| it == "rs"))? {
            let _ = writeln!(module, "pub mod {noun};");
            let ty = implementor(&workspace().join(&folder).join(format!("{noun}.rs")))?;
            let _ = writeln!(rows, "    \"{service}/{noun}\" => {service}::{noun}::{ty},");
        }
        files.push((folder.join("mod.rs"), module));
    }
    let _ = write!(top, "\ncrate::registry::kinds! {{\n{rows}}}\n");
    files.push((kinds.join("mod.rs"), top));
    Ok(files)
}

/// The stems of what a folder holds, sorted, without `mod`.
fn names(folder: &Path, is_wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if is_wanted(&path) {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.retain(|name| name != "mod");
    names.sort();
    Ok(names)
}

/// The type a kind's file implements `Kind` for.
fn implementor(file: &Path) -> io::Result<String> {
    let text = fs::read_to_string(file)?;
    let mut found = text.lines().filter_map(|line| line.strip_prefix("impl Kind for ")?.split(' ').next());
    let missing = || io::Error::other(format!("{} implements no Kind", file.display()));
    found.next().map(str::to_owned).ok_or_else(missing)
}

fn index(schemas: &Schemas) -> String {
    let mut page = "<!-- Generated. -->\n\n# Reference\n\n\
        - [The language](../language.md): sections, modules, environments, what is known when\n\
        - [Functions](functions.md) of expressions\n\n## Kinds\n\n"
        .to_owned();
    for schema in schemas.iter() {
        let summary = schema.description.doc.lines().next().unwrap_or_default();
        let _ = writeln!(page, "- [`{name}`]({name}.md): {summary}", name = schema.name());
    }
    page + &reading(schemas)
}

/// How many resources the table of reads tells of.
const READ: [u32; 4] = [1, 10, 100, 1000];

/// What a drift costs.
fn reading(schemas: &Schemas) -> String {
    let mut table = "\n## Calls of a drift\n\n\
        To read so many of one kind, where nothing optional is managed. The tags of a hundred resources, of whatever \
        kinds, are one call: it is counted with each kind here and made once. Parts that are managed and no batch \
        tells, such as a bucket's policy, cost a call more for each resource. Aliases, roles and buckets are found in lists \
        of the whole account: others there may take further pages.\n\n| kind | "
        .to_owned();
    let counts = READ.map(|count| count.to_string());
    let _ = write!(table, "{} |\n|---|---|---|---|---|\n", counts.join(" | "));
    for schema in schemas.iter() {
        let calls = READ.map(|count| calls_to_read(schema.name(), count).unwrap_or_default().to_string());
        let _ = writeln!(table, "| `{}` | {} |", schema.name(), calls.join(" | "));
    }
    table
}

fn functions() -> String {
    let mut page =
        "<!-- Generated. -->\n\n# Functions\n\n| function | what it gives | example |\n|---|---|---|\n".to_owned();
    for function in FUNCTIONS {
        let cell = |text: &str| text.replace('|', "\\|");
        let (signature, doc, example) = (cell(function.signature), cell(function.doc), cell(function.example));
        let _ = writeln!(page, "| `{signature}` | {doc} | `{example}` |");
    }
    page
}
