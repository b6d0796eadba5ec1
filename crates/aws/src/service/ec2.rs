//! EC2: tags inside create calls, filters, batches, zones.

pub(crate) mod interfaces;
pub(crate) mod route_tables;
pub(crate) mod rules;

use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType, Tag, TagSpecification, UnsuccessfulItem};
use futures::stream::{self, StreamExt};
use provision_core::driver::{Id, Intent};

use crate::cloud::Cloud;
use crate::error::{Op, refused};
use crate::kind::{Kind, Result, Update, Wanted};
use crate::query::Query;
use crate::service::rates::ec2::MUTATING;
use crate::types::{INTENT_TAG, Tags};

/// How many values one filter takes.
pub(crate) const FILTER_VALUES: usize = 200;

/// The tags of a create call.
pub(crate) fn tag_specification(resource: ResourceType, tags: &Tags, intent: &Intent) -> TagSpecification {
    let tags = tags.with_intent(intent).map(|(key, value)| tag(key, value)).collect();
    TagSpecification::builder().resource_type(resource).set_tags(Some(tags)).build()
}

fn tag(key: String, value: String) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// The tags a Describe call reports.
pub(crate) fn live_tags(tags: Option<Vec<Tag>>) -> Tags {
    let tags = tags.into_iter().flatten();
    Tags::from_live(tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))))
}

/// A filter that any of `values` passes.
pub(crate) fn filter<V: Into<String>>(name: &str, values: impl IntoIterator<Item = V>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// A filter that only what `intent` created passes.
pub(crate) fn intent_filter(intent: &Intent) -> Filter {
    filter(&format!("tag:{INTENT_TAG}"), [intent.token.clone()])
}

/// The filters that all of what a query asks for passes: `names` pairs filters with what they
/// look at, where `arn` stands for the id in the ARN. A filter that several pairs name has
/// the first one's value.
pub(crate) fn filters(by: &Query, names: &[(&str, &str)]) -> Vec<Filter> {
    let stated = names.iter().filter_map(|(name, field)| Some(((*name).to_owned(), asked(by, field)?)));
    let tags = by.tags().into_iter().map(|(key, value)| (format!("tag:{key}"), value));
    let mut filters: Vec<Filter> = Vec::new();
    for (name, value) in stated.chain(tags) {
        if !filters.iter().any(|filter| filter.name() == Some(&name)) {
            // In a filter a backslash escapes: the wildcard stands for it too.
            filters.push(filter(&name, [value.replace('\\', "?")]));
        }
    }
    filters
}

fn asked(by: &Query, field: &str) -> Option<String> {
    match field {
        "arn" => by.in_arn("")?.rsplit_once('/').map(|(_, id)| id.to_owned()),
        field => by.text(field),
    }
}

/// Whether `intent` created what carries `tags`: told from the answer, for endpoints that pass over tag filters.
pub(crate) fn is_made_by(intent: &Intent, tags: &Option<Vec<Tag>>) -> bool {
    let is_ours = |tag: &Tag| tag.key() == Some(INTENT_TAG) && tag.value() == Some(&intent.token);
    tags.iter().flatten().any(is_ours)
}

/// A flag as the Modify…Attribute calls take it.
pub(crate) fn boolean(value: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(value).build()
}

/// Makes changes that do not depend on each other, as many at a time as EC2 lets be made at once.
/// Those under way are awaited whatever becomes of the others, so that none is left undecided.
///
/// # Errors
/// The first that failed, after which no other is begun.
pub(crate) async fn side_by_side<F>(changes: Vec<F>) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let failed = AtomicBool::new(false);
    let changes: Vec<_> = changes.into_iter().map(|change| unless(&failed, change)).collect();
    let made: Vec<Result<()>> = stream::iter(changes).buffer_unordered(MUTATING.burst as usize).collect().await;
    made.into_iter().collect()
}

async fn unless(failed: &AtomicBool, change: impl Future<Output = Result<()>>) -> Result<()> {
    match failed.load(Ordering::Relaxed) {
        true => Ok(()),
        false => change.await.inspect_err(|_| failed.store(true, Ordering::Relaxed)),
    }
}

