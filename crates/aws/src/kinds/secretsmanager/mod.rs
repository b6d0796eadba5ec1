//! Kinds of the service `secretsmanager`. Generated.

pub mod rotation;
pub mod secret;
