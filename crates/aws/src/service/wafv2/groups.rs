//! Rule groups, AWS's own and others, and what may be told to them.

use aws_sdk_wafv2::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::actions::RuleAction;
use super::fields::Name;
use super::statements::Nested;
use crate::shape::{shape, texts};

texts!(types::InspectionLevel, types::PayloadType, types::SensitivityToAct, types::UsageOfAction);

/// A rule group that AWS or a vendor maintains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManagedRuleGroup {
    /// Whose it is, such as `AWS`.
    pub vendor_name: String,
    /// Its name, such as `AWSManagedRulesCommonRuleSet`.
    pub name: String,
    /// Its version; the vendor's default, if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Which requests it looks at; all, if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_down_statement: Option<Nested>,
    /// Rules that do something else than they say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_action_overrides: Option<Vec<RuleActionOverride>>,
    /// Rules that only count; `rule_action_overrides` has taken its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_rules: Option<Vec<Name>>,
    /// What is told to groups that have to know more, each in an item of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_rule_group_configs: Option<Vec<ManagedRuleGroupConfig>>,
}

shape!(ManagedRuleGroup: types::ManagedRuleGroupStatement {
    vendor_name = set_vendor_name, name = set_name, version, scope_down_statement, rule_action_overrides,
    excluded_rules, managed_rule_group_configs,
});

/// A rule group of one's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleGroupReference {
    /// ARN of the rule group.
    pub arn: String,
    /// Rules that do something else than they say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_action_overrides: Option<Vec<RuleActionOverride>>,
    /// Rules that only count; `rule_action_overrides` has taken its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_rules: Option<Vec<Name>>,
}

shape!(RuleGroupReference: types::RuleGroupReferenceStatement {
    arn = set_arn, rule_action_overrides, excluded_rules,
});

/// A rule of a group that does something else than it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleActionOverride {
    /// Name of the rule.
    pub name: String,
    /// What it does.
    pub action_to_use: RuleAction,
}

shape!(RuleActionOverride: types::RuleActionOverride { name = set_name, action_to_use(ours) });

/// What is told to one sort of managed rule group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManagedRuleGroupConfig {
    /// To `AWSManagedRulesBotControlRuleSet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_managed_rules_bot_control_rule_set: Option<BotControl>,
    /// To `AWSManagedRulesATPRuleSet`, which guards log-ins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_managed_rules_atp_rule_set: Option<AccountTakeover>,
    /// To `AWSManagedRulesACFPRuleSet`, which guards registrations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_managed_rules_acfp_rule_set: Option<AccountCreation>,
    /// To `AWSManagedRulesAntiDDoSRuleSet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_managed_rules_anti_d_do_s_rule_set: Option<AntiDdos>,
}

shape!(ManagedRuleGroupConfig: types::ManagedRuleGroupConfig {
    aws_managed_rules_bot_control_rule_set, aws_managed_rules_atp_rule_set, aws_managed_rules_acfp_rule_set,
    aws_managed_rules_anti_d_do_s_rule_set,
});

/// How closely bots are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BotControl {
    /// Whether those that say what they are (`COMMON`), or those that do not as well.
    #[schemars(extend("enum" = ["COMMON", "TARGETED"]))]
    pub inspection_level: String,
    /// Whether those that act together too, with `TARGETED`; `true` by default.
    #[serde(default = "yes")]
    pub enable_machine_learning: bool,
}

fn yes() -> bool {
    true
}

shape!(BotControl: types::AwsManagedRulesBotControlRuleSet {
    inspection_level = set_inspection_level, enable_machine_learning = set_enable_machine_learning,
});

/// What a log-in looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountTakeover {
    /// Path of the log-in.
    pub login_path: String,
    /// What is sent there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_inspection: Option<RequestInspection>,
    /// What comes back. CloudFront only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_inspection: Option<ResponseInspection>,
    /// Whether the path is a regular expression.
    #[serde(default)]
    pub enable_regex_in_path: bool,
}

shape!(AccountTakeover: types::AwsManagedRulesAtpRuleSet {
    login_path = set_login_path, request_inspection, response_inspection,
    enable_regex_in_path = set_enable_regex_in_path,
});

/// What a registration looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountCreation {
    /// Path a registration is sent to.
    pub creation_path: String,
    /// Path of the page with the form.
    pub registration_page_path: String,
    /// What is sent.
    pub request_inspection: RequestInspectionAcfp,
    /// What comes back. CloudFront only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_inspection: Option<ResponseInspection>,
    /// Whether the paths are regular expressions.
    #[serde(default)]
    pub enable_regex_in_path: bool,
}

