//! Kinds of the service `route53`. Generated.

pub mod hosted_zone;
pub mod record;
