//! A cap on the requests that are in flight at once, over all services, regions and roles.

use std::sync::Arc;

use aws_config::BehaviorVersion;
use aws_smithy_runtime::client::defaults::default_http_client_plugin_v2;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_types::config_bag::ConfigBag;
use tokio::sync::Semaphore;

/// The HTTP client that the SDK's service clients have by default, as one that all of them share:
/// its connections, its certificates, its proxy.
pub(super) fn client(at_once: usize) -> Option<SharedHttpClient> {
    let plugin = default_http_client_plugin_v2(BehaviorVersion::latest())?;
    let components = plugin.runtime_components(&RuntimeComponentsBuilder::new("provision")).into_owned();
    Some(SharedHttpClient::new(Capped {
        inner: components.http_client()?,
        turns: Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))),
    }))
}

/// A client whose requests wait for their turn.
///
/// # Invariants
/// - Turns are given in the order in which they were asked for, so nobody waits for ever.
/// - A turn is over when the answer begins, or when whoever asked no longer waits for it.
#[derive(Debug)]
struct Capped<C> {
    inner: C,
    turns: Arc<Semaphore>,
}

impl HttpClient for Capped<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Capped { inner, turns: Arc::clone(&self.turns) })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        bag: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_base_client_config(&self.inner, components, bag)
    }

    fn validate_final_config(&self, components: &RuntimeComponents, bag: &ConfigBag) -> Result<(), BoxError> {
        HttpClient::validate_final_config(&self.inner, components, bag)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

impl HttpConnector for Capped<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, turns) = (self.inner.clone(), Arc::clone(&self.turns));
        HttpConnectorFuture::new(async move {
            let _turn = turns.acquire().await.map_err(|closed| ConnectorError::other(closed.into(), None))?;
            inner.call(request).await
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;
    use provision_core::driver::Place;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::yield_now;

    use crate::cloud::Cloud;

    /// How often a request lets others go first before it is answered.
    const PATIENCE: usize = 500;

    /// Requests that have come and are not answered yet, and the most there were at once.
    #[derive(Default)]
    struct Seen {
        open: AtomicUsize,
        most: AtomicUsize,
    }

    /// Refuses whatever is asked, late.
    async fn refuse(mut stream: TcpStream, seen: &Seen) -> std::io::Result<()> {
        let mut request = vec![0; 65_536];
        if stream.read(&mut request).await? == 0 {
            return Ok(());
        }
        let open = seen.open.fetch_add(1, Ordering::Relaxed) + 1;
        seen.most.fetch_max(open, Ordering::Relaxed);
        for _ in 0..PATIENCE {
            yield_now().await;
        }
        seen.open.fetch_sub(1, Ordering::Relaxed);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await
    }

    async fn most_at_once(cap: usize) -> usize {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let seen: &'static Seen = Box::leak(Box::default());
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(refuse(stream, seen));
            }
        });
        let here = Cloud::local_at_most(&endpoint, "us-east-1", cap).await;
        let there = here.at(&Place { region: Some("eu-west-1".to_owned()), assume_role: None }).await;
        let calls = (0..10).map(async |_| {
            let (vpcs, queues) = (here.ec2().describe_vpcs().send(), there.sqs().list_queues().send());
            let (vpcs, queues) = tokio::join!(vpcs, queues);
            assert!(vpcs.is_err() && queues.is_err());
        });
        join_all(calls).await;
        serving.abort();
        seen.most.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn no_more_requests_are_in_flight_than_allowed_whatever_the_service_and_region() {
        assert_eq!(most_at_once(3).await, 3);
        assert!(most_at_once(100).await > 3, "the listener does not see what is in flight at once");
    }
}
