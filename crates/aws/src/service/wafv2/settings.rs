//! What a web ACL has beside its rules.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_wafv2::types;
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::Chosen;
use crate::shape::{Shape, shape, texts};

texts!(
    types::BlockchainChain,
    types::CryptoCurrency,
    types::CurrencyMode,
    types::DataProtectionAction,
    types::FieldToProtectType,
    types::LowReputationMode,
    types::ResponseContentType,
    types::SizeInspectionLimit,
);

/// What is measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VisibilityConfig {
    /// Whether some of the requests are kept to be looked at.
    pub sampled_requests_enabled: bool,
    /// Whether CloudWatch gets metrics.
    pub cloud_watch_metrics_enabled: bool,
    /// Name of the metric: up to 128 letters, digits and `-_`; not `All` nor `Default_Action`.
    pub metric_name: String,
}

shape!(VisibilityConfig: types::VisibilityConfig {
    sampled_requests_enabled = set_sampled_requests_enabled,
    cloud_watch_metrics_enabled = set_cloud_watch_metrics_enabled, metric_name = set_metric_name,
});

/// For how long a proof holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Immunity {
    /// The time.
    pub immunity_time_property: ImmunityTime,
}

shape!(Immunity: types::CaptchaConfig { immunity_time_property(ours) });
shape!(Immunity: types::ChallengeConfig { immunity_time_property(ours) });

/// A time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImmunityTime {
    /// Seconds; AWS's default is 300.
    #[schemars(range(min = 60, max = 259_200))]
    pub immunity_time: i64,
}

shape!(ImmunityTime: types::ImmunityTimeProperty { immunity_time = set_immunity_time });

/// A body that refused requests are answered with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomResponseBody {
    /// What it is.
    #[schemars(extend("enum" = ["TEXT_PLAIN", "TEXT_HTML", "APPLICATION_JSON"]))]
    pub content_type: String,
    /// The body, up to 4 KB.
    pub content: String,
}

shape!(CustomResponseBody: types::CustomResponseBody { content_type = set_content_type, content = set_content });

impl Shape<HashMap<String, types::CustomResponseBody>> for BTreeMap<String, CustomResponseBody> {
    fn to_sdk(&self) -> Result<HashMap<String, types::CustomResponseBody>, BuildError> {
        self.iter().map(|(key, body)| Ok((key.clone(), body.to_sdk()?))).collect()
    }

    fn from_sdk(sdk: HashMap<String, types::CustomResponseBody>) -> Self {
        sdk.into_iter().map(|(key, body)| (key, Shape::from_sdk(body))).collect()
    }
}

/// What depends on the sort of resource that is guarded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssociationConfig {
    /// How much of a body is looked at, by the sort of resource: `CLOUDFRONT`, `API_GATEWAY`,
    /// `COGNITO_USER_POOL`, `APP_RUNNER_SERVICE`, `VERIFIED_ACCESS_INSTANCE` or `AGENTCORE_GATEWAY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<BTreeMap<String, RequestBody>>,
    /// Whether the script that answers challenges is put into pages, with `CLOUDFRONT: true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge_javascript_sdk_injection: Option<BTreeMap<String, Chosen>>,
}

shape!(AssociationConfig: types::AssociationConfig { request_body, challenge_javascript_sdk_injection });

/// How much of a body is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestBody {
    /// So many kilobytes; more than `KB_16` are billed.
    #[schemars(extend("enum" = ["KB_16", "KB_32", "KB_48", "KB_64"]))]
    pub default_size_inspection_limit: String,
}

shape!(RequestBody: types::RequestBodyAssociatedResourceTypeConfig {
    default_size_inspection_limit = set_default_size_inspection_limit,
});

macro_rules! by_resource {
    ($own:ty: $sdk:ty) => {
        impl Shape<HashMap<types::AssociatedResourceType, $sdk>> for BTreeMap<String, $own> {
            fn to_sdk(&self) -> Result<HashMap<types::AssociatedResourceType, $sdk>, BuildError> {
                self.iter().map(|(key, value)| Ok((key.as_str().into(), value.to_sdk()?))).collect()
            }

            fn from_sdk(sdk: HashMap<types::AssociatedResourceType, $sdk>) -> Self {
                sdk.into_iter().map(|(key, value)| (key.as_str().to_owned(), Shape::from_sdk(value))).collect()
            }
        }
    };
}

