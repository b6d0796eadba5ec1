//! One file per command.

pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod console;
pub(crate) mod destroy;
pub(crate) mod drift;
pub(crate) mod fmt;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod kinds;
pub(crate) mod output;
pub(crate) mod plan;
pub(crate) mod rollback;
pub(crate) mod schema;
pub(crate) mod state;
pub(crate) mod unlock;
pub(crate) mod validate;
