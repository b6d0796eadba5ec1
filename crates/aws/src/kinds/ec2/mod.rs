//! Kinds of the service `ec2`. Generated.

pub mod security_group;
pub mod security_group_rule;
pub mod vpc;
