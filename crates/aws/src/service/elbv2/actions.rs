//! What a listener or a rule does with a request.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types;
use aws_smithy_types::error::operation::BuildError;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Op;
use crate::kind::{Result, fault};
use crate::kinds::elbv2::target_group::TargetGroup;
use crate::shape::{Shape, shape, texts, to_sdk};
use crate::types::{Ref, Secret};

texts!(
    types::AuthenticateCognitoActionConditionalBehaviorEnum,
    types::AuthenticateOidcActionConditionalBehaviorEnum,
    types::JwtValidationActionAdditionalClaimFormatEnum,
    types::RedirectActionStatusCodeEnum,
);

/// One thing that is done with a request. The last of a list is a `forward`, a `redirect` or a
/// `fixed-response`; those before it authenticate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What is done; the configuration of that name says how.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = [
        "forward", "redirect", "fixed-response", "authenticate-cognito", "authenticate-oidc", "jwt-validation"
    ]))]
    pub kind: String,
    /// Its turn among several, which are listed in that order; left out, its place in the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50_000))]
    pub order: Option<i32>,
    /// ARN of the only target group of a `forward`, in the place of `forward_config`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group_arn: Option<Ref<TargetGroup>>,
    /// The target groups of a `forward`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_config: Option<ForwardConfig>,
    /// Where a `redirect` leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_config: Option<RedirectConfig>,
    /// The answer of a `fixed-response`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_response_config: Option<FixedResponseConfig>,
    /// The user pool of an `authenticate-cognito`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticate_cognito_config: Option<AuthenticateCognitoConfig>,
    /// The identity provider of an `authenticate-oidc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticate_oidc_config: Option<AuthenticateOidcConfig>,
    /// What a `jwt-validation` asks of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_validation_config: Option<JwtValidationConfig>,
}

/// Target groups that share the requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForwardConfig {
    /// Up to five target groups.
    pub target_groups: Vec<TargetGroupTuple>,
    /// Whether a client stays with its target group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group_stickiness_config: Option<TargetGroupStickinessConfig>,
}

shape!(ForwardConfig: types::ForwardActionConfig { target_groups(ours), target_group_stickiness_config });

/// A target group and its share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetGroupTuple {
    /// ARN of the target group.
    pub target_group_arn: Ref<TargetGroup>,
    /// Its share, in proportion to the others; AWS's default is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 999))]
    pub weight: Option<i32>,
}

impl Shape<types::TargetGroupTuple> for TargetGroupTuple {
    fn to_sdk(&self) -> Result<types::TargetGroupTuple, BuildError> {
        let tuple = types::TargetGroupTuple::builder().target_group_arn(self.target_group_arn.as_str());
        Ok(tuple.set_weight(self.weight).build())
    }

    fn from_sdk(sdk: types::TargetGroupTuple) -> Self {
        Self { target_group_arn: sdk.target_group_arn.unwrap_or_default().into(), weight: sdk.weight }
    }
}

/// Whether a client stays with its target group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetGroupStickinessConfig {
    /// Whether it does.
    pub enabled: bool,
    /// For how many seconds; up to a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 604_800))]
    pub duration_seconds: Option<i32>,
}

shape!(TargetGroupStickinessConfig: types::TargetGroupStickinessConfig { enabled(ours), duration_seconds });

/// Where a redirect leads. Each part may hold `#{protocol}`, `#{host}`, `#{port}`, `#{path}` and
/// `#{query}`, what the request had; what is left out stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedirectConfig {
    /// `HTTP`, `HTTPS` or `#{protocol}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// A port, or `#{port}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// Host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Path, with a slash before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Query, without the `?`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Whether for good (301) or for now (302).
    #[schemars(extend("enum" = ["HTTP_301", "HTTP_302"]))]
    pub status_code: String,
}

shape!(RedirectConfig: types::RedirectActionConfig { protocol, port, host, path, query, status_code(ours) });

/// An answer that needs no target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedResponseConfig {
    /// Status, such as `503`: of the two, four or five hundreds.
    #[schemars(regex(pattern = "^[245][0-9][0-9]$"))]
    pub status_code: String,
    /// What the body is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [
        "text/plain", "text/css", "text/html", "application/javascript", "application/json"
    ]))]
    pub content_type: Option<String>,
    /// Body, up to 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_body: Option<String>,
}

shape!(FixedResponseConfig: types::FixedResponseActionConfig { status_code(ours), content_type, message_body });

