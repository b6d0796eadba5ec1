//! Route 53: names as it writes them, and the records of a zone.

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, HostedZone, ResourceRecordSet, RrType};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::Result;

/// The most that one page of records holds.
const RECORDS: i32 = 300;

/// How many records of a zone are deleted in one call, well below the 1,000 values that one may have.
const CHANGES: usize = 100;

/// The id, without the path that some answers put in front of it: `Z0123` of `/hostedzone/Z0123`.
pub(crate) fn bare_id(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// A domain name as specs write it: in lower case, without trailing dot, and without the octal escapes that Route 53
/// writes some letters as, such as `\052` for `*`. A dot within a label stays `\056`.
pub(crate) fn plain_name(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name).to_lowercase();
    let mut plain = String::with_capacity(name.len());
    let mut rest = name.as_str();
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        rest = match unescaped(escape) {
            Some((letter, after)) => {
                plain.push(letter);
                after
            }
            None => {
                plain.push('\\');
                escape
            }
        };
    }
    plain + rest
}

/// The letter that three octal digits stand for, and what follows them.
fn unescaped(escape: &str) -> Option<(char, &str)> {
    let (digits, after) = escape.split_at_checked(3)?;
    let code = u8::from_str_radix(digits, 8).ok()?;
    (code != b'.').then(|| (char::from(code).to_ascii_lowercase(), after))
}

/// The name as it was stated, if that is the same one; else as specs write it.
pub(crate) fn as_stated(stated: Option<&str>, live: &str) -> String {
    let live = plain_name(live);
    stated.filter(|stated| plain_name(stated) == live).map_or(live, str::to_owned)
}

/// What tells a record from all others of its zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordKey {
    /// The name, in the form of [`plain_name`].
    pub(crate) name: String,
    /// The type, such as `CNAME`.
    pub(crate) r#type: String,
    /// What tells it from others of the name and type.
    pub(crate) set_identifier: Option<String>,
}

impl RecordKey {
    /// That of a record AWS reports.
    pub(crate) fn of(set: &ResourceRecordSet) -> Self {
        Self {
            name: plain_name(&set.name),
            r#type: set.r#type.as_str().to_owned(),
            set_identifier: set.set_identifier.clone(),
        }
    }
}

