//! What the tests of the whole share: generated files, local clouds.

pub mod generated;
