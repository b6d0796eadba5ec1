//! The kinds of provision, and the only crate that knows the AWS SDK.

mod batch;
pub mod cloud;
pub mod error;
pub mod kind;
pub mod kinds;
pub mod query;
mod random;
pub mod read;
mod registry;
pub mod s3_store;
mod service;
mod shape;
pub mod types;
