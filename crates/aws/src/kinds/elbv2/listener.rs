//! `elbv2/listener`: a port of a load balancer, and what is done with what comes in there.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{self, ListenerAttribute, ProtocolEnum};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::load_balancer::{self, LoadBalancer};
use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::kinds::acm::certificate::Certificate as AcmCertificate;
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::elbv2::actions::{self, Action};
use crate::service::elbv2::attributes::{self, Attributes, ListenerAttributes};
use crate::service::elbv2::{self, ARNS, PAGE};
use crate::service::rates;
use crate::service::tagging::{self, Tagged};
use crate::shape::{Shape, shape, texts, to_sdk};
use crate::types::{Ref, Tags};

texts!(types::AdvertiseTrustStoreCaNamesEnum);

/// A port of a load balancer, and what is done with what comes in there.
///
/// See [CreateListener](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// ARN of the load balancer.
    #[schemars(extend("x-replace" = true))]
    pub load_balancer_arn: Ref<LoadBalancer>,

    /// Port; a gateway load balancer listens on all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,

    /// How clients speak: `HTTP` or `HTTPS` to an application load balancer, one of the others to a
    /// network load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"]))]
    pub protocol: Option<String>,

    /// What is done with requests that no rule is for.
    pub default_actions: Vec<Action>,

    /// The default certificate of an `HTTPS` or `TLS` listener: exactly one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<Certificate>>,

    /// ARNs of further certificates, of which clients get the one for the host they name. Managed as a
    /// whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_certificate_arns: Option<BTreeSet<Ref<AcmCertificate>>>,

    /// Which protocols and ciphers an `HTTPS` or `TLS` listener speaks, by the name of an
    /// [AWS policy](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html),
    /// such as `ELBSecurityPolicy-TLS13-1-2-2021-06`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssl_policy: Option<String>,

    /// Which protocol a `TLS` listener agrees on: exactly one of `HTTP1Only`, `HTTP2Only`,
    /// `HTTP2Optional`, `HTTP2Preferred` and `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn_policy: Option<Vec<String>>,

    /// Whether clients of an `HTTPS` listener show a certificate too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutual_authentication: Option<MutualAuthentication>,

    /// Idle timeout, headers and other settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<ListenerAttributes>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// A certificate of ACM or IAM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Its ARN.
    pub certificate_arn: Ref<AcmCertificate>,
}

impl Shape<types::Certificate> for Certificate {
    fn to_sdk(&self) -> Result<types::Certificate, BuildError> {
        Ok(certificate_of(&self.certificate_arn))
    }

    fn from_sdk(sdk: types::Certificate) -> Self {
        Self { certificate_arn: sdk.certificate_arn.unwrap_or_default().into() }
    }
}

/// Whether clients show a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MutualAuthentication {
    /// Whether they need not (`off`, AWS's default), or the certificate is handed on (`passthrough`) or
    /// held against a trust store (`verify`).
    #[schemars(extend("enum" = ["off", "passthrough", "verify"]))]
    pub mode: String,
    /// ARN of the trust store, with `verify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_store_arn: Option<String>,
    /// Whether a certificate that has run out is good all the same, with `verify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_client_certificate_expiry: Option<bool>,
    /// Whether clients are told the names of the trust store's authorities, with `verify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["on", "off"]))]
    pub advertise_trust_store_ca_names: Option<String>,
}

shape!(MutualAuthentication: types::MutualAuthenticationAttributes {
    mode(ours), trust_store_arn, ignore_client_certificate_expiry, advertise_trust_store_ca_names,
});

/// What other resources may name. The id is the ARN.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The listener's ARN.
    pub arn: String,
}

const CREATE: &str = "elasticloadbalancing:CreateListener";