/// Users of a Cognito user pool are let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthenticateCognitoConfig {
    /// ARN of the user pool.
    pub user_pool_arn: String,
    /// Id of the user pool's client.
    pub user_pool_client_id: String,
    /// The user pool's domain: its prefix, or the whole name.
    pub user_pool_domain: String,
    /// Cookie that holds the session; `AWSELBAuthSessionCookie` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_cookie_name: Option<String>,
    /// Claims to ask for; `openid` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// For how many seconds a session holds; AWS's default is a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_timeout: Option<i64>,
    /// Further parameters of the authorisation request, up to ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_request_extra_params: Option<BTreeMap<String, String>>,
    /// What becomes of others; `authenticate` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["deny", "allow", "authenticate"]))]
    pub on_unauthenticated_request: Option<String>,
}

shape!(AuthenticateCognitoConfig: types::AuthenticateCognitoActionConfig {
    user_pool_arn(ours), user_pool_client_id(ours), user_pool_domain(ours), session_cookie_name, scope,
    session_timeout, authentication_request_extra_params, on_unauthenticated_request,
});

/// Users of an OpenID Connect provider are let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthenticateOidcConfig {
    /// The provider's issuer, a URL.
    pub issuer: String,
    /// The provider's authorisation endpoint, a URL.
    pub authorization_endpoint: String,
    /// The provider's token endpoint, a URL.
    pub token_endpoint: String,
    /// The provider's user info endpoint, a URL.
    pub user_info_endpoint: String,
    /// The client's id.
    pub client_id: String,
    /// The client's secret. Left out, the one that AWS has stays. AWS never tells it: after an import it is set
    /// again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub client_secret: Option<Secret>,
    /// Cookie that holds the session; `AWSELBAuthSessionCookie` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_cookie_name: Option<String>,
    /// Claims to ask for; `openid` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// For how many seconds a session holds; AWS's default is a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_timeout: Option<i64>,
    /// Further parameters of the authorisation request, up to ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_request_extra_params: Option<BTreeMap<String, String>>,
    /// What becomes of others; `authenticate` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["deny", "allow", "authenticate"]))]
    pub on_unauthenticated_request: Option<String>,
}

/// Requests with a valid token are let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwtValidationConfig {
    /// URL of the keys that tokens are signed with.
    pub jwks_endpoint: String,
    /// The tokens' issuer.
    pub issuer: String,
    /// What else a token has to claim, up to ten; `exp`, `iss`, `nbf` and `iat` are always looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_claims: Option<Vec<AdditionalClaim>>,
}

shape!(JwtValidationConfig: types::JwtValidationActionConfig {
    jwks_endpoint(ours), issuer(ours), additional_claims,
});

/// A claim that a token has to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdditionalClaim {
    /// How the claim's value is written.
    #[schemars(extend("enum" = ["single-string", "string-array", "space-separated-values"]))]
    pub format: String,
    /// Name of the claim.
    pub name: String,
    /// Values, up to ten.
    pub values: Vec<String>,
}

shape!(AdditionalClaim: types::JwtValidationActionAdditionalClaim { format(ours), name(ours), values(ours) });

/// The actions as the API takes them: several are told their order.
///
/// # Errors
/// When a secret is not known here.
pub(crate) fn request(actions: &[Action], operation: &str) -> Result<Vec<types::Action>> {
    let is_several = actions.len() > 1;
    let request = |(place, action): (i32, &Action)| action.request(is_several.then_some(place), operation);
    (1..).zip(actions).map(request).collect()
}

/// The actions AWS reports. Of a secret it tells nothing: it is the one last `applied`.
pub(crate) fn live(actions: Option<Vec<types::Action>>, applied: &[Action]) -> Vec<Action> {
    let mut live: Vec<Action> = actions.into_iter().flatten().map(Action::from_live).collect();
    for (action, applied) in live.iter_mut().zip(applied) {
        if let (Some(oidc), Some(applied)) = (&mut action.authenticate_oidc_config, &applied.authenticate_oidc_config)
            && oidc.client_id == applied.client_id
        {
            oidc.client_secret.clone_from(&applied.client_secret);
        }
    }
    live
}

/// What AWS asks of the actions in `field`.
pub(crate) fn check(actions: &[Action], field: &str) -> Vec<FieldError> {
    let is_last = |action: &Action| matches!(action.kind.as_str(), "forward" | "redirect" | "fixed-response");
    let ends = actions.iter().filter(|action| is_last(action)).count();
    if ends != 1 || !actions.last().is_some_and(is_last) {
        return vec![fault(field, "exactly one action is a forward, a redirect or a fixed-response: the last")];
    }
    actions.iter().filter_map(|action| action.check(field)).collect()
}

