//! Kinds of the service `acm`. Generated.

pub mod certificate;