impl Kind for Listener {
    const NAME: &'static str = "elbv2/listener";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(ARNS as u32);
    // DescribeTags would take a call for each twenty.
    const READING: Reading = Reading::TAGGED_BATCH;
    const RATES: Rates = rates::ELASTIC_LOAD_BALANCING;
    const EARLY: &'static [&'static str] = &["id", "arn"];
    /// A certificate that was issued a moment ago counts as unsupported.
    const EVENTUAL: &'static [&'static str] = &[
        "CertificateNotFound",
        "ListenerNotFound",
        "LoadBalancerNotFound",
        "TargetGroupNotFound",
        "UnsupportedCertificate",
    ];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let certificates = self.check_certificates().into_iter();
        certificates.chain(self.check_alpn()).chain(actions::check(&self.default_actions, "default_actions")).collect()
    }

    /// CreateListener gives back a listener that is there already and is the same, whosever it is: so
    /// the port is looked at first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let others = of_load_balancer(cloud, self.load_balancer_arn.as_str()).await?;
        if let Some(other) = others.into_iter().find(|other| other.port == self.port) {
            let what = self.port.map_or_else(|| "a listener".to_owned(), |port| format!("a listener on port {port}"));
            return Err(elbv2::exists(CREATE, &what, &other.listener_arn.unwrap_or_default()));
        }
        let call = cloud
            .elasticloadbalancing()
            .create_listener()
            .load_balancer_arn(self.load_balancer_arn.as_str())
            .set_port(self.port)
            .set_protocol(self.protocol.as_deref().map(ProtocolEnum::from))
            .set_default_actions(Some(actions::request(&self.default_actions, CREATE)?))
            .set_certificates(to_sdk(self.default_certificate()).op(CREATE)?)
            .set_ssl_policy(self.ssl_policy.clone())
            .set_alpn_policy(self.alpn_policy.clone())
            .set_mutual_authentication(to_sdk(self.mutual_authentication.as_ref()).op(CREATE)?)
            .set_tags(Some(elbv2::tags(self.tags.with_intent(intent))));
        let made = call.send().await.op(CREATE)?.listeners.unwrap_or_default().into_iter().next();
        made.and_then(|made| made.listener_arn).map(Id).ok_or_else(|| incomplete(CREATE, "listener"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read_untagged(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_settings(cloud, update).await?;
        self.update_additional_certificates(cloud, update).await?;
        self.update_attributes(cloud, update).await?;
        elbv2::update_tags(cloud, update, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.elasticloadbalancing().delete_listener().listener_arn(id.as_str());
        call.send().await.op("elasticloadbalancing:DeleteListener").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = of_load_balancer(cloud, self.load_balancer_arn.as_str()).await?;
        let arns: Vec<String> = found.into_iter().filter_map(|found| found.listener_arn).collect();
        elbv2::made_by(cloud, &arns, intent).await
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        match (by.text("arn"), by.text("load_balancer_arn")) {
            (Some(arn), _) => Ok(vec![Id(arn)]),
            (None, Some(balancer)) => Ok(ids(of_load_balancer(cloud, &balancer).await?)),
            (None, None) => list(cloud).await,
        }
    }
}

impl Tagged for Listener {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        elbv2::list_tags(cloud, arn).await
    }
}

impl Listener {
    fn check_certificates(&self) -> Option<FieldError> {
        let is_secured = matches!(self.protocol.as_deref(), Some("HTTPS" | "TLS"));
        let count = self.certificates.as_ref().map_or(0, Vec::len);
        let parts = [
            ("certificates", count > 0),
            ("additional_certificate_arns", self.additional_certificate_arns.is_some()),
            ("ssl_policy", self.ssl_policy.is_some()),
        ];
        match parts.into_iter().find(|(_, is_stated)| *is_stated && !is_secured) {
            Some((field, _)) => Some(fault(field, format!("only an HTTPS or TLS listener has `{field}`"))),
            None => (is_secured && count != 1)
                .then(|| fault("certificates", "an HTTPS or TLS listener has exactly one default certificate")),
        }
    }

    fn check_alpn(&self) -> Option<FieldError> {
        let policies = self.alpn_policy.as_ref()?;
        (policies.len() != 1).then(|| fault("alpn_policy", "`alpn_policy` names exactly one policy"))
    }

    fn default_certificate(&self) -> Option<&Vec<Certificate>> {
        self.certificates.as_ref().filter(|certificates| !certificates.is_empty())
    }

    /// ModifyListener leaves what it is not told as it is. One that comes to be secured has to be told
    /// how at once.
    async fn update_settings(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        const MODIFY: &str = "elasticloadbalancing:ModifyListener";
        let settings = [
            "port",
            "protocol",
            "default_actions",
            "certificates",
            "ssl_policy",
            "alpn_policy",
            "mutual_authentication",
        ];
        if !settings.iter().any(|field| update.has(field)) {
            return Ok(());
        }
        let is_told = |field| update.has(field) || update.has("protocol");
        let actions = match update.has("default_actions") {
            true => Some(actions::request(&self.default_actions, MODIFY)?),
            false => None,
        };
        let certificates = self.default_certificate().filter(|_| is_told("certificates"));
        let mutual = self.mutual_authentication.as_ref().filter(|_| update.has("mutual_authentication"));
        let call = cloud
            .elasticloadbalancing()
            .modify_listener()
            .listener_arn(update.id.as_str())
            .set_port(self.port.filter(|_| update.has("port")))
            .set_protocol(self.protocol.as_deref().filter(|_| update.has("protocol")).map(ProtocolEnum::from))
            .set_default_actions(actions)
            .set_certificates(to_sdk(certificates).op(MODIFY)?)
            .set_ssl_policy(self.ssl_policy.clone().filter(|_| is_told("ssl_policy")))
            .set_alpn_policy(self.alpn_policy.clone().filter(|_| is_told("alpn_policy")))
            .set_mutual_authentication(to_sdk(mutual).op(MODIFY)?);
        call.send().await.op(MODIFY)?;
        Ok(())
    }

    /// The calls take one certificate each.
    async fn update_additional_certificates(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let Some(wanted) =
            self.additional_certificate_arns.as_ref().filter(|_| update.has("additional_certificate_arns"))
        else {
            return Ok(());
        };
        let live = update.live.additional_certificate_arns.clone().unwrap_or_default();
        for arn in wanted.difference(&live) {
            let call = cloud.elasticloadbalancing().add_listener_certificates().listener_arn(update.id.as_str());
            let call = call.certificates(certificate_of(arn));
            call.send().await.op("elasticloadbalancing:AddListenerCertificates")?;
        }
        for arn in live.difference(wanted) {
            let call = cloud.elasticloadbalancing().remove_listener_certificates().listener_arn(update.id.as_str());
            let call = call.certificates(certificate_of(arn));
            call.send().await.op("elasticloadbalancing:RemoveListenerCertificates").absent()?;
        }
        Ok(())
    }

    async fn update_attributes(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = attributes::changes(self.attributes.as_ref(), update.live.attributes.as_ref());
        if update.has("attributes") && !changes.is_empty() {
            let pair = |(key, value)| ListenerAttribute::builder().key(key).value(value).build();
            let call = cloud.elasticloadbalancing().modify_listener_attributes().listener_arn(update.id.as_str());
            let call = call.set_attributes(Some(changes.into_iter().map(pair).collect()));
            call.send().await.op("elasticloadbalancing:ModifyListenerAttributes")?;
        }
        Ok(())
    }
}

fn certificate_of(arn: &Ref<AcmCertificate>) -> types::Certificate {
    types::Certificate::builder().certificate_arn(arn.as_str()).build()
}

const DESCRIBE: &str = "elasticloadbalancing:DescribeListeners";

/// The listeners of a load balancer: none where there is no such load balancer.
async fn of_load_balancer(cloud: &Cloud, arn: &str) -> Result<Vec<types::Listener>> {
    let call = cloud.elasticloadbalancing().describe_listeners().load_balancer_arn(arn).page_size(PAGE);
    let found: Result<Vec<_>> = call.into_paginator().items().send().try_collect().await.op(DESCRIBE);
    Ok(found.absent()?.unwrap_or_default())
}

fn ids(found: Vec<types::Listener>) -> Vec<Id> {
    found.into_iter().filter_map(|found| found.listener_arn).map(Id).collect()
}

/// Every listener there is. They can only be listed by load balancer.
pub(super) async fn list(cloud: &Cloud) -> Result<Vec<Id>> {
    let balancers = load_balancer::list(cloud).await?;
    let found = read::each(&balancers, |arn| of_load_balancer(cloud, arn)).await?;
    Ok(found.into_iter().flat_map(ids).collect())
}

async fn describe(cloud: &Cloud, arns: &[String]) -> Result<Vec<types::Listener>> {
    let call = cloud.elasticloadbalancing().describe_listeners().set_listener_arns(Some(arns.to_vec()));
    Ok(call.send().await.op(DESCRIBE)?.listeners.unwrap_or_default())
}

async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<Listener>]) -> Result<Vec<Option<Live<Listener>>>> {
    let arns = read::ids(wanted);
    let described = read::known(&arns, ARNS, |arns| describe(cloud, arns));
    let parts = read::each(wanted, |wanted| async move {
        tokio::try_join!(read_attributes(cloud, wanted), read_additional_certificates(cloud, wanted))
    });
    let (found, parts) = tokio::try_join!(described, parts)?;
    let live = read::joined(wanted, found, types::Listener::listener_arn, live);
    let with_parts = |(live, (attributes, certificates)): (Option<Live<Listener>>, _)| {
        let mut live = live?;
        live.spec.attributes = attributes;
        live.spec.additional_certificate_arns = certificates;
        Some(live)
    };
    Ok(live.into_iter().zip(parts).map(with_parts).collect())
}

