//! Kinds of the service `ec2`. Generated.

pub mod eip;
pub mod internet_gateway;
pub mod nat_gateway;
pub mod route_table;
pub mod subnet;
pub mod vpc;
