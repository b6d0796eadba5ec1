//! Kinds of the service `cloudwatch`. Generated.

pub mod dashboard;
pub mod metric_alarm;