/// Sets and removes tags where the update says they differ.
pub(crate) async fn update_tags<K: Kind>(
    cloud: &Cloud,
    update: &Update<K>,
    tags: impl Fn(&K) -> &Tags,
    wanted: &K,
) -> Result<()> {
    if !update.has("tags") {
        return Ok(());
    }
    let changes = tags(wanted).changes_from(tags(&update.live));
    if !changes.set.is_empty() {
        set_tags(cloud, &update.id, changes.set).await?;
    }
    if !changes.remove.is_empty() {
        let remove = changes.remove.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        let call = cloud.ec2().delete_tags().resources(update.id.as_str()).set_tags(Some(remove));
        call.send().await.op("ec2:DeleteTags")?;
    }
    Ok(())
}

/// The account whose resources are read, where their own description leaves it out:
/// recorded with one of them, or else ours.
pub(crate) async fn account<K: Kind>(
    cloud: &Cloud,
    wanted: &[Wanted<K>],
    arn: impl Fn(&K::Outputs) -> &str,
) -> Result<String> {
    let recorded = wanted.iter().find_map(|wanted| wanted.outputs.as_ref());
    cloud.account(recorded.map(arn)).await
}

/// The refusal inside an answer that is itself a success, if there is one.
pub(crate) fn refusal(operation: &str, unsuccessful: Option<Vec<UnsuccessfulItem>>) -> Result<()> {
    let error = unsuccessful.into_iter().flatten().find_map(|item| item.error);
    error.map_or(Ok(()), |error| {
        Err(refused(operation, error.code().unwrap_or_default(), error.message().unwrap_or_default()))
    })
}

/// Sets tags, leaving others as they are.
pub(crate) async fn set_tags(cloud: &Cloud, id: &Id, tags: impl IntoIterator<Item = (String, String)>) -> Result<()> {
    let tags = tags.into_iter().map(|(key, value)| tag(key, value)).collect();
    let call = cloud.ec2().create_tags().resources(id.as_str()).set_tags(Some(tags));
    call.send().await.op("ec2:CreateTags")?;
    Ok(())
}

/// The ids of what was found.
pub(crate) fn ids(found: impl IntoIterator<Item = Option<String>>) -> Vec<Id> {
    found.into_iter().flatten().map(Id).collect()
}

/// The id of the only thing found, if anything was.
pub(crate) fn first_id(found: impl IntoIterator<Item = Option<String>>) -> Option<Id> {
    found.into_iter().flatten().next().map(Id)
}

/// The names of the zones that are open to us, sorted; local and wavelength zones left out.
pub(crate) async fn zones(cloud: &Cloud) -> Result<Vec<String>> {
    let call = cloud.ec2().describe_availability_zones().filters(filter("state", ["available"]));
    let answer = call.filters(filter("zone-type", ["availability-zone"])).send().await;
    let zones = answer.op("ec2:DescribeAvailabilityZones")?.availability_zones.unwrap_or_default();
    let mut names: Vec<String> = zones.into_iter().filter_map(|zone| zone.zone_name).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use provision_core::driver::{Cause, CloudError};
    use serde_json::json;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn after_a_failure_no_change_is_begun_and_those_under_way_end() {
        let (begun, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let change = async |number: usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            for _ in 0..number {
                yield_now().await;
            }
            ended.fetch_add(1, Ordering::Relaxed);
            if number == 1 { Err(CloudError::new(Cause::Throttled, "ec2:CreateRoute", "no")) } else { Ok(()) }
        };
        assert!(side_by_side((2..200).map(change).collect()).await.is_ok());
        assert_eq!((begun.swap(0, Ordering::Relaxed), ended.swap(0, Ordering::Relaxed)), (198, 198));
        assert!(side_by_side((1..200).map(change).collect()).await.is_err());
        assert_eq!((begun.into_inner(), ended.into_inner()), (50, 50));
    }

    #[test]
    fn filters_are_made_of_what_is_stated() {
        let by = json!({
            "arn": "arn:aws:ec2:us-east-1:123456789012:elastic-ip/eipalloc-1",
            "address": "192.0.2.1",
            "public_ip": "192.0.2.2",
            "tags": { "path": "a\\b" },
            "unknown": "passed over",
        });
        let by = Query(by.as_object().cloned().unwrap_or_default());
        let names = [
            ("public-ip", "address"),
            ("public-ip", "public_ip"),
            ("allocation-id", "arn"),
            ("instance-id", "instance_id"),
        ];
        let filters = filters(&by, &names);
        let told =
            filters.iter().map(|filter| format!("{}={}", filter.name().unwrap_or_default(), filter.values().join(",")));
        let expected = ["public-ip=192.0.2.1", "allocation-id=eipalloc-1", "tag:path=a?b"];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }
}
