//! `wafv2/web_acl_association`: which web ACL guards a load balancer or another thing of a region.

use aws_sdk_wafv2::types::ResourceType;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::Timing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::web_acl::{self, WebAcl};
use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::rates;
use crate::types::Ref;

/// Which web ACL guards a load balancer or another thing of a region.
///
/// A CloudFront distribution names its web ACL itself.
///
/// See [AssociateWebACL](https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebAclAssociation {
    /// ARN of what is guarded: an application load balancer, a stage of a REST API, a GraphQL API, a
    /// Cognito user pool, an App Runner service, a Verified Access instance, an Amplify app or an
    /// AgentCore gateway. It has one web ACL at most.
    #[schemars(extend("x-replace" = true))]
    pub resource_arn: String,

    /// ARN of the web ACL, of the scope `REGIONAL`. Another one takes its place without a gap.
    pub web_acl_arn: Ref<WebAcl>,
}

/// What other resources may name. The id is the ARN of what is guarded.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {}

const ASSOCIATE: &str = "wafv2:AssociateWebACL";

/// An association has no tags: an interrupted create is told by both its ends. One that somebody else
/// made of the two meanwhile is all that was asked for, and cannot be told apart.
impl Kind for WebAclAssociation {
    const NAME: &'static str = "wafv2/web_acl_association";
    const RECOVERY: Recovery = Recovery::Scan;
    const READING: Reading = Reading { batch: 0, each: 1, ..Reading::BATCH };
    const RATES: Rates = rates::waf::ASSOCIATION;
    /// What is guarded may be in the making for so long.
    const TIMING: Timing = Timing { limit: 600, ..Timing::INSTANT };
    const EVENTUAL: &'static [&'static str] = &["WAFNonexistentItemException"];

    type Outputs = Outputs;

    /// AssociateWebACL takes the place of the web ACL that is there, whosever it is: so it is looked for
    /// first.
    async fn create(&self, cloud: &Cloud, _: &Intent) -> Result<Id> {
        if let Some(other) = get(cloud, &self.resource_arn).await? {
            let message = format!("there is a web ACL before `{}` already: {other}", self.resource_arn);
            return Err(CloudError::new(Cause::Exists, ASSOCIATE, message));
        }
        self.associate(cloud).await?;
        Ok(Id(self.resource_arn.clone()))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        read::each(wanted, |wanted| read_one(cloud, &wanted.id)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        match update.has("web_acl_arn") {
            true => self.associate(cloud).await,
            false => Ok(()),
        }
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.wafv2().disassociate_web_acl().resource_arn(id.as_str());
        call.send().await.op("wafv2:DisassociateWebACL").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, _: &Intent) -> Result<Vec<Id>> {
        let found = get(cloud, &self.resource_arn).await?;
        let is_as_asked = found.as_deref() == Some(self.web_acl_arn.as_str());
        Ok(is_as_asked.then(|| Id(self.resource_arn.clone())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(resource) = by.text("resource_arn") {
            return Ok(vec![Id(resource)]);
        }
        let acls = match by.text("web_acl_arn") {
            Some(acl) => vec![Id(acl)],
            None => web_acl::list_regional(cloud).await?,
        };
        let found = read::each(&acls, |acl| guarded_by(cloud, acl)).await?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl WebAclAssociation {
    async fn associate(&self, cloud: &Cloud) -> Result<()> {
        let call = cloud.wafv2().associate_web_acl().resource_arn(&self.resource_arn);
        call.web_acl_arn(self.web_acl_arn.as_str()).send().await.op(ASSOCIATE).map_err(in_the_making)?;
        Ok(())
    }
}

/// A load balancer can be named minutes before it can be guarded, longer than what was just made stays
/// unseen.
fn in_the_making(error: CloudError) -> CloudError {
    match error.code.as_str() {
        "WAFUnavailableEntityException" => CloudError { cause: Cause::Transient, ..error },
        _ => error,
    }
}

/// The ARN of the web ACL that guards a resource.
async fn get(cloud: &Cloud, resource: &str) -> Result<Option<String>> {
    let call = cloud.wafv2().get_web_acl_for_resource().resource_arn(resource);
    let answer = call.send().await.op("wafv2:GetWebACLForResource").map_err(in_the_making).absent()?;
    Ok(answer.and_then(|answer| answer.web_acl).map(|acl| acl.arn))
}

/// What can be guarded. A web ACL is asked of each by itself.
static GUARDED: [ResourceType; 8] = [
    ResourceType::ApplicationLoadBalancer,
    ResourceType::ApiGateway,
    ResourceType::Appsync,
    ResourceType::CognitioUserPool,
    ResourceType::AppRunnerService,
    ResourceType::VerifiedAccessInstance,
    ResourceType::Amplify,
    ResourceType::AgentcoreGateway,
];

async fn guarded_by(cloud: &Cloud, acl: &Id) -> Result<Vec<Id>> {
    let found = read::each(&GUARDED, |of| async move {
        let call = cloud.wafv2().list_resources_for_web_acl().web_acl_arn(acl.as_str()).resource_type(of.clone());
        let answer = call.send().await.op("wafv2:ListResourcesForWebACL").absent()?;
        Ok(answer.and_then(|answer| answer.resource_arns).unwrap_or_default())
    });
    Ok(found.await?.into_iter().flatten().map(Id).collect())
}

async fn read_one(cloud: &Cloud, id: &Id) -> Result<Option<Live<WebAclAssociation>>> {
    let live = |acl: String| {
        let spec = WebAclAssociation { resource_arn: id.0.clone(), web_acl_arn: acl.into() };
        Live::ready(spec, Outputs {})
    };
    Ok(get(cloud, id.as_str()).await?.map(live))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_making_is_waited_for() {
        let refused = |code| in_the_making(crate::error::refused(ASSOCIATE, code, "")).cause;
        assert_eq!(refused("WAFUnavailableEntityException"), Cause::Transient);
        assert_eq!(refused("WAFInvalidParameterException"), Cause::Invalid);
    }
}
