//! Kinds of the service `sns`. Generated.

pub mod subscription;
pub mod topic;
