//! What a spec asks of the cloud, answered.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use provision_core::diff::Comparison;
use provision_core::driver::{Cause, Id, Place, Wanted};
use provision_core::fact::{Answer, Ask, Facts};
use provision_core::plan::{Seen, present_attributes};
use provision_core::schema::{KindSchema, ObjectType, conform, lift};
use provision_core::state::Salt;
use provision_core::value::Value;
use serde_json::{Map, Value as Json};

use crate::calls::{AT_ONCE, Caller};
use crate::{Engine, EngineError};

impl Engine {
    /// What `work_out` comes to once the cloud has answered all that it asks besides. The
    /// answers are kept in `facts`, in memory only.
    ///
    /// # Errors
    /// When AWS does not answer, a kind is not known to this build, or `work_out` fails.
    pub async fn answered<T>(
        &self,
        facts: &mut Facts,
        mut work_out: impl FnMut(&Facts) -> Result<(T, BTreeSet<Ask>), EngineError>,
    ) -> Result<T, EngineError> {
        loop {
            let (found, asks) = work_out(facts)?;
            if asks.is_empty() {
                return Ok(found);
            }
            facts.answers.extend(self.answer(&asks).await?);
        }
    }

    /// The answers to `asks`, all asked for at once. Nothing is changed.
    ///
    /// # Errors
    /// When AWS does not answer, or a kind is not known to this build.
    pub async fn answer(&self, asks: &BTreeSet<Ask>) -> Result<Vec<(Ask, Answer)>, EngineError> {
        try_join_all(asks.iter().map(async |ask| Ok((ask.clone(), self.answer_one(ask).await?)))).await
    }

    async fn answer_one(&self, ask: &Ask) -> Result<Answer, EngineError> {
        match ask {
            Ask::Identity(place) => {
                let identity = self.budget.reading(self.patience, || self.provider.identity(place)).await?;
                Ok(Answer::Value(identity.into()))
            }
            Ask::Zones(place) => {
                let zones = self.budget.reading(self.patience, || self.provider.zones(place)).await?;
                Ok(Answer::Value(Value::list(zones.into_iter().map(Value::from))))
            }
            Ask::Secret { place, arn } => self.secret(arn, place).await,
            Ask::Lookup { place, kind, by } => self.look_up(kind, place, by).await,
        }
    }

    async fn secret(&self, arn: &str, place: &Place) -> Result<Answer, EngineError> {
        match self.budget.reading(self.patience, || self.provider.secret_value(arn, place)).await {
            Ok(text) => Ok(Answer::Value(Value::from(text).into_secret())),
            Err(error) if error.cause == Cause::NotFound => Ok(Answer::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// The one resource of `kind` that has all of `by`, a JSON object of properties and
    /// outputs.
    pub(crate) async fn look_up(&self, kind: &str, place: &Place, by: &str) -> Result<Answer, EngineError> {
        let caller = self.caller(kind, place).await?;
        let Ok(by) = serde_json::from_str::<Map<String, Json>>(by) else {
            return Ok(Answer::Nothing);
        };
        let mut found = Vec::new();
        for (id, seen) in self.candidates(&caller, &by).await? {
            if fits(caller.schema(), &by, &id, &seen) {
                found.push((id, seen));
            }
        }
        Ok(match <[_; 1]>::try_from(found) {
            Ok([(id, seen)]) => Answer::Value(Value::map(present_attributes(
                caller.schema(),
                &Value::Null,
                &seen.spec,
                &seen.outputs,
                id.as_str(),
            ))),
            Err(none) if none.is_empty() => Answer::Nothing,
            Err(several) => {
                let mut ids: Vec<String> = several.into_iter().map(|(id, _)| id.to_string()).collect();
                ids.sort();
                Answer::Several(ids)
            }
        })
    }

    /// What may have all of `by`, as AWS reports it.
    async fn candidates(&self, caller: &Caller, by: &Map<String, Json>) -> Result<Vec<(Id, Seen)>, EngineError> {
        let ids = match by.get("id").and_then(Json::as_str) {
            Some(id) => vec![Id::from(id)],
            None => caller.find(by).await?,
        };
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<Wanted> = ids.iter().cloned().map(Wanted::foreign).collect();
        let live = caller.read(&wanted, AT_ONCE).await?;
        let seen = ids.into_iter().zip(live).filter_map(|(id, live)| Some((id, Seen::new(live?, caller.schema()))));
        Ok(seen.collect())
    }
}

fn fits(schema: &KindSchema, by: &Map<String, Json>, id: &Id, seen: &Seen) -> bool {
    let salt = Salt::new("");
    let has = |object: &ObjectType, wanted: &Value, live: &Value| {
        Comparison { schema: object, salt: &salt, applied: &Value::Null }.fits(wanted, live)
    };
    let outputs = lift(&seen.outputs, &schema.outputs);
    by.iter().all(|(name, value)| {
        let (object, live) = match schema.spec.fields.contains_key(name) {
            true => (&*schema.spec, &seen.spec),
            false => (&schema.outputs, &outputs),
        };
        let value = Value::from(value);
        let value = object.fields.get(name).and_then(|field| conform(&value, &field.ty).ok()).unwrap_or(value);
        match name.as_str() {
            "id" => value.as_str() == Some(id.as_str()),
            _ => has(object, &Value::map([(name.clone(), value)]), live),
        }
    })
}
