//! Kinds of the service `kms`. Generated.

pub mod alias;
pub mod key;
