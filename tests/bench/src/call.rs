//! A request as an AWS call: its service, its action, its parameters; and how each protocol words a refusal.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};

use crate::http::{Answer, Request};
use crate::xml;

/// The account that everything belongs to.
pub(crate) const ACCOUNT: &str = "123456789012";

/// The region that everything lies in.
pub(crate) const REGION: &str = "us-east-1";

/// When everything was made: what is measured does not depend on it.
pub(crate) const MADE: &str = "2026-01-01T00:00:00Z";

/// Why a call is refused, by the code of its service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    message: String,
}

impl Refusal {
    /// A refusal with the status most have, 400.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into() }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// What the stub cannot do: nothing may pass for done that is not.
    pub(crate) fn unknown(what: &str) -> Self {
        Self::new("NotImplemented", format!("the stub does not know {what}")).with_status(501)
    }
}

pub(crate) type Result<T, E = Refusal> = std::result::Result<T, E>;

/// How a service takes its parameters and words its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Ec2,
    Query,
    Json,
    Xml,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    /// As in a signature: `ec2`, `iam`, `s3`, `sqs`, `ssm`, `sts`, `tagging`.
    pub(crate) service: String,
    /// As the service names it; of S3, whose requests carry no name, empty.
    pub(crate) action: String,
    pub(crate) method: String,
    /// Where the client believes it is.
    pub(crate) host: String,
    /// Decoded, without the query.
    pub(crate) path: String,
    /// The form or, of S3, the query, decoded.
    pub(crate) form: BTreeMap<String, String>,
    /// The body of a JSON protocol.
    pub(crate) json: Json,
    /// The body of S3.
    pub(crate) body: String,
    protocol: Protocol,
}

impl Call {
    pub(crate) fn of(request: &Request) -> Self {
        let service = signed_for(request).to_owned();
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let target = request.header("x-amz-target").map(|target| target.rsplit('.').next().unwrap_or(target));
        let protocol = match (target, service.as_str()) {
            (Some(_), _) => Protocol::Json,
            (None, "ec2") => Protocol::Ec2,
            (None, "s3") => Protocol::Xml,
            _ => Protocol::Query,
        };
        let form = if protocol == Protocol::Xml { pairs(query) } else { pairs(request.text()) };
        let action = target.or(form.get("Action").map(String::as_str)).unwrap_or_default().to_owned();
        Self {
            service,
            action,
            method: request.method.clone(),
            host: request.header("host").unwrap_or_default().to_owned(),
            path: decoded(path),
            form,
            json: serde_json::from_slice(&request.body).unwrap_or_default(),
            body: request.text().to_owned(),
            protocol,
        }
    }

    pub(crate) fn named(self, action: String) -> Self {
        Self { action, ..self }
    }

    /// A field of the form.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.form.get(name).map(String::as_str)
    }

    /// A field of the form that the call cannot do without.
    pub(crate) fn need(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| Refusal::new("MissingParameter", format!("the request must contain {name}")))
    }

    /// The items of a list: `NAME.1`, `NAME.2` …
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|at| self.get(&format!("{name}.{at}"))).collect()
    }

    /// The tags of a list whose items are `NAME.1.Key` and `NAME.1.Value`.
    pub(crate) fn tags(&self, name: &str) -> BTreeMap<String, String> {
        let value = |at: usize| self.get(&format!("{name}.{at}.Value")).unwrap_or_default().to_owned();
        (1..).map_while(|at| Some((self.get(&format!("{name}.{at}.Key"))?.to_owned(), value(at)))).collect()
    }

    /// A text of the JSON that the call cannot do without.
    pub(crate) fn member(&self, name: &str) -> Result<&str> {
        let missing = || Refusal::new("ValidationException", format!("{name} is missing"));
        self.json.get(name).and_then(Json::as_str).ok_or_else(missing)
    }

    /// A list of texts of the JSON.
    pub(crate) fn members(&self, name: &str) -> Vec<&str> {
        let list = self.json.get(name).and_then(Json::as_array);
        list.into_iter().flatten().filter_map(Json::as_str).collect()
    }

    /// The answer of a call of IAM or STS.
    pub(crate) fn result(&self, inner: &str) -> Answer {
        let result = xml::element(&format!("{}Result", self.action), inner);
        let metadata = "<ResponseMetadata><RequestId>stub</RequestId></ResponseMetadata>";
        Answer::xml(xml::element(&format!("{}Response", self.action), &format!("{result}{metadata}")))
    }

    /// A refusal as this call's service words it.
    pub(crate) fn refuse(&self, refusal: &Refusal) -> Answer {
        let (code, message) = (refusal.code.as_str(), refusal.message.as_str());
        let error = xml::element("Error", &format!("{}{}", xml::text("Code", code), xml::text("Message", message)));
        let answer = match self.protocol {
            Protocol::Ec2 => format!("<Response><Errors>{error}</Errors><RequestID>stub</RequestID></Response>"),
            Protocol::Query => format!("<ErrorResponse>{error}<RequestId>stub</RequestId></ErrorResponse>"),
            Protocol::Xml => error,
            Protocol::Json => {
                let body = json!({ "__type": code, "message": message });
                let answer = Answer::json(&body).with_status(refusal.status).with_header("x-amzn-errortype", code);
                return match code {
                    // SQS once spoke another protocol, whose codes boto3 goes by.
                    "QueueDoesNotExist" => {
                        answer.with_header("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
                    }
                    _ => answer,
                };
            }
        };
        Answer::xml(answer).with_status(refusal.status)
    }
}

/// The service in the signature's scope: `Credential=key/date/region/SERVICE/aws4_request`.
fn signed_for(request: &Request) -> &str {
    let scope = request.header("authorization").and_then(|text| text.split_once("Credential="));
    scope.and_then(|(_, scope)| scope.split('/').nth(3)).unwrap_or("unsigned")
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    let fields = text.split('&').filter(|field| !field.is_empty());
    let fields = fields.map(|field| field.split_once('=').unwrap_or((field, "")));
    fields.map(|(name, value)| (decoded(name), decoded(&value.replace('+', " ")))).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The tags of a JSON list of `Key` and `Value`.
pub(crate) fn json_tags(list: &Json) -> BTreeMap<String, String> {
    let text = |tag: &Json, name: &str| tag.get(name).and_then(Json::as_str).map(str::to_owned);
    let tags = list.as_array().into_iter().flatten();
    tags.filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value").unwrap_or_default()))).collect()
}

/// Tags as a JSON list of `Key` and `Value`.
pub(crate) fn tag_list(tags: &BTreeMap<String, String>) -> Json {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// The elements of tags, for a list of `Key` and `Value`.
pub(crate) fn tag_elements(tags: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    tags.iter().map(|(key, value)| format!("{}{}", xml::text("Key", key), xml::text("Value", value)))
}