by_resource!(RequestBody: types::RequestBodyAssociatedResourceTypeConfig);
by_resource!(Chosen: types::ChallengeJavascriptSdkInjectionConfig);

/// What is kept out of logs and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataProtectionConfig {
    /// Parts of requests, up to 25.
    pub data_protections: Vec<DataProtection>,
}

shape!(DataProtectionConfig: types::DataProtectionConfig { data_protections = set_data_protections });

/// A part of requests that is kept out of logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataProtection {
    /// Which part.
    pub field: FieldToProtect,
    /// Whether a hash or a fixed word stands for it.
    #[schemars(extend("enum" = ["HASH", "SUBSTITUTION"]))]
    pub action: String,
    /// Whether what a rule found is told all the same.
    #[serde(default)]
    pub exclude_rule_match_details: bool,
    /// Whether what makes requests one of a kind is told all the same.
    #[serde(default)]
    pub exclude_rate_based_details: bool,
}

shape!(DataProtection: types::DataProtection {
    field(ours), action = set_action, exclude_rule_match_details = set_exclude_rule_match_details,
    exclude_rate_based_details = set_exclude_rate_based_details,
});

/// A part of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldToProtect {
    /// Which sort.
    #[schemars(extend("enum" = ["SINGLE_HEADER", "SINGLE_COOKIE", "SINGLE_QUERY_ARGUMENT", "QUERY_STRING", "BODY"]))]
    pub field_type: String,
    /// Names; all, if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_keys: Option<Vec<String>>,
}

shape!(FieldToProtect: types::FieldToProtect { field_type = set_field_type, field_keys });

/// How load balancers guard themselves against attacks by sheer number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnSourceDdosProtection {
    /// Whether they turn away sources of low repute always, or under attack (AWS's default).
    #[schemars(extend("enum" = ["ACTIVE_UNDER_DDOS", "ALWAYS_ON"]))]
    pub alb_low_reputation_mode: String,
}

shape!(OnSourceDdosProtection: types::OnSourceDDoSProtectionConfig {
    alb_low_reputation_mode = set_alb_low_reputation_mode,
});

/// What the console knows of the application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationConfig {
    /// Attributes, up to ten.
    pub attributes: Vec<ApplicationAttribute>,
}

shape!(ApplicationConfig: types::ApplicationConfig { attributes(ours) });

/// An attribute of the application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationAttribute {
    /// Its name.
    pub name: String,
    /// Its values, up to ten.
    pub values: Vec<String>,
}

shape!(ApplicationAttribute: types::ApplicationAttribute { name(ours), values(ours) });

/// What clients pay that a rule with `monetize` is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonetizationConfig {
    /// Whether the money is real.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["REAL", "TEST"]))]
    pub currency_mode: Option<String>,
    /// Where it goes.
    pub crypto_config: CryptoConfig,
}

shape!(MonetizationConfig: types::MonetizationConfig { currency_mode, crypto_config(ours) });

/// Where the money goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CryptoConfig {
    /// The networks that may be paid over.
    pub payment_networks: Vec<PaymentNetwork>,
}

shape!(CryptoConfig: types::CryptoConfig { payment_networks = set_payment_networks });

/// A network that may be paid over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentNetwork {
    /// Its chain, as AWS names it.
    pub chain: String,
    /// The wallet.
    pub wallet_address: String,
    /// Prices.
    pub prices: Vec<Price>,
}

shape!(PaymentNetwork: types::PaymentNetwork {
    chain = set_chain, wallet_address = set_wallet_address, prices = set_prices,
});

/// A price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// How much.
    pub amount: String,
    /// Of what, as AWS names it.
    pub currency: String,
}

shape!(Price: types::Price { amount = set_amount, currency = set_currency });
