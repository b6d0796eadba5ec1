//! Kinds of the service `dynamodb`. Generated.

pub mod table;