shape!(AccountCreation: types::AwsManagedRulesAcfpRuleSet {
    creation_path = set_creation_path, registration_page_path = set_registration_page_path, request_inspection(ours),
    response_inspection, enable_regex_in_path = set_enable_regex_in_path,
});

/// Where something is in a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// A JSON pointer such as `/form/username`, or the name of a form's field.
    pub identifier: String,
}

shape!(Identifier: types::UsernameField { identifier = set_identifier });
shape!(Identifier: types::PasswordField { identifier = set_identifier });
shape!(Identifier: types::EmailField { identifier = set_identifier });
shape!(Identifier: types::PhoneNumberField { identifier = set_identifier });
shape!(Identifier: types::AddressField { identifier = set_identifier });

/// Where a log-in has what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestInspection {
    /// How it is written.
    #[schemars(extend("enum" = ["JSON", "FORM_ENCODED"]))]
    pub payload_type: String,
    /// The user's name.
    pub username_field: Identifier,
    /// The password.
    pub password_field: Identifier,
}

shape!(RequestInspection: types::RequestInspection {
    payload_type = set_payload_type, username_field(ours), password_field(ours),
});

/// Where a registration has what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestInspectionAcfp {
    /// How it is written.
    #[schemars(extend("enum" = ["JSON", "FORM_ENCODED"]))]
    pub payload_type: String,
    /// The user's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username_field: Option<Identifier>,
    /// The password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_field: Option<Identifier>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_field: Option<Identifier>,
    /// Telephone numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_fields: Option<Vec<Identifier>>,
    /// Parts of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_fields: Option<Vec<Identifier>>,
}

shape!(RequestInspectionAcfp: types::RequestInspectionAcfp {
    payload_type = set_payload_type, username_field, password_field, email_field, phone_number_fields, address_fields,
});

/// How an answer tells that it went well: one of the four.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseInspection {
    /// By its status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<StatusCodes>,
    /// By a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderValues>,
    /// By what is in its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<BodyStrings>,
    /// By a value in its JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonValues>,
}

shape!(ResponseInspection: types::ResponseInspection { status_code, header, body_contains, json });

/// Statuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusCodes {
    /// It went well.
    pub success_codes: Vec<i32>,
    /// It failed.
    pub failure_codes: Vec<i32>,
}

shape!(StatusCodes: types::ResponseInspectionStatusCode {
    success_codes = set_success_codes, failure_codes = set_failure_codes,
});

/// A header's values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderValues {
    /// The header.
    pub name: String,
    /// It went well.
    pub success_values: Vec<String>,
    /// It failed.
    pub failure_values: Vec<String>,
}

shape!(HeaderValues: types::ResponseInspectionHeader {
    name = set_name, success_values = set_success_values, failure_values = set_failure_values,
});

/// Parts of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyStrings {
    /// It went well.
    pub success_strings: Vec<String>,
    /// It failed.
    pub failure_strings: Vec<String>,
}

shape!(BodyStrings: types::ResponseInspectionBodyContains {
    success_strings = set_success_strings, failure_strings = set_failure_strings,
});

/// Values in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonValues {
    /// A JSON pointer to the value.
    pub identifier: String,
    /// It went well.
    pub success_values: Vec<String>,
    /// It failed.
    pub failure_values: Vec<String>,
}

shape!(JsonValues: types::ResponseInspectionJson {
    identifier = set_identifier, success_values = set_success_values, failure_values = set_failure_values,
});

/// How an attack by sheer number is met.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AntiDdos {
    /// How browsers are challenged meanwhile.
    pub client_side_action_config: ClientSideActionConfig,
    /// How soon a request is blocked; `LOW` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["LOW", "MEDIUM", "HIGH"]))]
    pub sensitivity_to_block: Option<String>,
}

shape!(AntiDdos: types::AwsManagedRulesAntiDDoSRuleSet { client_side_action_config(ours), sensitivity_to_block });

/// How browsers are challenged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientSideActionConfig {
    /// The silent challenge.
    pub challenge: ClientSideAction,
}

shape!(ClientSideActionConfig: types::ClientSideActionConfig { challenge(ours) });

/// The silent challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientSideAction {
    /// Whether there is one.
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    pub usage_of_action: String,
    /// How soon; `HIGH` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["LOW", "MEDIUM", "HIGH"]))]
    pub sensitivity: Option<String>,
    /// Which paths cannot answer one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempt_uri_regular_expressions: Option<Vec<Regex>>,
}

shape!(ClientSideAction: types::ClientSideAction {
    usage_of_action = set_usage_of_action, sensitivity, exempt_uri_regular_expressions,
});

/// A regular expression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Regex {
    /// The expression.
    pub regex_string: String,
}

shape!(Regex: types::Regex { regex_string(ours) });
