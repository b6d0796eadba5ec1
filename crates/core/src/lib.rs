//! The pure half of provision: no tokio, no SDK, no clock, no files, no randomness.

pub mod address;
pub mod diff;
pub mod graph;
pub mod plan;
pub mod spec;
pub mod driver;
pub mod schema;
pub mod state;
pub mod store;
pub mod value;