impl Action {
    /// The configuration of another type, or that which is missing.
    fn check(&self, field: &str) -> Option<FieldError> {
        if self.target_group_arn.is_some() && self.forward_config.is_some() {
            return Some(fault(field, "a forward states `target_group_arn` or `forward_config`, not both"));
        }
        let is_forward = self.target_group_arn.is_some() || self.forward_config.is_some();
        let parts = [
            ("forward", "target_group_arn` or `forward_config", is_forward),
            ("redirect", "redirect_config", self.redirect_config.is_some()),
            ("fixed-response", "fixed_response_config", self.fixed_response_config.is_some()),
            ("authenticate-cognito", "authenticate_cognito_config", self.authenticate_cognito_config.is_some()),
            ("authenticate-oidc", "authenticate_oidc_config", self.authenticate_oidc_config.is_some()),
            ("jwt-validation", "jwt_validation_config", self.jwt_validation_config.is_some()),
        ];
        let (kind, part, is_stated) = parts.into_iter().find(|(kind, _, stated)| (self.kind == *kind) != *stated)?;
        Some(match is_stated {
            true => fault(field, format!("an action of the type `{}` has no `{part}`", self.kind)),
            false => fault(field, format!("an action of the type `{kind}` needs `{part}`")),
        })
    }

    fn request(&self, place: Option<i32>, operation: &str) -> Result<types::Action> {
        let oidc = self.authenticate_oidc_config.as_ref().map(|oidc| oidc.request(operation)).transpose()?;
        let cognito = to_sdk(self.authenticate_cognito_config.as_ref()).op(operation)?;
        Ok(types::Action::builder()
            .r#type(types::ActionTypeEnum::from(self.kind.as_str()))
            .set_order(self.order.or(place))
            .set_target_group_arn(self.target_group_arn.clone().map(String::from))
            .set_forward_config(to_sdk(self.forward_config.as_ref()).op(operation)?)
            .set_redirect_config(to_sdk(self.redirect_config.as_ref()).op(operation)?)
            .set_fixed_response_config(to_sdk(self.fixed_response_config.as_ref()).op(operation)?)
            .set_authenticate_cognito_config(cognito)
            .set_authenticate_oidc_config(oidc)
            .set_jwt_validation_config(to_sdk(self.jwt_validation_config.as_ref()).op(operation)?)
            .build())
    }

    /// Of a single target group AWS tells in both forms: a spec states either.
    fn from_live(action: types::Action) -> Self {
        Self {
            kind: action.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            order: action.order,
            target_group_arn: action.target_group_arn.map(Ref::from),
            forward_config: action.forward_config.map(Shape::from_sdk),
            redirect_config: action.redirect_config.map(Shape::from_sdk),
            fixed_response_config: action.fixed_response_config.map(Shape::from_sdk),
            authenticate_cognito_config: action.authenticate_cognito_config.map(Shape::from_sdk),
            authenticate_oidc_config: action.authenticate_oidc_config.map(AuthenticateOidcConfig::from_live),
            jwt_validation_config: action.jwt_validation_config.map(Shape::from_sdk),
        }
    }
}

/// AWS never tells the secret.
impl AuthenticateOidcConfig {
    fn request(&self, operation: &str) -> Result<types::AuthenticateOidcActionConfig> {
        let secret = self.client_secret.as_ref().map(|secret| secret.known(operation)).transpose()?;
        let extra = to_sdk(self.authentication_request_extra_params.as_ref()).op(operation)?;
        let otherwise = to_sdk(self.on_unauthenticated_request.as_ref()).op(operation)?;
        Ok(types::AuthenticateOidcActionConfig::builder()
            .issuer(&self.issuer)
            .authorization_endpoint(&self.authorization_endpoint)
            .token_endpoint(&self.token_endpoint)
            .user_info_endpoint(&self.user_info_endpoint)
            .client_id(&self.client_id)
            .set_client_secret(secret.map(str::to_owned))
            .set_use_existing_client_secret(secret.is_none().then_some(true))
            .set_session_cookie_name(self.session_cookie_name.clone())
            .set_scope(self.scope.clone())
            .set_session_timeout(self.session_timeout)
            .set_authentication_request_extra_params(extra)
            .set_on_unauthenticated_request(otherwise)
            .build())
    }

