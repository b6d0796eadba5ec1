//! The pure half of provision: no tokio, no SDK, no clock, no files, no randomness.

pub mod address;
pub mod diagnostic;
pub mod driver;
pub mod schema;
pub mod spec;
