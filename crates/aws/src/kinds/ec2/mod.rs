//! Kinds of the service `ec2`. Generated.

pub mod subnet;
pub mod vpc;
