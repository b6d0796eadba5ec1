//! Kinds of the service `amplify`. Generated.

pub mod app;
pub mod branch;
pub mod domain_association;
