//! IAM: roles.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::call::{ACCOUNT, Call, MADE, Refusal, Result, tag_elements};
use crate::http::Answer;
use crate::xml;

#[derive(Debug, Default)]
pub(crate) struct Roles(pub(crate) BTreeMap<String, Role>);

#[derive(Debug)]
pub(crate) struct Role {
    path: String,
    description: String,
    trust: String,
    max_session_duration: String,
    tags: BTreeMap<String, String>,
}

/// The most roles on a page, which is also what IAM answers to whoever asks for more.
const PAGE: usize = 1000;

impl Roles {
    pub(crate) fn answer(&mut self, call: &Call) -> Result<Answer> {
        let inner = match call.action.as_str() {
            "CreateRole" => self.create(call)?,
            "GetRole" => xml::element("Role", &shown(call.need("RoleName")?, self.role(call)?)),
            "ListRoles" => self.list(call, "Roles", listed),
            "GetAccountAuthorizationDetails" => self.details(call)?,
            "UpdateRole" => self.update(call)?,
            "UpdateAssumeRolePolicy" => {
                let trust = call.need("PolicyDocument")?.to_owned();
                self.role(call)?.trust = trust;
                String::new()
            }
            "TagRole" => {
                let tags = call.tags("Tags.member");
                self.role(call)?.tags.extend(tags);
                String::new()
            }
            "UntagRole" => {
                let gone = call.list("TagKeys.member");
                self.role(call)?.tags.retain(|key, _| !gone.contains(&key.as_str()));
                String::new()
            }
            "ListRoleTags" => complete(&xml::list("Tags", "member", tag_elements(&self.role(call)?.tags))),
            // Nothing can be attached to a role here, so there is never anything to list.
            "ListRolePolicies" => self.nothing(call, "PolicyNames")?,
            "ListAttachedRolePolicies" => self.nothing(call, "AttachedPolicies")?,
            "ListInstanceProfilesForRole" => self.nothing(call, "InstanceProfiles")?,
            "DeleteRole" => {
                self.role(call)?;
                self.0.remove(call.need("RoleName")?);
                String::new()
            }
            action => return Err(Refusal::unknown(action)),
        };
        Ok(call.result(&inner))
    }

    fn create(&mut self, call: &Call) -> Result<String> {
        let name = call.need("RoleName")?;
        if self.0.contains_key(name) {
            return Err(Refusal::new("EntityAlreadyExists", format!("there is a role {name} already")).with_status(409));
        }
        let trust = call.need("AssumeRolePolicyDocument")?;
        if serde_json::from_str::<serde_json::Value>(trust).is_err() {
            return Err(Refusal::new("MalformedPolicyDocument", "the policy is no JSON"));
        }
        let role = Role {
            path: call.get("Path").unwrap_or("/").to_owned(),
            description: call.get("Description").unwrap_or_default().to_owned(),
            trust: trust.to_owned(),
            max_session_duration: call.get("MaxSessionDuration").unwrap_or("3600").to_owned(),
            tags: call.tags("Tags.member"),
        };
        let inner = xml::element("Role", &shown(name, &role));
        self.0.insert(name.to_owned(), role);
        Ok(inner)
    }

    fn update(&mut self, call: &Call) -> Result<String> {
        let role = self.role(call)?;
        role.description = call.get("Description").unwrap_or_default().to_owned();
        role.max_session_duration = call.get("MaxSessionDuration").unwrap_or("3600").to_owned();
        Ok(String::new())
    }

    fn details(&self, call: &Call) -> Result<String> {
        match call.list("Filter.member").as_slice() {
            ["Role"] => Ok(self.list(call, "RoleDetailList", detail)),
            _ => Err(Refusal::unknown("details of anything but roles")),
        }
    }

    /// A page of roles, as `show` writes them.
    fn list(&self, call: &Call, name: &str, show: fn(&str, &Role) -> String) -> String {
        let number = |field| call.get(field).and_then(|text| text.parse::<usize>().ok());
        let (start, size) = (number("Marker").unwrap_or(0), number("MaxItems").unwrap_or(100).min(PAGE));
        let roles = self.0.iter().filter(|(_, role)| role.path.starts_with(call.get("PathPrefix").unwrap_or_default()));
        let roles: Vec<_> = roles.collect();
        let page = roles.iter().skip(start).take(size).map(|(name, role)| show(name, role));
        let page = xml::list(name, "member", page);
        match start + size < roles.len() {
            true => {
                format!("{page}<IsTruncated>true</IsTruncated>{}", xml::text("Marker", &(start + size).to_string()))
            }
            false => complete(&page),
        }
    }

    fn nothing(&mut self, call: &Call, list: &str) -> Result<String> {
        self.role(call)?;
        Ok(complete(&xml::element(list, "")))
    }

    fn role(&mut self, call: &Call) -> Result<&mut Role> {
        let name = call.need("RoleName")?;
        let absent = || Refusal::new("NoSuchEntity", format!("there is no role {name}")).with_status(404);
        self.0.get_mut(name).ok_or_else(absent)
    }
}

fn complete(list: &str) -> String {
    format!("{list}<IsTruncated>false</IsTruncated>")
}

/// What lists and details of a role have in common.
fn base(name: &str, role: &Role) -> String {
    let trust = utf8_percent_encode(&role.trust, NON_ALPHANUMERIC).to_string();
    let arn = format!("arn:aws:iam::{ACCOUNT}:role{}{name}", role.path);
    let id = format!("AROA{}", name.to_ascii_uppercase());
    let fields = [
        ("Path", role.path.as_str()),
        ("RoleName", name),
        ("RoleId", &id),
        ("Arn", &arn),
        ("CreateDate", MADE),
        ("AssumeRolePolicyDocument", &trust),
    ];
    fields.iter().map(|(name, value)| xml::text(name, value)).collect()
}

fn tags(role: &Role) -> String {
    xml::list("Tags", "member", tag_elements(&role.tags))
}

/// A role as lists tell of it, which leave out its tags.
fn listed(name: &str, role: &Role) -> String {
    let description = xml::text("Description", &role.description);
    let duration = xml::text("MaxSessionDuration", &role.max_session_duration);
    format!("{}{description}{duration}", base(name, role))
}

fn shown(name: &str, role: &Role) -> String {
    listed(name, role) + &tags(role)
}

fn detail(name: &str, role: &Role) -> String {
    const NONE: &str = "<InstanceProfileList/><RolePolicyList/><AttachedManagedPolicies/>";
    format!("{}{NONE}{}", base(name, role), tags(role))
}
