//! The Resource Groups Tagging API: the tags of a hundred resources in one call.

use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};
use provision_core::driver::{Id, Intent};

use crate::batch::Answers;
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::{Kind, Live, Result, Wanted};
use crate::query::{self, Query};
use crate::read;
use crate::types::{INTENT_TAG, Tags};

/// A kind whose own service tells the tags of one resource a call.
pub(crate) trait Tagged: Kind {
    /// Whether the create call sets the tags wherever it is made, so that they need not be asked for
    /// right after it.
    const CREATED_WITH_TAGS: bool = true;

    /// The ARN.
    fn arn(outputs: &Self::Outputs) -> &str;
    /// The tags.
    fn tags(&self) -> &Tags;
    /// Where the tags are kept.
    fn tags_mut(&mut self) -> &mut Tags;
    /// The tags of a resource as its own service tells them; `None` where it is not there.
    fn list_tags(cloud: &Cloud, id: &Id, arn: &str) -> impl Future<Output = Result<Option<Tags>>> + Send;
}

/// The accessors of [`Tagged`], for a kind with a property `tags` and an output `arn`.
macro_rules! fields {
    () => {
        fn arn(outputs: &Self::Outputs) -> &str {
            &outputs.arn
        }

        fn tags(&self) -> &Tags {
            &self.tags
        }

        fn tags_mut(&mut self) -> &mut Tags {
            &mut self.tags
        }
    };
}
pub(crate) use fields;

/// What `read` finds, with its tags.
///
/// The tagging API answers for many resources of all kinds at once but lags behind
/// their services, so it is believed only where it tells what was last applied. It is
/// a short cut alone: what it does not tell, or cannot, the service is asked for.
///
/// # Errors
/// The first call that fails ends the read.
pub(crate) async fn with_tags<K: Tagged>(
    cloud: &Cloud,
    wanted: &[Wanted<K>],
    read: impl Future<Output = Result<Vec<Option<Live<K>>>>>,
) -> Result<Vec<Option<Live<K>>>> {
    with_told(cloud, wanted, told(cloud, wanted), read).await
}

/// The same where the kind knows more of what the tagging API tells: `told` is what may be
/// believed of it, by ARN. Whatever else is there is asked for its tags, and is absent where
/// these say so.
///
/// # Errors
/// The first call that fails ends the read.
pub(crate) async fn with_told<K: Tagged>(
    cloud: &Cloud,
    wanted: &[Wanted<K>],
    told: impl Future<Output = Answers<Tags>>,
    read: impl Future<Output = Result<Vec<Option<Live<K>>>>>,
) -> Result<Vec<Option<Live<K>>>> {
    let (told, found) = tokio::join!(told, read);
    let found: Vec<_> = wanted.iter().zip(found?).collect();
    let tags = read::each(&found, async |(wanted, live)| match live {
        Some(live) => tags(cloud, wanted, &told, K::arn(&live.outputs)).await,
        None => Ok(None),
    });
    let tags = tags.await?;
    Ok(found.into_iter().zip(tags).map(|((_, live), tags)| tagged(live?, tags?)).collect())
}

/// Believes the create call and the tagging API, or asks the service.
async fn tags<K: Tagged>(cloud: &Cloud, wanted: &Wanted<K>, told: &Answers<Tags>, arn: &str) -> Result<Option<Tags>> {
    match (&wanted.applied, told.get(arn)) {
        (Some(applied), _) if wanted.is_fresh && K::CREATED_WITH_TAGS => Ok(Some(applied.tags().clone())),
        (Some(applied), Some(told)) if applied.tags() == told => Ok(Some(told.clone())),
        _ => K::list_tags(cloud, &wanted.id, arn).await,
    }
}

fn tagged<K: Tagged>(mut live: Live<K>, tags: Tags) -> Option<Live<K>> {
    *live.spec.tags_mut() = tags;
    Some(live)
}

/// How many ARNs one call takes.
pub(crate) const ARNS: usize = 100;

