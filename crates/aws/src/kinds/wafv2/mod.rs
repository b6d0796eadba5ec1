//! Kinds of the service `wafv2`. Generated.

pub mod web_acl;
pub mod web_acl_association;
