//! The asynchronous half of provision, without any SDK: it walks plans and keeps
//! the record of what they did.

pub mod journal;
pub mod local_store;
