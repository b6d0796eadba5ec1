//! Kinds of the service `ec2`. Generated.

pub mod flow_log;
pub mod security_group;
pub mod security_group_rule;
pub mod vpc;
pub mod vpc_endpoint;
