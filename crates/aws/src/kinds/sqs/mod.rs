//! Kinds of the service `sqs`. Generated.

pub mod queue;
