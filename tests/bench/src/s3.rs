//! S3: buckets and their tags. There are no objects in them.

use std::collections::BTreeMap;

use crate::call::{Call, MADE, REGION, Refusal, Result, tag_elements};
use crate::http::Answer;
use crate::xml;

#[derive(Debug, Default)]
pub(crate) struct Buckets(pub(crate) BTreeMap<String, BTreeMap<String, String>>);

/// The parts of a bucket that hold nothing until they are put, which cannot be done here: the
/// name in the query and either the error code or the root of an empty answer.
const PARTS: [(&str, std::result::Result<&str, &str>); 12] = [
    ("accelerate", Ok("AccelerateConfiguration")),
    ("versioning", Ok("VersioningConfiguration")),
    ("notification", Ok("NotificationConfiguration")),
    ("logging", Ok("BucketLoggingStatus")),
    ("inventory", Ok("ListInventoryConfigurationsResult")),
    ("cors", Err("NoSuchCORSConfiguration")),
    ("lifecycle", Err("NoSuchLifecycleConfiguration")),
    ("object-lock", Err("ObjectLockConfigurationNotFoundError")),
    ("ownershipControls", Err("OwnershipControlsNotFoundError")),
    ("policy", Err("NoSuchBucketPolicy")),
    ("publicAccessBlock", Err("NoSuchPublicAccessBlockConfiguration")),
    ("encryption", Err("ServerSideEncryptionConfigurationNotFoundError")),
];

/// What the owner may do, which is everything.
const ACL: &str = "<Owner><ID>bench</ID></Owner><AccessControlList><Grant><Grantee \
                   xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>bench</ID>\
                   </Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>";

/// The name by which IAM knows a call, as far as the stub knows it.
pub(crate) fn action(call: &Call) -> String {
    let has = |name: &str| call.form.contains_key(name);
    let name = match (call.method.as_str(), bucket(call)) {
        ("GET", "") => "ListBuckets",
        ("GET", _) if has("tagging") => "GetBucketTagging",
        ("PUT", _) if has("tagging") => "PutBucketTagging",
        ("DELETE", _) if has("tagging") => "DeleteBucketTagging",
        ("GET", _) if has("location") => "GetBucketLocation",
        ("GET", _) if has("acl") => "GetBucketAcl",
        ("GET", _) if has("requestPayment") => "GetBucketRequestPayment",
        ("GET", _) if has("versions") => "ListObjectVersions",
        ("GET", _) if has("list-type") => "ListObjectsV2",
        ("HEAD", _) => "HeadBucket",
        (method, _) => return other(call, method),
    };
    name.to_owned()
}

fn other(call: &Call, method: &str) -> String {
    let parts = call.form.keys().map(String::as_str).filter(|name| *name != "x-id");
    match (method, parts.collect::<Vec<_>>().join("&").as_str()) {
        ("PUT", "") => "CreateBucket".to_owned(),
        ("DELETE", "") => "DeleteBucket".to_owned(),
        (method, parts) => format!("{method} ?{parts}"),
    }
}

/// The bucket of a call; of one about objects, the path, which names no bucket.
fn bucket(call: &Call) -> &str {
    call.path.trim_start_matches('/').trim_end_matches('/')
}

impl Buckets {
    pub(crate) fn answer(&mut self, call: &Call) -> Result<Answer> {
        let name = bucket(call);
        match call.action.as_str() {
            "ListBuckets" => Ok(self.list(call)),
            "CreateBucket" => self.create(call),
            "DeleteBucket" => {
                self.0.remove(name).ok_or_else(|| absent(name))?;
                Ok(Answer::xml(String::new()).with_status(204))
            }
            "HeadBucket" => {
                self.bucket(name).map(|_| Answer::xml(String::new()).with_header("x-amz-bucket-region", REGION))
            }
            "GetBucketTagging" => get_tags(self.bucket(name)?),
            "PutBucketTagging" => {
                *self.bucket(name)? = tags(&call.body)?;
                Ok(Answer::xml(String::new()).with_status(204))
            }
            "DeleteBucketTagging" => {
                self.bucket(name)?.clear();
                Ok(Answer::xml(String::new()).with_status(204))
            }
            "GetBucketLocation" => self.empty(name, "LocationConstraint"),
            "GetBucketAcl" => {
                self.bucket(name)?;
                Ok(Answer::xml(xml::element("AccessControlPolicy", ACL)))
            }
            "GetBucketRequestPayment" => {
                self.bucket(name)?;
                Ok(Answer::xml(xml::element("RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>")))
            }
            "ListObjectsV2" => self.empty(name, "ListBucketResult"),
            "ListObjectVersions" => self.empty(name, "ListVersionsResult"),
            _ => self.part(call, name),
        }
    }

