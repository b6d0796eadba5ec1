//! Kinds of the service `budgets`. Generated.

pub mod budget;
