//! Kinds of the service `s3`. Generated.

pub mod bucket;
pub mod object;
