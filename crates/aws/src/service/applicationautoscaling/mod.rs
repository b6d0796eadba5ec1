//! Application Auto Scaling: what its kinds share, and the parts of policies.

pub(crate) mod predictive;
pub(crate) mod tracking;

use std::collections::BTreeSet;
use std::future::Future;

use aws_sdk_applicationautoscaling::types;
use provision_core::driver::Cause;
use provision_core::schema::FieldError;

use crate::kind::{Result, fault};
use crate::query::Query;
use crate::read;
use crate::shape::texts;

texts!(
    types::AdjustmentType,
    types::MetricAggregationType,
    types::PolicyType,
    types::ScalableDimension,
    types::ServiceNamespace,
);

/// What stands between the parts of an id. No namespace and no dimension has it in its name.
const BETWEEN: char = '|';

/// What is scaled: `resource_id|scalable_dimension|service_namespace`.
pub(crate) struct Scaled<'a> {
    /// The resource, such as `service/main/api`.
    pub(crate) resource: &'a str,
    /// What of it, such as `ecs:service:DesiredCount`.
    pub(crate) dimension: &'a str,
    /// The service, such as `ecs`.
    pub(crate) namespace: &'a str,
}

impl<'a> Scaled<'a> {
    /// The parts of an id; `None` where it has not all of them.
    pub(crate) fn of(id: &'a str) -> Option<Self> {
        let mut parts = id.rsplitn(3, BETWEEN);
        let (namespace, dimension, resource) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { resource, dimension, namespace })
    }

    /// The id.
    pub(crate) fn id(&self) -> String {
        format!("{}{BETWEEN}{}{BETWEEN}{}", self.resource, self.dimension, self.namespace)
    }
}

/// The rules that targets and policies share.
pub(crate) fn check(namespace: &str, dimension: &str) -> Vec<FieldError> {
    match dimension.split(':').next() == Some(namespace) {
        true => Vec::new(),
        false => {
            vec![fault("scalable_dimension", format!("what is scaled in `{namespace}` begins with `{namespace}:`"))]
        }
    }
}

/// What a Describe call is narrowed to; `None` for all.
pub(crate) fn distinct(names: &[String]) -> Option<Vec<String>> {
    let names: BTreeSet<&String> = names.iter().collect();
    (!names.is_empty()).then(|| names.into_iter().cloned().collect())
}

/// What is found in the namespace that is asked for, or in all.
///
/// # Errors
/// When a call fails, but for namespaces that are not asked for and not known here.
pub(crate) async fn in_namespaces<T, F>(by: &Query, ask: impl Fn(&'static str) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<Vec<T>>>,
{
    let dimension = by.text("scalable_dimension");
    let asked = by.text("service_namespace").or_else(|| Some(dimension?.split(':').next()?.to_owned()));
    let all = types::ServiceNamespace::values().iter().copied();
    let wanted: Vec<&'static str> = all.filter(|one| asked.as_deref().is_none_or(|asked| asked == *one)).collect();
    let found = read::each(&wanted, async |namespace| match ask(namespace).await {
        Err(error) if error.cause == Cause::Invalid && asked.is_none() => Ok(Vec::new()),
        answer => answer,
    });
    Ok(found.await?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_three_parts() {
        let id = "policy|service/main/api|ecs:service:DesiredCount|ecs";
        let scaled = Scaled::of(id).map(|it| (it.resource, it.dimension, it.namespace));
        assert_eq!(scaled, Some(("policy|service/main/api", "ecs:service:DesiredCount", "ecs")));
        assert_eq!(Scaled::of(id).map(|it| it.id()).as_deref(), Some(id));
        assert!(Scaled::of("service/main/api|ecs").is_none());
    }
}
