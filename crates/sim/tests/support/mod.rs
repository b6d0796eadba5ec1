//! What the tests share: the kinds, and text for what happens.

#![allow(clippy::unwrap_used, clippy::print_stderr, dead_code)]

pub(crate) mod golden;
pub(crate) mod model;
pub(crate) mod others;
pub(crate) mod recorder;
pub(crate) mod scene;
pub(crate) mod script;
pub(crate) mod text;

use std::sync::{Arc, LazyLock};

use provision_core::schema::{KindDescription, KindSchema, Schemas};

/// The test kinds.
pub(crate) fn schemas() -> Arc<Schemas> {
    static SCHEMAS: LazyLock<Arc<Schemas>> = LazyLock::new(compiled);
    SCHEMAS.clone()
}

fn compiled() -> Arc<Schemas> {
    let descriptions: Vec<KindDescription> = serde_json::from_str(include_str!("../kinds.json")).unwrap();
    let compiled = descriptions.into_iter().map(|it| Arc::new(KindSchema::compile(it, |_| Vec::new()).unwrap()));
    Arc::new(compiled.collect())
}
