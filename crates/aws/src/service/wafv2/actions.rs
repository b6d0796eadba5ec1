//! What becomes of a request.

use aws_sdk_wafv2::types;
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::Chosen;
use crate::shape::{Shape, shape};

/// What becomes of requests that no rule ends: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultAction {
    /// They are let through; `{}` just so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Handling>,
    /// They are refused; `{}` just so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<Block>,
}

shape!(DefaultAction: types::DefaultAction { allow, block });

/// What becomes of requests that a rule is for: one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleAction {
    /// They are let through; `{}` just so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Handling>,
    /// They are refused; `{}` just so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<Block>,
    /// They are counted, and the rules go on; `{}` just so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Handling>,
    /// A human has to solve a puzzle; `{}` just so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captcha: Option<Handling>,
    /// The browser has to prove that it is one; `{}` just so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Handling>,
    /// The client has to pay, as `monetization_config` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monetize: Option<Monetize>,
}

shape!(RuleAction: types::RuleAction { allow, block, count, captcha, challenge, monetize });

/// What becomes of what the rules of a group say: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideAction {
    /// It holds, with `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub none: Option<Chosen>,
    /// It is only counted; `{}` just so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Handling>,
}

shape!(OverrideAction: types::OverrideAction { none, count });

/// How a request goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handling {
    /// What is added to it.
    #[serde(default)]
    pub custom_request_handling: CustomRequestHandling,
}

/// What is added to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomRequestHandling {
    /// Headers; `x-amzn-waf-` is put before their names.
    #[serde(default)]
    pub insert_headers: Vec<CustomHttpHeader>,
}

/// A header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomHttpHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

shape!(CustomHttpHeader: types::CustomHttpHeader { name = set_name, value = set_value });

impl Handling {
    /// `None` where nothing is added.
    fn request(&self) -> Result<Option<types::CustomRequestHandling>, BuildError> {
        let headers = &self.custom_request_handling.insert_headers;
        if headers.is_empty() {
            return Ok(None);
        }
        types::CustomRequestHandling::builder().set_insert_headers(Some(headers.to_sdk()?)).build().map(Some)
    }

    fn of(handling: Option<types::CustomRequestHandling>) -> Self {
        let headers = handling.map(|handling| handling.insert_headers).unwrap_or_default();
        Self { custom_request_handling: CustomRequestHandling { insert_headers: Shape::from_sdk(headers) } }
    }
}

macro_rules! handling {
    ($($sdk:ident),*) => {
        $(impl Shape<types::$sdk> for Handling {
            fn to_sdk(&self) -> Result<types::$sdk, BuildError> {
                Ok(types::$sdk::builder().set_custom_request_handling(self.request()?).build())
            }

            fn from_sdk(sdk: types::$sdk) -> Self {
                Self::of(sdk.custom_request_handling)
            }
        })*
    };
}

handling!(AllowAction, CountAction, CaptchaAction, ChallengeAction);

/// How a request is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The answer.
    #[serde(default)]
    pub custom_response: CustomResponse,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomResponse {
    /// Status; 403 by default.
    #[serde(default = "forbidden")]
    #[schemars(range(min = 200, max = 599))]
    pub response_code: i32,
    /// Which of the `custom_response_bodies`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_response_body_key: Option<String>,
    /// Headers.
    #[serde(default)]
    pub response_headers: Vec<CustomHttpHeader>,
}

fn forbidden() -> i32 {
    403
}

impl Default for CustomResponse {
    fn default() -> Self {
        Self { response_code: forbidden(), custom_response_body_key: None, response_headers: Vec::new() }
    }
}

/// What AWS answers by itself is not asked for.
impl Shape<types::BlockAction> for Block {
    fn to_sdk(&self) -> Result<types::BlockAction, BuildError> {
        let response = Some(&self.custom_response).filter(|response| **response != CustomResponse::default());
        let response = response.map(CustomResponse::request).transpose()?;
        Ok(types::BlockAction::builder().set_custom_response(response).build())
    }

    fn from_sdk(sdk: types::BlockAction) -> Self {
        Self { custom_response: sdk.custom_response.map(CustomResponse::of).unwrap_or_default() }
    }
}

impl CustomResponse {
    fn request(&self) -> Result<types::CustomResponse, BuildError> {
        let headers = Some(&self.response_headers).filter(|headers| !headers.is_empty());
        types::CustomResponse::builder()
            .response_code(self.response_code)
            .set_custom_response_body_key(self.custom_response_body_key.clone())
            .set_response_headers(crate::shape::to_sdk(headers)?)
            .build()
    }

    fn of(response: types::CustomResponse) -> Self {
        Self {
            response_code: response.response_code,
            custom_response_body_key: response.custom_response_body_key,
            response_headers: Shape::from_sdk(response.response_headers.unwrap_or_default()),
        }
    }
}

/// What a request costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Monetize {
    /// How many times the price: `1` to `100`.
    pub price_multiplier: String,
}

shape!(Monetize: types::MonetizeAction { price_multiplier(ours) });

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn actions_come_back_as_they_were() -> Result<(), Box<dyn std::error::Error>> {
        let plain = json!({ "custom_request_handling": { "insert_headers": [] } });
        let refused = json!({ "custom_response": { "response_code": 403, "response_headers": [] } });
        for (stated, live) in [
            (json!({ "allow": {} }), json!({ "allow": plain })),
            (json!({ "block": {} }), json!({ "block": refused })),
            (
                json!({ "block": { "custom_response": { "response_code": 429, "custom_response_body_key": "slow" } } }),
                json!({ "block": { "custom_response": {
                    "response_code": 429, "custom_response_body_key": "slow", "response_headers": []
                } } }),
            ),
            (
                json!({ "count": { "custom_request_handling": { "insert_headers": [{ "name": "a", "value": "b" }] } } }),
                json!({ "count": { "custom_request_handling": { "insert_headers": [{ "name": "a", "value": "b" }] } } }),
            ),
        ] {
            let action: RuleAction = serde_json::from_value(stated)?;
            let back: Json = serde_json::to_value(RuleAction::from_sdk(action.to_sdk()?))?;
            assert_eq!(back, live);
        }
        Ok(())
    }

    #[test]
    fn what_aws_does_by_itself_is_not_asked_for() -> Result<(), Box<dyn std::error::Error>> {
        let action = DefaultAction { block: Some(Block::default()), ..DefaultAction::default() };
        let sdk = action.to_sdk()?;
        assert_eq!(sdk.block, Some(types::BlockAction::builder().build()));
        Ok(())
    }
}