    fn list(&self, call: &Call) -> Answer {
        let start = call.get("continuation-token").unwrap_or_default();
        let most = call.get("max-buckets").and_then(|text| text.parse().ok()).unwrap_or(1000);
        let after = self.0.keys().filter(|name| name.as_str() > start);
        let page: Vec<&String> = after.take(most).collect();
        let made = xml::text("CreationDate", MADE);
        let shown = |name: &&String| format!("{}{made}{}", xml::text("Name", name), xml::text("BucketRegion", REGION));
        let mut inner = xml::list("Buckets", "Bucket", page.iter().map(shown));
        if let Some(last) = page.last().filter(|last| Some(**last) != self.0.keys().next_back()) {
            inner.push_str(&xml::text("ContinuationToken", last));
        }
        Answer::xml(xml::element("ListAllMyBucketsResult", &inner))
    }

    /// As in us-east-1, the owner may create what there is, but not with tags.
    fn create(&mut self, call: &Call) -> Result<Answer> {
        let name = bucket(call);
        if name.contains('/') {
            return Err(Refusal::unknown("objects"));
        }
        let tags = if call.body.is_empty() { BTreeMap::new() } else { tags(&call.body)? };
        if self.0.contains_key(name) && !tags.is_empty() {
            let message = format!("there is a bucket {name} already");
            return Err(Refusal::new("BucketAlreadyOwnedByYou", message).with_status(409));
        }
        self.0.entry(name.to_owned()).or_insert(tags);
        Ok(Answer::xml(String::new()).with_header("location", &format!("/{name}")))
    }

    fn part(&mut self, call: &Call, name: &str) -> Result<Answer> {
        let part = PARTS.iter().find(|(part, _)| call.method == "GET" && call.form.contains_key(*part));
        match part {
            Some((_, Ok(root))) => self.empty(name, root),
            Some((_, Err(code))) => {
                self.bucket(name)?;
                Err(Refusal::new(code, format!("{name} has none")).with_status(404))
            }
            None => Err(Refusal::unknown(&call.action)),
        }
    }

    fn empty(&mut self, name: &str, root: &str) -> Result<Answer> {
        self.bucket(name)?;
        Ok(Answer::xml(format!("<{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>")))
    }

    fn bucket(&mut self, name: &str) -> Result<&mut BTreeMap<String, String>> {
        self.0.get_mut(name).ok_or_else(|| absent(name))
    }
}

fn absent(name: &str) -> Refusal {
    Refusal::new("NoSuchBucket", format!("there is no bucket {name}")).with_status(404)
}

fn get_tags(tags: &BTreeMap<String, String>) -> Result<Answer> {
    if tags.is_empty() {
        return Err(Refusal::new("NoSuchTagSet", "the bucket has no tags").with_status(404));
    }
    Ok(Answer::xml(xml::element("Tagging", &xml::list("TagSet", "Tag", tag_elements(tags)))))
}

/// The tags in the body of PutBucketTagging or CreateBucket.
fn tags(body: &str) -> Result<BTreeMap<String, String>> {
    let malformed = |_| Refusal::new("MalformedXML", "the body is no XML");
    let document = roxmltree::Document::parse(body).map_err(malformed)?;
    let tags = document.descendants().filter(|node| node.tag_name().name() == "Tag");
    let text = |tag: roxmltree::Node<'_, '_>, name: &str| {
        let child = tag.children().find(|child| child.tag_name().name() == name);
        child.and_then(|child| child.text()).map(str::to_owned)
    };
    Ok(tags.filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value").unwrap_or_default()))).collect())
}
