//! The objects of one state: read, listed, and written on conditions.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use provision_core::driver::{Cause, CloudError};
use provision_core::store::{NewTries, StoreError};

use super::failure::failed;
use crate::cloud::Cloud;
use crate::error::{Absent, Op};

/// Where the objects lie, and how patiently they are asked for.
pub(super) struct Objects {
    pub(super) cloud: Cloud,
    pub(super) bucket: String,
    /// What every key begins with.
    pub(super) below: String,
    pub(super) tries: NewTries,
}

/// An object as it was found.
pub(super) struct Object {
    pub(super) bytes: Vec<u8>,
    pub(super) etag: String,
    /// How many seconds ago it was written, by S3's clock; `None` if S3 did not say.
    pub(super) age: Option<i64>,
}

/// What must be there for a write to happen.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// Nothing.
    Nothing,
    /// The object with this entity tag.
    Tag(String),
}

/// What became of a conditional write.
pub(super) enum Written {
    /// It is there, with this entity tag.
    Done(String),
    /// Something else is there, or nothing where something was to be.
    Refused(Option<Object>),
}

/// How many keys one call can delete.
const MOST_DELETED: usize = 1000;

/// An object as a list shows it.
pub(super) struct Listed {
    /// Its name, without what all begin with.
    pub(super) name: String,
    /// Whether there is nothing in it.
    pub(super) is_empty: bool,
}

impl Objects {
    /// An object as messages name it.
    pub(super) fn shown(&self, name: &str) -> String {
        format!("`s3://{}/{}{name}`", self.bucket, self.below)
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.below)
    }

    /// What is there by this name.
    pub(super) async fn get(&self, name: &str) -> Result<Option<Object>, StoreError> {
        let found = again(&self.tries, || self.get_once(name)).await;
        found.map_err(|error| failed("read", &self.shown(name), &self.bucket, error))
    }

    async fn get_once(&self, name: &str) -> Result<Option<Object>, CloudError> {
        let clock = Clock::default();
        let call = self.cloud.s3().get_object().bucket(&self.bucket).key(self.key(name));
        let answer = call.customize().interceptor(clock.clone()).send().await.op("s3:GetObject");
        let Some(answer) = absent_object(answer)? else { return Ok(None) };
        object(answer, &clock).await.map(Some)
    }

    /// Writes `text` where what the condition says is there.
    pub(super) async fn put(&self, name: &str, text: &str, condition: &Condition) -> Result<Written, StoreError> {
        let wrong = |error| failed("write", &self.shown(name), &self.bucket, error);
        match again(&self.tries, || self.put_once(name, text, condition)).await.map_err(wrong)? {
            Some(etag) => Ok(Written::Done(etag)),
            // It may have been written by an earlier try, whose answer was lost.
            None => Ok(match self.get(name).await? {
                Some(there) if there.bytes == text.as_bytes() => Written::Done(there.etag),
                there => Written::Refused(there),
            }),
        }
    }

    /// The entity tag of what was written; `None` if something else is there.
    async fn put_once(&self, name: &str, text: &str, condition: &Condition) -> Result<Option<String>, CloudError> {
        let body = ByteStream::from(text.as_bytes().to_vec());
        let call = self.cloud.s3().put_object().bucket(&self.bucket).key(self.key(name)).body(body);
        let call = match condition {
            Condition::Nothing => call.if_none_match("*"),
            Condition::Tag(tag) => call.if_match(tag),
        };
        let answer = call.content_type("application/json").send().await.op("s3:PutObject");
        match answer {
            Ok(answer) => Ok(Some(answer.e_tag.unwrap_or_default())),
            Err(error) if error.code == "PreconditionFailed" => Ok(None),
            // What was to be replaced has gone.
            Err(error) if error.code == "NoSuchKey" => Ok(None),
            // Somebody else writes at this very moment: once that is done the condition tells.
            Err(error) if error.code == "ConditionalRequestConflict" => {
                Err(CloudError { cause: Cause::Transient, ..error })
            }
            Err(error) => Err(error),
        }
    }

    /// The objects whose names begin with `start`, in any order.
    pub(super) async fn list(&self, start: &str) -> Result<Vec<Listed>, StoreError> {
        let listed = again(&self.tries, || self.list_once(start)).await;
        listed.map_err(|error| failed("list", &self.shown(start), &self.bucket, error))
    }

    async fn list_once(&self, start: &str) -> Result<Vec<Listed>, CloudError> {
        let call = self.cloud.s3().list_objects_v2().bucket(&self.bucket).prefix(self.key(start));
        let mut pages = call.into_paginator().send();
        let mut listed = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.op("s3:ListBucket")?;
            let objects = page.contents.into_iter().flatten();
            listed.extend(objects.filter_map(|object| {
                let name = object.key?.strip_prefix(&self.below)?.to_owned();
                Some(Listed { name, is_empty: object.size == Some(0) })
            }));
        }
        Ok(listed)
    }

    /// Deletes objects that nothing refers to.
    pub(super) async fn delete(&self, names: &[String]) -> Result<(), CloudError> {
        for names in names.chunks(MOST_DELETED) {
            let keys = names.iter().map(|name| ObjectIdentifier::builder().key(self.key(name)).build());
            let keys = keys.collect::<Result<Vec<_>, _>>().op("s3:DeleteObject")?;
            let keys = Delete::builder().set_objects(Some(keys)).quiet(true).build().op("s3:DeleteObject")?;
            self.cloud.s3().delete_objects().bucket(&self.bucket).delete(keys).send().await.op("s3:DeleteObject")?;
        }
        Ok(())
    }
}

/// Lets it be an answer that there is no such object. That there is no bucket is an error.
fn absent_object<T>(answer: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match answer {
        Err(error) if error.code != "NoSuchKey" => Err(error),
        answer => answer.absent(),
    }
}

async fn object(answer: GetObjectOutput, clock: &Clock) -> Result<Object, CloudError> {
    let written = answer.last_modified.map(|time| time.secs());
    let (etag, body) = (answer.e_tag.unwrap_or_default(), answer.body.collect().await);
    let broken_off =
        |error| CloudError::new(Cause::Transient, "s3:GetObject", format!("the answer broke off: {error}"));
    let bytes = body.map_err(broken_off)?.to_vec();
    Ok(Object { bytes, etag, age: clock.now().zip(written).map(|(now, written)| now - written) })
}

/// Makes a call that can be repeated, until S3 answers or it is time to give up.
pub(super) async fn again<T, F>(tries: &NewTries, call: impl Fn() -> F) -> Result<T, CloudError>
where
    F: Future<Output = Result<T, CloudError>>,
{
    let mut pauses = tries();
    loop {
        match call().await {
            Err(error) if error.is_retryable() && pauses.pause().await => {}
            answer => return answer,
        }
    }
}

/// The time of day that an answer of S3 tells.
#[derive(Clone, Debug, Default)]
struct Clock(Arc<Mutex<Option<i64>>>);

impl Clock {
    fn now(&self) -> Option<i64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let told = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = told.map(|time| time.secs());
        Ok(())
    }
}
