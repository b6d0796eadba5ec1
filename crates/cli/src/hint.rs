//! What to do about what went wrong in AWS or in a step, for people and as data.

use provision_core::address::Address;
use provision_core::driver::{Cause, CloudError};
use provision_engine::apply::StepError;
use provision_engine::{EngineError, Undecided};
use serde_json::{Map, Value as Json, json};

use crate::again::Again;
use crate::quota;

/// What to do.
#[derive(Debug, Default)]
pub(crate) struct Hint {
    /// For people.
    pub(crate) text: String,
    /// As data: `iam_action`, `resource`, `quota`, `commands`.
    pub(crate) details: Map<String, Json>,
}

impl Hint {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), details: Map::new() }
    }

    fn with(mut self, name: &str, detail: impl Into<Json>) -> Self {
        self.details.insert(name.to_owned(), detail.into());
        self
    }
}

/// What is known of a failed call, and what to do, as fields beside `message` and `help`.
pub(crate) fn details(cloud: Option<&CloudError>, hint: Option<&Hint>) -> Map<String, Json> {
    let mut details = hint.map(|hint| hint.details.clone()).unwrap_or_default();
    if let Some(CloudError { cause, operation, code, request_id, .. }) = cloud {
        let known = json!({ "cause": cause, "operation": operation, "code": code, "request_id": request_id });
        details.extend(known.as_object().cloned().unwrap_or_default());
    }
    details
}

/// What to do about a refusal of AWS.
pub(crate) fn of_cloud(error: &CloudError) -> Option<Hint> {
    Some(match error.cause {
        Cause::Denied => denied(error),
        Cause::Credentials => Hint::new(credentials(&error.code)),
        Cause::Unreachable => Hint::new(
            "nothing answers there: check the network, the region, a proxy, AWS_ENDPOINT_URL and \
             AWS_ENDPOINT_URL_<SERVICE>; then run the same command again",
        ),
        Cause::Limit => {
            let (text, quota) = quota::hint(error);
            Hint::new(text).with("quota", quota)
        }
        Cause::Dependency => Hint::new(
            "something still uses it, or it is changing: remove what is not of this stack, then run the same command again",
        ),
        Cause::Throttled => Hint::new(
            "AWS goes on refusing so many calls, of others in the account, too: run the same command again later; it goes \
             on from here",
        ),
        Cause::Transient => Hint::new(
            "AWS or the way there goes on failing (https://health.aws.amazon.com tells): run the same command again \
             later; it goes on from here",
        ),
        Cause::Eventual => Hint::new("run the same command again: it goes on from here"),
        Cause::NotFound | Cause::Exists | Cause::Invalid => return None,
    })
}

fn credentials(code: &str) -> &'static str {
    if code.starts_with("ExpiredToken") {
        return "the session has run out: sign in again (`aws sso login`), or renew AWS_SESSION_TOKEN; then run the same \
                command again, and it goes on from here";
    }
    "set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in again (`aws sso login`); credentials are found as the AWS CLI finds \
     them"
}

/// AWS names the action and the resource in the message, if not always.
fn denied(error: &CloudError) -> Hint {
    let message = error.message.as_str();
    let action = word_after(message, "perform: ").unwrap_or(&error.operation);
    let resource = word_after(message, "on resource: ").filter(|resource| *resource != "*");
    let on = resource.map_or_else(String::new, |resource| format!(" on {resource}"));
    let mut text = match message.contains("explicit deny") {
        true => format!("a policy denies {action}{on} explicitly: nothing allows it until that is changed"),
        false => format!("allow the action {action}{on} to the credentials in use"),
    };
    if message.contains("Encoded authorization failure message") {
        text += "; `aws sts decode-authorization-message --encoded-message MESSAGE` tells which policy it was";
    }
    Hint::new(text).with("iam_action", action).with("resource", resource)
}

fn word_after<'a>(message: &'a str, label: &str) -> Option<&'a str> {
    let rest = message.split_once(label)?.1;
    let word = rest.split_whitespace().next()?.trim_matches(['"', '\'', ',', '.']);
    (!word.is_empty()).then_some(word)
}

