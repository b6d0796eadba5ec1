//! Kinds of the service `ecs`. Generated.

pub mod cluster;
pub mod service;
pub mod task_definition;
