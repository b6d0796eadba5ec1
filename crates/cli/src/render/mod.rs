//! How things look: plans, drift, diagnostics, progress, summaries.

pub(crate) mod checks;
pub(crate) mod course;
pub(crate) mod diagnostics;
pub(crate) mod drift;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod style;
pub(crate) mod summary;
pub(crate) mod value;