/// What the tagging API tells of the resources whose ARN is recorded, in the same call
/// as those of all other kinds that are read at the same time.
pub(crate) async fn told<K: Tagged>(cloud: &Cloud, wanted: &[Wanted<K>]) -> Answers<Tags> {
    let arns = wanted
        .iter()
        .filter(|wanted| wanted.applied.is_some())
        .filter_map(|wanted| Some(K::arn(wanted.outputs.as_ref()?).to_owned()));
    let arns: Vec<String> = arns.collect();
    cloud.tags().ask(&arns, async |arns| get(cloud, &arns).await.unwrap_or_default()).await
}

/// For a single resource its own service is as cheap.
async fn get(cloud: &Cloud, arns: &[String]) -> Result<Answers<Tags>> {
    if arns.len() < 2 {
        return Ok(Answers::new());
    }
    let found = read::chunked(arns, ARNS, async |arns| {
        let call = cloud.tag().get_resources().set_resource_arn_list(Some(arns.to_vec()));
        let answer = call.send().await.op(GET_RESOURCES)?;
        Ok(answer.resource_tag_mapping_list.unwrap_or_default())
    });
    Ok(found.await?.into_iter().filter_map(|found| Some((found.resource_arn.clone()?, live_tags(found)))).collect())
}

fn live_tags(found: ResourceTagMapping) -> Tags {
    Tags::from_live(found.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)))
}

/// The ARNs of what `intent` created, among resources of one type such as `kms:key`.
///
/// # Errors
/// When the call fails.
pub(crate) async fn made_by(cloud: &Cloud, resource_type: &str, intent: &Intent) -> Result<Vec<String>> {
    carrying(cloud, resource_type, [(INTENT_TAG.to_owned(), intent.token.clone())]).await
}

async fn carrying(
    cloud: &Cloud,
    resource_type: &str,
    tags: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<String>> {
    let filters = tags.into_iter().map(|(key, value)| TagFilter::builder().key(key).values(value).build());
    let call = cloud.tag().get_resources().resource_type_filters(resource_type);
    let pages = call.set_tag_filters(Some(filters.collect())).into_paginator().items().send();
    let found: Vec<ResourceTagMapping> = pages.try_collect().await.op(GET_RESOURCES)?;
    Ok(found.into_iter().filter_map(|found| found.resource_arn).collect())
}

/// A kind whose id is a name that its ARN ends in.
pub(crate) struct Named {
    /// The property or output that is the id.
    pub(crate) field: &'static str,
    /// What stands before the id in the ARN, behind the account.
    pub(crate) arn_prefix: &'static str,
    /// The tagging API's name of the type, such as `kms:key`.
    pub(crate) resource_type: &'static str,
}

/// The ids of what may be asked for: the one that is named, those with the tags, or all
/// that `list` tells.
///
/// Where the tagging API tells of none, it may lag behind or not be ours to call: the
/// service is asked then too. Beside others that it tells of, what was tagged a moment ago
/// may be missing: to ask every resource for its tags would cost a call each.
///
/// # Errors
/// When the listing fails.
pub(crate) async fn find(
    cloud: &Cloud,
    by: &Query,
    named: &Named,
    list: impl Future<Output = Result<Vec<String>>>,
) -> Result<Vec<Id>> {
    if let Some(id) = by.id(named.field, named.arn_prefix) {
        return Ok(vec![id]);
    }
    let tags = by.tags();
    let tagged = match tags.is_empty() {
        true => Vec::new(),
        false => carrying(cloud, named.resource_type, tags).await.unwrap_or_default(),
    };
    let tagged: Vec<_> = tagged.iter().filter_map(|arn| query::resource(arn, named.arn_prefix)).collect();
    let ids = if tagged.is_empty() { list.await? } else { tagged };
    Ok(ids.into_iter().map(Id).collect())
}

const GET_RESOURCES: &str = "tag:GetResources";
