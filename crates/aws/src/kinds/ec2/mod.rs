//! Kinds of the service `ec2`. Generated.

pub mod vpc;
