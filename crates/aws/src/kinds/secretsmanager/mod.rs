//! Kinds of the service `secretsmanager`. Generated.

pub mod secret;
