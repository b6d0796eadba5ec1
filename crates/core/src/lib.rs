//! The pure half of provision: no tokio, no SDK, no clock, no files, no randomness.

pub mod address;
pub mod diagnostic;
pub mod diff;
pub mod driver;
pub mod expr;
pub mod fact;
pub mod graph;
pub mod picture;
pub mod plan;
pub mod rate;
pub mod schema;
pub mod spec;
pub mod state;
pub mod store;
pub mod value;
