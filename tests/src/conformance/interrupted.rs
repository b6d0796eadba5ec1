//! A provider that ends the run at a chosen mutating call of one kind.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use provision_core::driver::{CloudError, Driver, Id, Identity, Intent, Live, Place, Provider, Update, Wanted};
use provision_core::schema::KindSchema;
use serde_json::{Map, Value as Json};
use tokio::sync::Notify;

/// On which side of the call the run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// AWS never hears of it.
    Before,
    /// AWS has acted, and its answer is lost.
    After,
}

/// A provider whose runs end at a chosen mutating call: that call never returns.
pub struct Interrupted {
    inner: Arc<dyn Provider>,
    kind: String,
    point: Arc<Point>,
}

struct Point {
    call: usize,
    when: When,
    calls: AtomicUsize,
    happened: Arc<Notify>,
}

impl Interrupted {
    /// Ends at the mutating call number `call` of `kind`, counted from 0; what is
    /// answered besides tells when that happened.
    pub fn new(inner: Arc<dyn Provider>, kind: &str, call: usize, when: When) -> (Self, Arc<Notify>) {
        let happened = Arc::new(Notify::new());
        let point = Point { call, when, calls: AtomicUsize::new(0), happened: happened.clone() };
        (Self { inner, kind: kind.to_owned(), point: Arc::new(point) }, happened)
    }
}

#[async_trait]
impl Provider for Interrupted {
    async fn driver(&self, kind: &str, place: &Place) -> Result<Option<Arc<dyn Driver>>, CloudError> {
        let Some(inner) = self.inner.driver(kind, place).await? else { return Ok(None) };
        if kind != self.kind {
            return Ok(Some(inner));
        }
        Ok(Some(Arc::new(InterruptedDriver { inner, point: self.point.clone() })))
    }

    async fn identity(&self, place: &Place) -> Result<Identity, CloudError> {
        self.inner.identity(place).await
    }

    async fn zones(&self, place: &Place) -> Result<Vec<String>, CloudError> {
        self.inner.zones(place).await
    }

    async fn secret_value(&self, arn: &str, place: &Place) -> Result<String, CloudError> {
        self.inner.secret_value(arn, place).await
    }
}

struct InterruptedDriver {
    inner: Arc<dyn Driver>,
    point: Arc<Point>,
}

impl Point {
    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        let is_here = self.calls.fetch_add(1, Ordering::SeqCst) == self.call;
        if is_here && self.when == When::Before {
            self.end().await;
        }
        let answer = call.await;
        if is_here {
            self.end().await;
        }
        answer
    }

    async fn end(&self) {
        self.happened.notify_one();
        pending::<()>().await;
    }
}

#[async_trait]
impl Driver for InterruptedDriver {
    fn schema(&self) -> &KindSchema {
        self.inner.schema()
    }

    async fn create(&self, spec: &Json, intent: &Intent) -> Result<Id, CloudError> {
        self.point.around(self.inner.create(spec, intent)).await
    }

    async fn read(&self, wanted: &[Wanted]) -> Result<Vec<Option<Live>>, CloudError> {
        self.inner.read(wanted).await
    }

    async fn update(&self, spec: &Json, update: &Update) -> Result<(), CloudError> {
        self.point.around(self.inner.update(spec, update)).await
    }

    async fn delete(&self, id: &Id, applied: &Json) -> Result<(), CloudError> {
        self.point.around(self.inner.delete(id, applied)).await
    }

    async fn recover(&self, spec: &Json, intent: &Intent) -> Result<Vec<Id>, CloudError> {
        self.inner.recover(spec, intent).await
    }

    async fn find(&self, by: &Map<String, Json>) -> Result<Vec<Id>, CloudError> {
        self.inner.find(by).await
    }
}
