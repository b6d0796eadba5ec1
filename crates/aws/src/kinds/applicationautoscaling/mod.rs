//! Kinds of the service `applicationautoscaling`. Generated.

pub mod scalable_target;
pub mod scaling_policy;