    fn from_live(config: types::AuthenticateOidcActionConfig) -> Self {
        Self {
            issuer: config.issuer.unwrap_or_default(),
            authorization_endpoint: config.authorization_endpoint.unwrap_or_default(),
            token_endpoint: config.token_endpoint.unwrap_or_default(),
            user_info_endpoint: config.user_info_endpoint.unwrap_or_default(),
            client_id: config.client_id.unwrap_or_default(),
            client_secret: None,
            session_cookie_name: config.session_cookie_name,
            scope: config.scope,
            session_timeout: config.session_timeout,
            authentication_request_extra_params: config.authentication_request_extra_params.map(Shape::from_sdk),
            on_unauthenticated_request: config.on_unauthenticated_request.map(Shape::from_sdk),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    fn actions(json: Json) -> serde_json::Result<Vec<Action>> {
        serde_json::from_value(json)
    }

    #[test]
    fn actions_come_back_as_they_were() -> Outcome {
        for json in [
            json!([{ "type": "forward", "target_group_arn": "a" }]),
            json!([{ "type": "forward", "forward_config": {
                "target_groups": [
                    { "target_group_arn": "a", "weight": 9 }, { "target_group_arn": "b", "weight": 1 }
                ],
                "target_group_stickiness_config": { "enabled": true, "duration_seconds": 60 },
            } }]),
            json!([{ "type": "redirect", "redirect_config": {
                "protocol": "HTTPS", "port": "443", "host": "#{host}", "path": "/#{path}", "query": "#{query}",
                "status_code": "HTTP_301",
            } }]),
            json!([
                { "type": "authenticate-cognito", "order": 1, "authenticate_cognito_config": {
                    "user_pool_arn": "a", "user_pool_client_id": "b", "user_pool_domain": "c",
                    "session_timeout": 60, "authentication_request_extra_params": { "prompt": "login" },
                    "on_unauthenticated_request": "deny",
                } },
                { "type": "jwt-validation", "order": 2, "jwt_validation_config": {
                    "jwks_endpoint": "https://example.org/keys", "issuer": "example",
                    "additional_claims": [{ "format": "single-string", "name": "aud", "values": ["shop"] }],
                } },
                { "type": "fixed-response", "order": 3, "fixed_response_config": {
                    "status_code": "404", "content_type": "text/plain", "message_body": "not here",
                } },
            ]),
        ] {
            let stated = actions(json)?;
            assert_eq!(live(Some(request(&stated, "test")?), &[]), stated);
            assert_eq!(check(&stated, "actions"), Vec::new());
        }
        Ok(())
    }

    #[test]
    fn a_secret_is_the_one_last_applied() -> Outcome {
        let oidc = |secret: Json| {
            actions(json!([
                { "type": "authenticate-oidc", "authenticate_oidc_config": {
                    "issuer": "a", "authorization_endpoint": "b", "token_endpoint": "c", "user_info_endpoint": "d",
                    "client_id": "e", "client_secret": secret,
                } },
                { "type": "forward", "target_group_arn": "f" },
            ]))
        };
        let request = request(&oidc(json!("correct-horse"))?, "test")?;
        assert_eq!(request.iter().map(types::Action::order).collect::<Vec<_>>(), [Some(1), Some(2)]);
        let told = request[0].authenticate_oidc_config().and_then(types::AuthenticateOidcActionConfig::client_secret);
        assert_eq!(told, Some("correct-horse"));

        let applied = oidc(json!({ "$hash": "1234" }))?;
        let secret = |actions: &[Action]| actions[0].authenticate_oidc_config.clone().and_then(|it| it.client_secret);
        assert_eq!(secret(&live(Some(request.clone()), &applied)), secret(&applied));
        assert_eq!(secret(&live(Some(request), &[])), None);
        assert!(super::request(&applied, "test").is_err());
        Ok(())
    }

    #[test]
    fn what_an_action_needs_depends_on_its_type() -> Outcome {
        let forward = json!({ "type": "forward", "target_group_arn": "a" });
        let told = |json: Json| -> serde_json::Result<String> {
            Ok(check(&actions(json)?, "actions").into_iter().map(|error| error.message).collect())
        };
        let one = "exactly one action is a forward, a redirect or a fixed-response: the last";
        assert_eq!(told(json!([forward, forward]))?, one);
        assert_eq!(told(json!([forward, { "type": "jwt-validation" }]))?, one);
        assert_eq!(told(json!([]))?, one);
        assert_eq!(told(json!([{ "type": "redirect" }]))?, "an action of the type `redirect` needs `redirect_config`");
        let stray = json!([{ "type": "forward", "target_group_arn": "a", "fixed_response_config": {
            "status_code": "200"
        } }]);
        assert_eq!(told(stray)?, "an action of the type `forward` has no `fixed_response_config`");
        let both = json!([{ "type": "forward", "target_group_arn": "a", "forward_config": { "target_groups": [] } }]);
        assert_eq!(told(both)?, "a forward states `target_group_arn` or `forward_config`, not both");
        Ok(())
    }
}