async fn read_attributes(cloud: &Cloud, wanted: &Wanted<Listener>) -> Result<Option<ListenerAttributes>> {
    if !wanted.manages(|listener| &listener.attributes) {
        return Ok(None);
    }
    let call = cloud.elasticloadbalancing().describe_listener_attributes().listener_arn(wanted.id.as_str());
    let answer = call.send().await.op("elasticloadbalancing:DescribeListenerAttributes").absent()?;
    let pairs = |attributes: Vec<ListenerAttribute>| -> BTreeMap<String, String> {
        attributes.into_iter().filter_map(|pair| Some((pair.key?, pair.value?))).collect()
    };
    Ok(answer.map(|answer| ListenerAttributes::from_live(&pairs(answer.attributes.unwrap_or_default()))))
}

async fn read_additional_certificates(
    cloud: &Cloud,
    wanted: &Wanted<Listener>,
) -> Result<Option<BTreeSet<Ref<AcmCertificate>>>> {
    if !wanted.manages(|listener| &listener.additional_certificate_arns) {
        return Ok(None);
    }
    let call = cloud.elasticloadbalancing().describe_listener_certificates().listener_arn(wanted.id.as_str());
    let found: Result<Vec<types::Certificate>> =
        call.page_size(PAGE).into_paginator().items().send().try_collect().await.op(DESCRIBE_CERTIFICATES);
    let additional = |found: Vec<types::Certificate>| {
        let others = found.into_iter().filter(|certificate| certificate.is_default != Some(true));
        others.filter_map(|certificate| certificate.certificate_arn).map(Ref::from).collect()
    };
    Ok(found.absent()?.map(additional))
}

