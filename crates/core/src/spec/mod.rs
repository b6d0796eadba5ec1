//! From the text of a spec to values with places.

pub mod format;
pub mod template;
pub mod yaml;
