//! Client tokens as AWS treats them: a call that repeats one gets the answer of the first.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::http::{Request, is_success};
use super::operation::{Operation, fields};

/// What services call the parameter, in lower case.
const NAMES: [&str; 3] = ["clienttoken", "clientrequesttoken", "idempotencytoken"];

/// The calls with a token that succeeded.
#[derive(Default)]
pub(crate) struct Tokens {
    calls: BTreeMap<(String, String), Call>,
}

struct Call {
    body: Vec<u8>,
    answer: Vec<u8>,
}

impl Tokens {
    /// The answer to a call whose token was used before: the first one's, or a refusal where
    /// something else is asked for.
    pub(crate) fn answer(&self, operation: &Operation, token: &str, request: &Request) -> Option<Vec<u8>> {
        let call = self.calls.get(&(operation.name.clone(), token.to_owned()))?;
        Some(if call.body == request.body { call.answer.clone() } else { operation.mismatch() })
    }

    /// Keeps what a call was answered, unless it was refused.
    pub(crate) fn keep(&mut self, operation: &Operation, token: String, request: &Request, answer: &[u8]) {
        if is_success(answer) {
            let call = Call { body: request.body.clone(), answer: answer.to_owned() };
            self.calls.insert((operation.name.clone(), token), call);
        }
    }
}

/// The token of a call, if it has one.
pub(crate) fn token(request: &Request) -> Option<String> {
    let is_token = |name: &str| NAMES.contains(&name.to_lowercase().as_str());
    if let Some(mut fields) = fields(request) {
        return fields.find(|(name, _)| is_token(name)).map(|(_, value)| value.to_owned());
    }
    let body: serde_json::Map<String, Json> = serde_json::from_slice(&request.body).ok()?;
    body.iter().find(|(name, _)| is_token(name))?.1.as_str().map(str::to_owned)
}
