//! The pure half of provision: no tokio, no SDK, no clock, no files, no randomness.

pub mod address;
pub mod driver;
pub mod expr;
pub mod schema;
pub mod state;
pub mod value;
