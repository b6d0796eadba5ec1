//! Access control lists: the canned ones and those granted one by one.

use std::collections::BTreeSet;

use aws_sdk_s3::operation::get_bucket_acl::GetBucketAclOutput;
use aws_sdk_s3::types::{self, BucketCannedAcl, Permission};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Part, Unset};
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// The canned ACLs of a bucket, and what each grants to groups beside the owner's full control.
const CANNED: [(&str, &[(&str, &str)]); 5] = [
    ("private", &[]),
    ("public-read", &[(ALL_USERS, "READ")]),
    ("public-read-write", &[(ALL_USERS, "READ"), (ALL_USERS, "WRITE")]),
    ("authenticated-read", &[(AUTHENTICATED_USERS, "READ")]),
    ("log-delivery-write", &[(LOG_DELIVERY, "READ_ACP"), (LOG_DELIVERY, "WRITE")]),
];

/// Grants made one by one, the owner's own included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessControlPolicy {
    /// Who may do what.
    pub grants: BTreeSet<Grant>,
}

/// What one grantee may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Who may.
    pub grantee: Grantee,
    /// What they may do.
    #[schemars(extend("enum" = ["FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP"]))]
    pub permission: String,
}

/// Somebody to whom something is granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grantee {
    /// How the grantee is named: `CanonicalUser` by `id`, `Group` by `uri`. AWS turns
    /// `AmazonCustomerByEmail` into the canonical user of that address.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["CanonicalUser", "AmazonCustomerByEmail", "Group"]))]
    pub kind: String,
    /// Canonical user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A group such as `http://acs.amazonaws.com/groups/global/AllUsers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// E-mail address of an AWS account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_address: Option<String>,
}

impl From<types::Grantee> for Grantee {
    fn from(live: types::Grantee) -> Self {
        Self { kind: live.r#type.as_str().to_owned(), id: live.id, uri: live.uri, email_address: live.email_address }
    }
}

impl TryFrom<&Grantee> for types::Grantee {
    type Error = BuildError;

    fn try_from(grantee: &Grantee) -> Result<Self, BuildError> {
        Self::builder()
            .r#type(types::Type::from(grantee.kind.as_str()))
            .set_id(grantee.id.clone())
            .set_uri(grantee.uri.clone())
            .set_email_address(grantee.email_address.clone())
            .build()
    }
}

impl Grant {
    fn from_live(live: types::Grant) -> Option<Self> {
        Some(Self { grantee: live.grantee?.into(), permission: live.permission?.as_str().to_owned() })
    }

    fn sdk(&self) -> Result<types::Grant, BuildError> {
        let permission = Permission::from(self.permission.as_str());
        Ok(types::Grant::builder().grantee((&self.grantee).try_into()?).permission(permission).build())
    }
}

/// A bucket's ACL in both of the words a spec has for it.
pub(crate) struct Acl {
    /// The canned ACL it is, if it is one.
    pub(crate) canned: Option<String>,
    /// Every grant.
    pub(crate) policy: AccessControlPolicy,
}

/// A bucket's ACL.
pub(crate) async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Acl>> {
    let answer = cloud.s3().get_bucket_acl().bucket(bucket).send().await.op("s3:GetBucketAcl").unset()?;
    Ok(answer.map(from_live))
}

fn from_live(live: GetBucketAclOutput) -> Acl {
    let owner = live.owner.and_then(|owner| owner.id);
    let grants: BTreeSet<Grant> = live.grants.into_iter().flatten().filter_map(Grant::from_live).collect();
    Acl { canned: canned(owner.as_deref(), &grants).map(str::to_owned), policy: AccessControlPolicy { grants } }
}

fn canned(owner: Option<&str>, grants: &BTreeSet<Grant>) -> Option<&'static str> {
    let owners = |grant: &&Grant| grant.permission == "FULL_CONTROL" && grant.grantee.id.as_deref() == owner;
    let (own, others): (Vec<&Grant>, Vec<&Grant>) = grants.iter().partition(owners);
    let others: Option<BTreeSet<(&str, &str)>> =
        others.into_iter().map(|grant| Some((grant.grantee.uri.as_deref()?, grant.permission.as_str()))).collect();
    let found = CANNED.iter().find(|(_, groups)| others == Some(groups.iter().copied().collect()));
    found.filter(|_| !own.is_empty()).map(|(name, _)| *name)
}

/// Sets a canned ACL.
pub(crate) async fn put_canned(cloud: &Cloud, bucket: &str, acl: &str) -> Result<()> {
    cloud.s3().put_bucket_acl().bucket(bucket).acl(BucketCannedAcl::from(acl)).send().await.op("s3:PutBucketAcl")?;
    Ok(())
}

impl Part for AccessControlPolicy {
    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        Ok(get(cloud, bucket).await?.map(|acl| acl.policy))
    }

    /// The call wants the owner named, whom only AWS knows.
    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        let live = cloud.s3().get_bucket_acl().bucket(bucket).send().await.op("s3:GetBucketAcl")?;
        let grants: Result<_, BuildError> = self.grants.iter().map(Grant::sdk).collect();
        let policy = types::AccessControlPolicy::builder()
            .set_owner(live.owner)
            .set_grants(Some(grants.op("s3:PutBucketAcl")?))
            .build();
        let call = cloud.s3().put_bucket_acl().bucket(bucket).access_control_policy(policy);
        call.send().await.op("s3:PutBucketAcl")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(id: Option<&str>, uri: Option<&str>, permission: &str) -> Grant {
        let kind = if id.is_some() { "CanonicalUser" } else { "Group" }.to_owned();
        let grantee = Grantee { kind, id: id.map(str::to_owned), uri: uri.map(str::to_owned), email_address: None };
        Grant { grantee, permission: permission.to_owned() }
    }

    #[test]
    fn grants_are_known_as_the_canned_acl_they_make() {
        let own = || grant(Some("me"), None, "FULL_CONTROL");
        let public = || grant(None, Some(ALL_USERS), "READ");
        for (grants, expected) in [
            (vec![own()], Some("private")),
            (vec![own(), public()], Some("public-read")),
            (vec![own(), public(), grant(None, Some(ALL_USERS), "WRITE")], Some("public-read-write")),
            (vec![own(), grant(Some("you"), None, "READ")], None),
            (vec![public()], None),
        ] {
            assert_eq!(canned(Some("me"), &grants.into_iter().collect()), expected);
        }
    }
}
