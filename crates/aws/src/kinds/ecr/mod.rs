//! Kinds of the service `ecr`. Generated.

pub mod repository;
