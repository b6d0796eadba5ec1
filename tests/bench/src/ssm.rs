//! SSM: the parameters of Parameter Store.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::call::{ACCOUNT, Call, REGION, Refusal, Result, json_tags, tag_list};
use crate::http::Answer;

#[derive(Debug, Default)]
pub(crate) struct Parameters(pub(crate) BTreeMap<String, Parameter>);

#[derive(Debug)]
pub(crate) struct Parameter {
    kind: String,
    value: String,
    description: String,
    version: u64,
    pub(crate) tags: BTreeMap<String, String>,
}

/// Seconds since 1970 of when everything was made.
const MADE: u64 = 1_767_225_600;

/// The ARN of a parameter; the slash a name begins with is the ARN's own.
pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{}", name.trim_start_matches('/'))
}

impl Parameters {
    pub(crate) fn answer(&mut self, call: &Call) -> Result<Answer> {
        let answer = match call.action.as_str() {
            "PutParameter" => self.put(call)?,
            "GetParameter" => self.get(call)?,
            "GetParameters" => self.get_many(call)?,
            "DescribeParameters" => self.describe(call)?,
            "DeleteParameter" => self.delete(call)?,
            "ListTagsForResource" => json!({ "TagList": tag_list(&self.tagged(call)?.tags) }),
            "AddTagsToResource" => {
                self.tagged(call)?.tags.extend(json_tags(&call.json["Tags"]));
                json!({})
            }
            "RemoveTagsFromResource" => {
                let gone = call.members("TagKeys");
                self.tagged(call)?.tags.retain(|key, _| !gone.contains(&key.as_str()));
                json!({})
            }
            action => return Err(Refusal::unknown(action)),
        };
        Ok(Answer::json(&answer))
    }

    fn put(&mut self, call: &Call) -> Result<Json> {
        let (name, value) = (call.member("Name")?, call.member("Value")?);
        let text = |field: &str| call.json.get(field).and_then(Json::as_str);
        let former = self.0.get(name);
        if former.is_some() && call.json["Overwrite"] != json!(true) {
            return Err(Refusal::new("ParameterAlreadyExists", format!("there is a parameter {name} already")));
        }
        let parameter = Parameter {
            kind: text("Type").or(former.map(|it| it.kind.as_str())).unwrap_or("String").to_owned(),
            value: value.to_owned(),
            description: text("Description")
                .or(former.map(|it| it.description.as_str()))
                .unwrap_or_default()
                .to_owned(),
            version: former.map_or(1, |former| former.version + 1),
            tags: former.map_or_else(|| json_tags(&call.json["Tags"]), |former| former.tags.clone()),
        };
        let answer = json!({ "Version": parameter.version, "Tier": "Standard" });
        self.0.insert(name.to_owned(), parameter);
        Ok(answer)
    }

    fn get(&self, call: &Call) -> Result<Json> {
        let name = call.member("Name")?;
        let parameter = self.0.get(name).ok_or_else(|| absent(name))?;
        Ok(json!({ "Parameter": value(name, parameter) }))
    }

    fn get_many(&self, call: &Call) -> Result<Json> {
        let names = call.members("Names");
        if names.len() > 10 {
            return Err(Refusal::new("ValidationException", "Names must have at most 10 items"));
        }
        let (found, lost): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| self.0.contains_key(*name));
        let found = found.into_iter().filter_map(|name| Some(value(name, self.0.get(name)?)));
        Ok(json!({ "Parameters": found.collect::<Vec<Json>>(), "InvalidParameters": lost }))
    }

    /// All that one filter over names or tags leaves, in one page of at most 50.
    fn describe(&self, call: &Call) -> Result<Json> {
        let modern = call.json["ParameterFilters"].as_array().into_iter().flatten();
        let former = call.json["Filters"].as_array().into_iter().flatten();
        let filters: Vec<&Json> = modern.chain(former).collect();
        let mut found = Vec::new();
        for (name, parameter) in &self.0 {
            let fits: Result<Vec<bool>> = filters.iter().map(|filter| fits(filter, name, parameter)).collect();
            if fits?.into_iter().all(|fits| fits) {
                found.push(metadata(name, parameter));
            }
        }
        let start: usize = call.json["NextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let end = start + call.json["MaxResults"].as_u64().unwrap_or(50).min(50) as usize;
        let page: Vec<&Json> = found.iter().skip(start).take(end - start).collect();
        let mut answer = json!({ "Parameters": page });
        if end < found.len() {
            answer["NextToken"] = json!(end.to_string());
        }
        Ok(answer)
    }

    fn delete(&mut self, call: &Call) -> Result<Json> {
        let name = call.member("Name")?;
        self.0.remove(name).ok_or_else(|| absent(name))?;
        Ok(json!({}))
    }

    fn tagged(&mut self, call: &Call) -> Result<&mut Parameter> {
        let name = call.member("ResourceId")?;
        self.0.get_mut(name).ok_or_else(|| Refusal::new("InvalidResourceId", format!("there is no parameter {name}")))
    }
}

fn absent(name: &str) -> Refusal {
    Refusal::new("ParameterNotFound", format!("there is no parameter {name}"))
}

fn fits(filter: &Json, name: &str, parameter: &Parameter) -> Result<bool> {
    let values: Vec<&str> = filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    match filter["Key"].as_str().unwrap_or_default() {
        "Name" => Ok(values.contains(&name)),
        key => match key.strip_prefix("tag:") {
            Some(tag) => Ok(parameter.tags.get(tag).is_some_and(|value| values.contains(&value.as_str()))),
            None => Err(Refusal::unknown(&format!("the filter {key}"))),
        },
    }
}

fn value(name: &str, parameter: &Parameter) -> Json {
    json!({
        "Name": name, "Type": parameter.kind, "Value": parameter.value, "Version": parameter.version,
        "ARN": arn(name), "DataType": "text", "LastModifiedDate": MADE,
    })
}

fn metadata(name: &str, parameter: &Parameter) -> Json {
    json!({
        "Name": name, "Type": parameter.kind, "Version": parameter.version, "ARN": arn(name), "DataType": "text",
        "Description": parameter.description, "Tier": "Standard", "Policies": [], "LastModifiedDate": MADE,
    })
}
