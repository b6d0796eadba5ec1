//! Kinds of the service `ssm`. Generated.

pub mod parameter;
