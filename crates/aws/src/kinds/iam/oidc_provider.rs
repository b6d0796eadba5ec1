//! `iam/oidc_provider`: an identity provider outside AWS whose tokens the account trusts.

use std::collections::BTreeSet;

use aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput;
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::{iam, timestamp};
use crate::types::Tags;

/// An OpenID Connect provider, such as GitHub Actions, whose users take on roles of the account.
///
/// See [CreateOpenIDConnectProvider](https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcProvider {
    /// The issuer in its tokens: `https://` and a host, mostly without a path, up to 255 characters.
    /// There is one provider for each in an account.
    #[schemars(extend("x-replace" = true))]
    pub url: String,

    /// The audiences its tokens are for, up to 100, such as `sts.amazonaws.com`. Managed as a
    /// whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id_list: Option<BTreeSet<String>>,

    /// SHA-1 fingerprints of the certificates that may stand at the top of the issuer's chain, up
    /// to five of 40 hexadecimal digits. Left out, AWS takes that of the chain it finds; for
    /// issuers such as GitHub it goes by its own certificate authorities and needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbprint_list: Option<BTreeSet<String>>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The provider's ARN, which is its id: what a trust policy names as `Federated`.
    pub arn: String,
    /// When it was made, ISO 8601.
    pub create_date: Option<String>,
}

impl Kind for OidcProvider {
    const NAME: &'static str = "iam/oidc_provider";
    const GLOBAL: bool = true;
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const EARLY: &'static [&'static str] = &["id", "arn", "url"];
    const EVENTUAL: &'static [&'static str] = &["NoSuchEntity"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let has_scheme = self.url.strip_prefix(SCHEME).is_some_and(|host| !host.is_empty());
        let url = (!has_scheme).then(|| fault("url", "an issuer is a URL that begins with `https://`"));
        let many = self.thumbprint_list.as_ref().is_some_and(|list| list.len() > 5);
        let thumbprints = many.then(|| fault("thumbprint_list", "a provider has five thumbprints at most"));
        url.into_iter().chain(thumbprints).collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let call = cloud
            .iam()
            .create_open_id_connect_provider()
            .url(&self.url)
            .set_client_id_list(self.client_id_list.as_ref().map(listed))
            .set_thumbprint_list(self.thumbprint_list.as_ref().map(listed))
            .set_tags(Some(iam::tags(self.tags.with_intent(intent))));
        let arn = call.send().await.op(CREATE)?.open_id_connect_provider_arn;
        arn.map(Id).ok_or_else(|| incomplete(CREATE, "ARN"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let read = read::each(wanted, async |wanted| {
            let found = get(cloud, wanted.id.as_str()).await?;
            Ok(found.map(|found| live(wanted.id.as_str(), found)))
        });
        read.await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_client_ids(cloud, update).await?;
        self.update_thumbprints(cloud, update).await?;
        self.update_tags(cloud, update).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.iam().delete_open_id_connect_provider().open_id_connect_provider_arn(id.as_str());
        call.send().await.op("iam:DeleteOpenIDConnectProvider").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let arn = arn_of(cloud, &self.url).await?;
        let found = get(cloud, &arn).await?;
        let ours = found.filter(|found| iam::is_made_by(intent, found.tags()));
        Ok(ours.map(|_| Id(arn)).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(arn) = by.text("arn") {
            return Ok(vec![Id(arn)]);
        }
        if let Some(url) = by.text("url") {
            return Ok(vec![Id(arn_of(cloud, &url).await?)]);
        }
        let answer = cloud.iam().list_open_id_connect_providers().send().await.op("iam:ListOpenIDConnectProviders")?;
        let listed = answer.open_id_connect_provider_list.unwrap_or_default();
        Ok(listed.into_iter().filter_map(|provider| provider.arn).map(Id).collect())
    }
}

const CREATE: &str = "iam:CreateOpenIDConnectProvider";

/// What every issuer begins with, and AWS reports without.
const SCHEME: &str = "https://";

impl OidcProvider {
    async fn update_client_ids(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let Some(ids) = self.client_id_list.as_ref().filter(|_| update.has("client_id_list")) else {
            return Ok(());
        };
        let live = update.live.client_id_list.clone().unwrap_or_default();
        for id in ids.difference(&live) {
            let call = cloud.iam().add_client_id_to_open_id_connect_provider().client_id(id);
            let call = call.open_id_connect_provider_arn(update.id.as_str());
            call.send().await.op("iam:AddClientIDToOpenIDConnectProvider")?;
        }
        for id in live.difference(ids) {
            let call = cloud.iam().remove_client_id_from_open_id_connect_provider().client_id(id);
            let call = call.open_id_connect_provider_arn(update.id.as_str());
            call.send().await.op("iam:RemoveClientIDFromOpenIDConnectProvider")?;
        }
        Ok(())
    }

    async fn update_thumbprints(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(thumbprints)) = (update.has("thumbprint_list"), &self.thumbprint_list) {
            let call = cloud.iam().update_open_id_connect_provider_thumbprint();
            let call = call.open_id_connect_provider_arn(update.id.as_str());
            let call = call.set_thumbprint_list(Some(listed(thumbprints)));
            call.send().await.op("iam:UpdateOpenIDConnectProviderThumbprint")?;
        }
        Ok(())
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = self.tags.changes_from(&update.live.tags);
        if update.has("tags") && !changes.set.is_empty() {
            let call = cloud.iam().tag_open_id_connect_provider().open_id_connect_provider_arn(update.id.as_str());
            call.set_tags(Some(iam::tags(changes.set))).send().await.op("iam:TagOpenIDConnectProvider")?;
        }
        if update.has("tags") && !changes.remove.is_empty() {
            let call = cloud.iam().untag_open_id_connect_provider().open_id_connect_provider_arn(update.id.as_str());
            call.set_tag_keys(Some(changes.remove)).send().await.op("iam:UntagOpenIDConnectProvider")?;
        }
        Ok(())
    }
}

fn listed(texts: &BTreeSet<String>) -> Vec<String> {
    texts.iter().cloned().collect()
}

/// The ARN of the provider of an issuer, which ends in the issuer.
async fn arn_of(cloud: &Cloud, url: &str) -> Result<String> {
    let issuer = url.strip_prefix(SCHEME).unwrap_or(url);
    iam::arn(cloud, &format!("oidc-provider/{issuer}")).await
}

async fn get(cloud: &Cloud, arn: &str) -> Result<Option<GetOpenIdConnectProviderOutput>> {
    let call = cloud.iam().get_open_id_connect_provider().open_id_connect_provider_arn(arn);
    call.send().await.op("iam:GetOpenIDConnectProvider").absent()
}

fn live(arn: &str, found: GetOpenIdConnectProviderOutput) -> Live<OidcProvider> {
    let issuer = found.url.unwrap_or_default();
    let spec = OidcProvider {
        url: if issuer.starts_with(SCHEME) { issuer } else { format!("{SCHEME}{issuer}") },
        client_id_list: Some(found.client_id_list.unwrap_or_default().into_iter().collect()),
        thumbprint_list: Some(found.thumbprint_list.unwrap_or_default().into_iter().collect()),
        tags: iam::live_tags(found.tags),
    };
    let outputs = Outputs { arn: arn.to_owned(), create_date: found.create_date.as_ref().and_then(timestamp) };
    Live::ready(spec, outputs)
}
