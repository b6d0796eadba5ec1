//! How often AWS is called, and a log of the calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::error::request_id;

/// How often each operation was called, such as `("ec2:DescribeVpcs", 1)`. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls(Arc<Mutex<BTreeMap<String, u64>>>);

impl Calls {
    /// Counts the calls of `service`, as IAM names it, with `_` for `-`.
    pub(super) fn counter(&self, service: &'static str) -> Counter {
        Counter { service, calls: self.clone() }
    }

    /// The numbers so far.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Counts and logs the calls of one service.
#[derive(Debug)]
pub(super) struct Counter {
    service: &'static str,
    calls: Calls,
}

impl Counter {
    /// As IAM writes it.
    fn operation(&self, bag: &ConfigBag) -> Option<String> {
        bag.load::<Metadata>().map(|metadata| format!("{}:{}", self.service.replace('_', "-"), metadata.name()))
    }
}

#[dyn_dispatch_hint]
impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(operation) = self.operation(bag) {
            tracing::debug!(operation, "calling");
            let mut calls = self.calls.0.lock().unwrap_or_else(PoisonError::into_inner);
            *calls.entry(operation).or_default() += 1;
        }
        Ok(())
    }

    fn read_after_transmit(
        &self,
        answer: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (status, request_id) = (answer.response().status().as_u16(), request_id(answer.response()));
        tracing::debug!(operation = self.operation(bag), status, request_id, "answered");
        Ok(())
    }
}
