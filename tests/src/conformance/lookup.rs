//! Looking a resource up as the engine does: a kind's driver tells the ids that may fit,
//! and what is read of them tells which do.

use std::collections::BTreeSet;
use std::sync::Arc;

use provision_core::driver::{Driver, Id, Live, Place, Wanted};
use provision_core::schema::KindSchema;
use serde_json::{Map, Value as Json};

use super::{Conformance, ensure};
use crate::stack::{Stack, Wrong};

/// What is asked for.
type By = Map<String, Json>;

impl Conformance<'_> {
    /// The subject is found by its id, by each of its properties and outputs alone, by all of
    /// them at once and by its tags; all at once and the tags, nothing else is. What no
    /// resource has finds nothing.
    pub(super) async fn lookup(&self, stack: &Stack) -> Result<(), Wrong> {
        let driver = stack.provider().driver(&self.case.kind, &Place::default()).await;
        let driver = driver.map_err(|error| error.to_string())?.ok_or("the kind has no driver")?;
        let (id, _) = self.subject_id(stack).await?;
        let subject = Subject { driver, id };
        let live = subject.live().await?;
        let properties = self.stated(stack, subject.driver.schema()).await?;
        let outputs = scalars(&live.outputs);
        for (name, value) in properties.iter().chain(&outputs) {
            let by = By::from_iter([(name.clone(), value.clone())]);
            let found = subject.find(&by).await?;
            ensure(found.contains(&subject.id), || format!("`{name}: {value}` does not find it, but {found:?}"))?;
            subject.is_not_found_by_another(name, value).await?;
        }
        subject.is_the_one(&properties).await?;
        match self.tags(stack).await? {
            Some(tags) => subject.is_the_one(&By::from_iter([("tags".to_owned(), tags)])).await,
            None => Ok(()),
        }
    }

    /// The properties that were applied and can be compared with what is read.
    async fn stated(&self, stack: &Stack, schema: &KindSchema) -> Result<By, Wrong> {
        let mut stated = scalars(&self.applied(stack).await?);
        let unknown: BTreeSet<&str> = self.case.not_found_by.iter().map(|(field, _)| field.as_str()).collect();
        stated.retain(|name, _| !schema.spec.fields[name].write_only && !unknown.contains(name.as_str()));
        Ok(stated)
    }

    async fn tags(&self, stack: &Stack) -> Result<Option<Json>, Wrong> {
        let applied = self.applied(stack).await?;
        Ok(applied.get("tags").filter(|tags| tags.as_object().is_some_and(|tags| !tags.is_empty())).cloned())
    }
}

/// What is looked for.
struct Subject {
    driver: Arc<dyn Driver>,
    id: Id,
}

impl Subject {
    async fn live(&self) -> Result<Live, Wrong> {
        let read = self.read(std::slice::from_ref(&self.id)).await?;
        read.into_iter().next().map(|(_, live)| live).ok_or_else(|| "its id does not find it".to_owned())
    }

    async fn read(&self, ids: &[Id]) -> Result<Vec<(Id, Live)>, Wrong> {
        let wanted = ids.iter().cloned().map(Wanted::foreign);
        let wanted: Vec<Wanted> = wanted.collect();
        let live = self.driver.read(&wanted).await.map_err(|error| error.to_string())?;
        Ok(ids.iter().cloned().zip(live).filter_map(|(id, live)| Some((id, live?))).collect())
    }

    async fn find(&self, by: &By) -> Result<Vec<Id>, Wrong> {
        let ids = self.driver.find(by).await.map_err(|error| format!("{by:?}: {error}"))?;
        let read = self.read(&ids).await?;
        Ok(read.into_iter().filter(|(_, live)| fits(by, live)).map(|(id, _)| id).collect())
    }

    async fn is_the_one(&self, by: &By) -> Result<(), Wrong> {
        let found = self.find(by).await?;
        ensure(found == [self.id.clone()], || format!("{by:?} finds {found:?}"))
    }

    async fn is_not_found_by_another(&self, name: &str, value: &Json) -> Result<(), Wrong> {
        let Some(other) = value.as_str().and_then(other) else { return Ok(()) };
        let found = self.find(&By::from_iter([(name.to_owned(), other.into())])).await?;
        ensure(!found.contains(&self.id), || format!("another `{name}` than {value} finds it"))
    }
}

/// Texts, numbers and switches: what is compared as it stands.
fn scalars(values: &Json) -> By {
    let values = values.as_object().into_iter().flatten();
    let scalars = values.filter(|(_, value)| value.is_string() || value.is_number() || value.is_boolean());
    scalars.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn fits(by: &By, live: &Live) -> bool {
    by.iter().all(|(name, value)| match (name.as_str(), value) {
        ("tags", Json::Object(tags)) => tags.iter().all(|(key, value)| live.spec["tags"].get(key) == Some(value)),
        _ => live.spec.get(name) == Some(value) || live.outputs.get(name) == Some(value),
    })
}

/// A text of the same form that no resource has.
fn other(text: &str) -> Option<String> {
    let last = text.rfind(|letter: char| letter.is_ascii_alphanumeric())?;
    let (before, after) = (&text[..last], &text[last + 1..]);
    Some(format!("{before}{}{after}", if text[last..].starts_with('0') { '1' } else { '0' }))
}
