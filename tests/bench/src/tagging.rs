//! The Resource Groups Tagging API: tags of buckets, parameters and queues, by ARN or by tag.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::call::{Call, Refusal, Result, tag_list};
use crate::http::Answer;
use crate::world::World;
use crate::{sqs, ssm};

type Tags = BTreeMap<String, String>;

/// The most ARNs of one call.
const ARNS: usize = 100;

pub(crate) fn answer(world: &World, call: &Call) -> Result<Answer> {
    if call.action != "GetResources" {
        return Err(Refusal::unknown(&call.action));
    }
    let arns = call.members("ResourceARNList");
    let found: Vec<(String, &Tags)> = match (arns.len(), call.members("ResourceTypeFilters").as_slice()) {
        (0, types) => search(world, types, &call.json["TagFilters"])?,
        (1..=ARNS, []) => arns.iter().filter_map(|arn| Some(((*arn).to_owned(), tags(world, arn)?))).collect(),
        _ => return Err(Refusal::new("InvalidParameterException", "at most 100 ARNs, and no filters beside them")),
    };
    let shown = found.iter().map(|(arn, tags)| json!({ "ResourceARN": arn, "Tags": tag_list(tags) }));
    Ok(Answer::json(&json!({ "ResourceTagMappingList": shown.collect::<Vec<_>>(), "PaginationToken": "" })))
}

/// What is not there is left out, and so is what never had a tag.
fn tags<'a>(world: &'a World, arn: &str) -> Option<&'a Tags> {
    let (service, name) = (arn.split(':').nth(2)?, arn.split(':').nth(5)?);
    let tags = match service {
        "s3" => world.buckets.0.get(name),
        "sqs" => world.queues.0.get(name).map(|queue| &queue.tags),
        "ssm" => {
            let name = name.strip_prefix("parameter/")?;
            let found = world.parameters.0.get(name).or_else(|| world.parameters.0.get(&format!("/{name}")));
            found.map(|parameter| &parameter.tags)
        }
        _ => None,
    };
    tags.filter(|tags| !tags.is_empty())
}

fn search<'a>(world: &'a World, types: &[&str], filters: &Json) -> Result<Vec<(String, &'a Tags)>> {
    let mut found = Vec::new();
    for kind in types {
        let all: Vec<(String, &Tags)> = match *kind {
            "s3:bucket" | "s3" => {
                world.buckets.0.iter().map(|(name, it)| (format!("arn:aws:s3:::{name}"), it)).collect()
            }
            "sqs:queue" | "sqs" => world.queues.0.iter().map(|(name, it)| (sqs::arn(name), &it.tags)).collect(),
            "ssm:parameter" => world.parameters.0.iter().map(|(name, it)| (ssm::arn(name), &it.tags)).collect(),
            other => return Err(Refusal::unknown(&format!("tags of {other}"))),
        };
        found.extend(all.into_iter().filter(|(_, tags)| fits(tags, filters)));
    }
    if types.is_empty() { Err(Refusal::unknown("a search over every type")) } else { Ok(found) }
}

fn fits(tags: &Tags, filters: &Json) -> bool {
    filters.as_array().into_iter().flatten().all(|filter| {
        let values: Vec<&str> = filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let value = filter["Key"].as_str().and_then(|key| tags.get(key));
        value.is_some_and(|value| values.is_empty() || values.contains(&value.as_str()))
    })
}