const DESCRIBE_CERTIFICATES: &str = "elasticloadbalancing:DescribeListenerCertificates";

/// What DescribeListeners tells; the rest has calls of its own.
fn live(found: types::Listener, wanted: &Wanted<Listener>) -> Live<Listener> {
    let applied = wanted.applied.as_ref().map(|applied| applied.default_actions.as_slice());
    let default = found.certificates.into_iter().flatten().take(1);
    let spec = Listener {
        load_balancer_arn: found.load_balancer_arn.unwrap_or_default().into(),
        port: found.port,
        protocol: found.protocol.map(|protocol| protocol.as_str().to_owned()),
        default_actions: actions::live(found.default_actions, applied.unwrap_or_default()),
        certificates: Some(default.map(Shape::from_sdk).collect()),
        additional_certificate_arns: None,
        ssl_policy: found.ssl_policy,
        alpn_policy: found.alpn_policy,
        mutual_authentication: found.mutual_authentication.map(Shape::from_sdk),
        attributes: None,
        tags: Tags::default(),
    };
    Live::ready(spec, Outputs { arn: found.listener_arn.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn what_a_listener_needs_depends_on_its_protocol() -> serde_json::Result<()> {
        let told = |spec: Json| -> serde_json::Result<String> {
            let mut whole = json!({
                "load_balancer_arn": "a", "default_actions": [{ "type": "forward", "target_group_arn": "b" }]
            });
            let fields = spec.as_object().cloned().unwrap_or_default();
            whole.as_object_mut().into_iter().for_each(|whole| whole.extend(fields.clone()));
            let listener: Listener = serde_json::from_value(whole)?;
            Ok(listener.check().into_iter().map(|error| error.message).collect())
        };
        for (spec, message) in [
            (json!({ "port": 80, "protocol": "HTTP" }), ""),
            (json!({}), ""),
            (json!({ "protocol": "HTTPS", "certificates": [{ "certificate_arn": "c" }] }), ""),
            (json!({ "protocol": "HTTPS" }), "an HTTPS or TLS listener has exactly one default certificate"),
            (json!({ "protocol": "HTTP", "ssl_policy": "p" }), "only an HTTPS or TLS listener has `ssl_policy`"),
            (json!({ "protocol": "TCP", "alpn_policy": [] }), "`alpn_policy` names exactly one policy"),
        ] {
            assert_eq!(told(spec)?, message);
        }
        Ok(())
    }
}
