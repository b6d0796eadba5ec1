//! Kinds of the service `iam`. Generated.

pub mod instance_profile;
pub mod oidc_provider;
pub mod policy;
pub mod role;
