//! What the tests of specs share: the real kinds, without the SDK behind them.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use provision_core::schema::{KindDescription, KindSchema, Schemas};

/// A file of the workspace.
pub(crate) fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The schemas of all kinds, as `schema/kinds.json` holds them. The rules that only
/// code can state are not in it.
pub(crate) fn schemas() -> Schemas {
    let text = std::fs::read_to_string(workspace("schema/kinds.json")).unwrap();
    let kinds: Vec<KindDescription> = serde_json::from_str(&text).unwrap();
    kinds.into_iter().map(|kind| Arc::new(KindSchema::compile(kind, |_| Vec::new()).unwrap())).collect()
}