/// The record of that key.
///
/// # Errors
/// When the call fails, other than for a zone that is not there.
pub(crate) async fn record(cloud: &Cloud, zone: &str, key: &RecordKey) -> Result<Option<ResourceRecordSet>> {
    // A listing begins at the key itself if that is there; which of a name's sets comes first is not.
    let most = if key.set_identifier.is_some() { RECORDS } else { 1 };
    let start = Start { name: key.name.clone(), r#type: Some(RrType::from(&*key.r#type)), identifier: None };
    let page = page(cloud, zone, Some(start), most).await?;
    Ok(page.and_then(|page| page.sets.into_iter().find(|set| RecordKey::of(set) == *key)))
}

/// The records of a zone, page by page, until `is_enough` says so of those found so far. A zone that is not there
/// has none.
///
/// # Errors
/// When a call fails, other than for a zone that is not there.
pub(crate) async fn records(
    cloud: &Cloud,
    zone: &str,
    is_enough: impl Fn(&[ResourceRecordSet]) -> bool,
) -> Result<Vec<ResourceRecordSet>> {
    let mut found = Vec::new();
    let mut start = None;
    while let Some(page) = page(cloud, zone, start, RECORDS).await? {
        found.extend(page.sets);
        start = page.next;
        if start.is_none() || is_enough(&found) {
            break;
        }
    }
    Ok(found)
}

/// Where a listing of records begins.
struct Start {
    name: String,
    r#type: Option<RrType>,
    identifier: Option<String>,
}

/// Part of a zone's records, and where the next part begins.
struct Page {
    sets: Vec<ResourceRecordSet>,
    next: Option<Start>,
}

async fn page(cloud: &Cloud, zone: &str, start: Option<Start>, most: i32) -> Result<Option<Page>> {
    let mut call = cloud.route53().list_resource_record_sets().hosted_zone_id(zone).max_items(most);
    if let Some(start) = start {
        call = call.start_record_name(start.name).set_start_record_type(start.r#type);
        call = call.set_start_record_identifier(start.identifier);
    }
    let Some(answer) = call.send().await.op("route53:ListResourceRecordSets").absent()? else { return Ok(None) };
    let (r#type, identifier) = (answer.next_record_type, answer.next_record_identifier);
    let next = answer.next_record_name.filter(|_| answer.is_truncated);
    let next = next.map(|name| Start { name, r#type, identifier });
    Ok(Some(Page { sets: answer.resource_record_sets, next }))
}

/// Makes a change of one record.
///
/// # Errors
/// When the call fails.
pub(crate) async fn change(cloud: &Cloud, zone: &str, action: ChangeAction, set: ResourceRecordSet) -> Result<()> {
    change_all(cloud, zone, action, vec![set]).await
}

/// Deletes all records of a zone but the two it was made with and has to keep, its NS and SOA.
///
/// # Errors
/// When a call fails.
pub(crate) async fn delete_records(cloud: &Cloud, zone: &HostedZone) -> Result<()> {
    let (id, apex) = (bare_id(&zone.id), plain_name(&zone.name));
    let is_kept =
        |set: &ResourceRecordSet| matches!(set.r#type, RrType::Ns | RrType::Soa) && plain_name(&set.name) == apex;
    let mut sets = records(cloud, id, |_| false).await?;
    sets.retain(|set| !is_kept(set));
    for sets in sets.chunks(CHANGES) {
        change_all(cloud, id, ChangeAction::Delete, sets.to_vec()).await?;
    }
    Ok(())
}

async fn change_all(cloud: &Cloud, zone: &str, action: ChangeAction, sets: Vec<ResourceRecordSet>) -> Result<()> {
    let changes = sets.into_iter().map(|set| Change::builder().action(action.clone()).resource_record_set(set).build());
    let changes = changes.collect::<std::result::Result<_, _>>().op(CHANGE)?;
    let batch = ChangeBatch::builder().set_changes(Some(changes)).build().op(CHANGE)?;
    cloud.route53().change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await.op(CHANGE)?;
    Ok(())
}

const CHANGE: &str = "route53:ChangeResourceRecordSets";

/// All zones of the account.
///
/// # Errors
/// When the call fails.
pub(crate) async fn zones(cloud: &Cloud) -> Result<Vec<HostedZone>> {
    let pages = cloud.route53().list_hosted_zones().into_paginator().items().send();
    pages.try_collect().await.op("route53:ListHostedZones")
}

/// The zones of a name; there may be several, public and private.
///
/// # Errors
/// When the call fails.
pub(crate) async fn zones_named(cloud: &Cloud, name: &str) -> Result<Vec<HostedZone>> {
    let wanted = plain_name(name);
    let mut found = Vec::new();
    let mut next = Some((name.to_owned(), None));
    while let Some((name, id)) = next.take() {
        let call = cloud.route53().list_hosted_zones_by_name().dns_name(name).set_hosted_zone_id(id);
        let answer = call.send().await.op("route53:ListHostedZonesByName")?;
        let zones = answer.hosted_zones.into_iter();
        let (named, others): (Vec<_>, Vec<_>) = zones.partition(|zone| plain_name(&zone.name) == wanted);
        found.extend(named);
        if answer.is_truncated && others.is_empty() {
            next = answer.next_dns_name.map(|name| (name, answer.next_hosted_zone_id));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_however_they_are_written() {
        for (written, plain) in [
            ("Shop.Example.ORG.", "shop.example.org"),
            (r"\052.example.org.", "*.example.org"),
            (r"a\100b.example.org", "a@b.example.org"),
            (r"a\056b.example.org", r"a\056b.example.org"),
            (r"a\9.example.org", r"a\9.example.org"),
            (r"a\", r"a\"),
        ] {
            assert_eq!(plain_name(written), plain, "{written}");
        }
        assert_eq!(as_stated(Some("*.Example.org."), r"\052.example.org."), "*.Example.org.");
        assert_eq!(as_stated(Some("example.org"), "example.com."), "example.com");
    }

    #[test]
    fn an_id_stands_without_its_path() {
        assert_eq!([bare_id("/hostedzone/Z1"), bare_id("/delegationset/N1"), bare_id("Z1")], ["Z1", "N1", "Z1"]);
    }
}
