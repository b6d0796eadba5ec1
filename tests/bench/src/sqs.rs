//! SQS: queues and their attributes.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::call::{ACCOUNT, Call, REGION, Refusal, Result};
use crate::http::Answer;

#[derive(Debug, Default)]
pub(crate) struct Queues(pub(crate) BTreeMap<String, Queue>);

#[derive(Debug)]
pub(crate) struct Queue {
    attributes: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, String>,
}

/// What SQS chooses where the caller says nothing.
const DEFAULTS: [(&str, &str); 8] = [
    ("DelaySeconds", "0"),
    ("MaximumMessageSize", "262144"),
    ("MessageRetentionPeriod", "345600"),
    ("ReceiveMessageWaitTimeSeconds", "0"),
    ("VisibilityTimeout", "30"),
    ("SqsManagedSseEnabled", "true"),
    ("CreatedTimestamp", "1767225600"),
    ("LastModifiedTimestamp", "1767225600"),
];

pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// Some clients call whatever host this names, so it is the stub.
fn url(call: &Call, name: &str) -> String {
    format!("http://{}/{ACCOUNT}/{name}", call.host)
}

impl Queues {
    pub(crate) fn answer(&mut self, call: &Call) -> Result<Answer> {
        let answer = match call.action.as_str() {
            "CreateQueue" => self.create(call)?,
            "GetQueueUrl" => self.url(call)?,
            "ListQueues" => self.list(call),
            "GetQueueAttributes" => self.attributes(call)?,
            "SetQueueAttributes" => {
                let attributes = texts(&call.json["Attributes"]);
                self.queue(call)?.1.attributes.extend(attributes);
                json!({})
            }
            "ListQueueTags" => json!({ "Tags": self.queue(call)?.1.tags }),
            "TagQueue" => {
                let tags = texts(&call.json["Tags"]);
                self.queue(call)?.1.tags.extend(tags);
                json!({})
            }
            "UntagQueue" => {
                let gone = call.members("TagKeys");
                self.queue(call)?.1.tags.retain(|key, _| !gone.contains(&key.as_str()));
                json!({})
            }
            "DeleteQueue" => {
                let name = self.queue(call)?.0.to_owned();
                self.0.remove(&name);
                json!({})
            }
            action => return Err(Refusal::unknown(action)),
        };
        Ok(Answer::json(&answer))
    }

    /// A queue that is there already is answered for, unless it has other attributes.
    fn create(&mut self, call: &Call) -> Result<Json> {
        let (name, stated) = (call.member("QueueName")?, texts(&call.json["Attributes"]));
        if let Some(there) = self.0.get(name) {
            let same = stated.iter().all(|(key, value)| there.attributes.get(key) == Some(value));
            let refusal = || Refusal::new("QueueNameExists", format!("there is a queue {name} with other attributes"));
            return same.then(|| json!({ "QueueUrl": url(call, name) })).ok_or_else(refusal);
        }
        let defaults = DEFAULTS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let mut attributes: BTreeMap<String, String> = defaults.collect();
        attributes.insert("QueueArn".to_owned(), arn(name));
        attributes.extend(stated);
        let tags = ["tags", "Tags"].iter().find_map(|field| call.json.get(field)).map(texts).unwrap_or_default();
        self.0.insert(name.to_owned(), Queue { attributes, tags });
        Ok(json!({ "QueueUrl": url(call, name) }))
    }

    fn url(&self, call: &Call) -> Result<Json> {
        let name = call.member("QueueName")?;
        self.0.get(name).map(|_| json!({ "QueueUrl": url(call, name) })).ok_or_else(|| absent(name))
    }

    fn list(&self, call: &Call) -> Json {
        let prefix = call.json["QueueNamePrefix"].as_str().unwrap_or_default();
        let found = self.0.keys().filter(|name| name.starts_with(prefix)).map(|name| url(call, name));
        json!({ "QueueUrls": found.collect::<Vec<_>>() })
    }

    fn attributes(&mut self, call: &Call) -> Result<Json> {
        let names = call.members("AttributeNames");
        let is_asked = |name: &str| names.contains(&"All") || names.contains(&name);
        let attributes = &self.queue(call)?.1.attributes;
        let asked: BTreeMap<_, _> = attributes.iter().filter(|(name, _)| is_asked(name)).collect();
        Ok(json!({ "Attributes": asked }))
    }

    fn queue<'a>(&mut self, call: &'a Call) -> Result<(&'a str, &mut Queue)> {
        let url = call.member("QueueUrl")?;
        let name = url.rsplit('/').next().unwrap_or_default();
        self.0.get_mut(name).map(|queue| (name, queue)).ok_or_else(|| absent(name))
    }
}

fn absent(name: &str) -> Refusal {
    Refusal::new("QueueDoesNotExist", format!("there is no queue {name}"))
}

fn texts(map: &Json) -> BTreeMap<String, String> {
    let entries = map.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
