//! Kinds of the service `logs`. Generated.

pub mod log_group;