/// What to do about a failed step.
pub(crate) fn of_step(error: &StepError, address: &Address, again: &Again) -> Option<Hint> {
    if let Some(error) = error.cloud().filter(|error| error.cause != Cause::Exists) {
        return of_cloud(error);
    }
    Some(match error {
        StepError::Taken { id, .. } => taken(address, id.as_ref().map_or("ID", |id| id.as_str()), again),
        StepError::Undecided(undecided) => of_undecided(std::slice::from_ref(undecided), again),
        StepError::Unsettled { .. } => {
            Hint::new("if AWS is right, state in the spec what it reports; otherwise apply again")
        }
        StepError::TimedOut { .. } => Hint::new(format!("{} again: it goes on waiting from here", again.verb())),
        StepError::Vanished { .. } | StepError::Reappeared { .. } => Hint::new("run the same command again"),
        StepError::Halted(_) => {
            Hint::new("mend what it says, in the spec or outside, and apply again: it is tried anew")
        }
        StepError::Failed(_) => Hint::new("apply again: what failed is replaced"),
        StepError::Died(_) => Hint::new("this is a bug in provision: please report it; the state is safe, apply again"),
        StepError::Cloud(_) | StepError::Store(_) | StepError::Engine(_) | StepError::Spec(_) => return None,
    })
}

fn taken(address: &Address, id: &str, again: &Again) -> Hint {
    let command = again.import(address, id);
    let text = format!(
        "something of that name exists and is not ours: give this one another name, or take that one under our care with \
         `{command}`"
    );
    Hint::new(text).with("commands", json!([command]))
}

/// What to do where nobody can tell what an interrupted create made.
pub(crate) fn of_undecided(all: &[Undecided], again: &Again) -> Hint {
    let takes = |it: &Undecided| again.import(&it.address, it.candidates.first().map_or("ID", |id| id.as_str()));
    let commands: Vec<(String, String)> = all.iter().map(|it| (takes(it), again.give_up(&it.address))).collect();
    let texts = commands.iter().map(|(takes, gives_up)| {
        format!("`{takes}` takes one that is yours (any of the ids), `{gives_up}` says that none is, and the next apply makes it anew")
    });
    let text = texts.collect::<Vec<_>>().join("; ") + "; what else was made by mistake is then yours to delete";
    let commands: Vec<String> = commands.into_iter().flat_map(|(takes, gives_up)| [takes, gives_up]).collect();
    Hint::new(text).with("commands", commands)
}

/// What to do where the engine cannot go on.
pub(crate) fn of_engine(error: &EngineError, again: &Again) -> Option<Hint> {
    Some(match error {
        EngineError::Read { error, .. } | EngineError::Cloud(error) => return of_cloud(error),
        EngineError::Undecided(all) => of_undecided(all, again),
        EngineError::UnknownKind { .. } => Hint::new("the state may be from a newer version: upgrade provision"),
        EngineError::OtherAccount { .. } => {
            Hint::new("use the credentials of that account (AWS_PROFILE), or another stack name for this one")
        }
        EngineError::OtherRegion { recorded, .. } => Hint::new(format!(
            "set `region: {recorded}` in the spec or AWS_REGION={recorded}, or use another stack name"
        )),
        EngineError::NotThere { .. } => Hint::new("check the id, the region and the account"),
        EngineError::NoSuchAddress { .. } => Hint::new("add the resource to the spec first, then import it"),
        EngineError::AlreadyOwned { .. } | EngineError::Store(_) | EngineError::Spec(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied_with(message: &str) -> Hint {
        denied(&CloudError::new(Cause::Denied, "ec2:CreateVpc", message))
    }

    #[test]
    fn a_denial_tells_the_action_that_aws_names() {
        let hint = denied_with(
            "User: arn:aws:iam::1:user/ada is not authorized to perform: iam:PassRole on resource: \
             arn:aws:iam::1:role/logs because no identity-based policy allows the iam:PassRole action",
        );
        assert_eq!(hint.text, "allow the action iam:PassRole on arn:aws:iam::1:role/logs to the credentials in use");
        assert_eq!(hint.details["iam_action"], "iam:PassRole");
        assert_eq!(hint.details["resource"], "arn:aws:iam::1:role/logs");

        let hint =
            denied_with("You are not authorized to perform this operation. Encoded authorization failure message: x");
        assert!(hint.text.starts_with("allow the action ec2:CreateVpc to"), "{}", hint.text);
        assert!(hint.text.contains("decode-authorization-message"), "{}", hint.text);
        assert!(denied_with("with an explicit deny in a service control policy").text.contains("denies ec2:CreateVpc"));
    }

    #[test]
    fn expired_credentials_are_told_from_missing_ones() {
        assert!(credentials("ExpiredTokenException").contains("run out"));
        assert!(credentials("InvalidClientTokenId").contains("AWS_PROFILE"));
    }
}
