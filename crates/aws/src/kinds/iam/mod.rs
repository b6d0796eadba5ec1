//! Kinds of the service `iam`. Generated.

pub mod role;
