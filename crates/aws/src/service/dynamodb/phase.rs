//! Whether a table can be used, and what DynamoDB does with it.

use aws_sdk_dynamodb::types::{GlobalSecondaryIndexDescription, IndexStatus, SseStatus, TableDescription, TableStatus};
use provision_core::driver::Phase;

/// The phase of a table: it is ready when all of its indexes are, too.
///
/// A table whose key is out of reach stands still, and is never to be replaced for that: its items
/// are still there.
pub(crate) fn phase(table: &TableDescription) -> Phase {
    let pending = |what: &str| Phase::Pending(format!("the table is being {what}"));
    match table.table_status() {
        Some(TableStatus::Creating) => pending("made"),
        Some(TableStatus::Updating) => index_under_way(table).map_or_else(|| pending("changed"), Phase::Pending),
        Some(TableStatus::Deleting) => pending("deleted"),
        Some(TableStatus::InaccessibleEncryptionCredentials) => {
            Phase::Halted("DynamoDB may not use the table's KMS key".to_owned())
        }
        Some(TableStatus::Archiving | TableStatus::Archived) => Phase::Halted(
            "DynamoDB has archived the table, since it could not use its KMS key for seven days".to_owned(),
        ),
        _ => index_under_way(table).or_else(|| encryption_under_way(table)).map_or(Phase::Ready, Phase::Pending),
    }
}

/// Whether another UpdateTable can be called.
pub(crate) fn is_at_rest(table: &TableDescription) -> bool {
    phase(table) == Phase::Ready
}

fn index_under_way(table: &TableDescription) -> Option<String> {
    table.global_secondary_indexes().iter().find_map(|index| {
        let name = index.index_name().unwrap_or_default();
        what_becomes(index).map(|what| format!("index `{name}` is being {what}"))
    })
}

fn what_becomes(index: &GlobalSecondaryIndexDescription) -> Option<&'static str> {
    match index.index_status() {
        Some(IndexStatus::Creating) if index.backfilling() == Some(true) => Some("filled"),
        Some(IndexStatus::Creating) => Some("made"),
        Some(IndexStatus::Updating) => Some("changed"),
        Some(IndexStatus::Deleting) => Some("deleted"),
        _ => None,
    }
}

fn encryption_under_way(table: &TableDescription) -> Option<String> {
    let status = table.sse_description()?.status()?;
    let is_under_way = matches!(status, SseStatus::Enabling | SseStatus::Disabling | SseStatus::Updating);
    is_under_way.then(|| "the encryption is being changed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(status: TableStatus, index: Option<(IndexStatus, bool)>) -> TableDescription {
        let index = index.map(|(status, backfilling)| {
            let index = GlobalSecondaryIndexDescription::builder().index_name("by-date");
            vec![index.index_status(status).backfilling(backfilling).build()]
        });
        TableDescription::builder().table_status(status).set_global_secondary_indexes(index).build()
    }

    #[test]
    fn a_table_is_ready_when_its_indexes_are() {
        let said = |status, index| phase(&table(status, index)).said().to_owned();
        assert_eq!(phase(&table(TableStatus::Active, None)), Phase::Ready);
        assert_eq!(phase(&table(TableStatus::Active, Some((IndexStatus::Active, false)))), Phase::Ready);
        assert_eq!(said(TableStatus::Creating, None), "the table is being made");
        assert_eq!(said(TableStatus::Updating, None), "the table is being changed");
        let filling = Some((IndexStatus::Creating, true));
        assert_eq!(said(TableStatus::Updating, filling.clone()), "index `by-date` is being filled");
        assert_eq!(said(TableStatus::Active, filling), "index `by-date` is being filled");
        assert!(matches!(phase(&table(TableStatus::InaccessibleEncryptionCredentials, None)), Phase::Halted(_)));
    }
}
