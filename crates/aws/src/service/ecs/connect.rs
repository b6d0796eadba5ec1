//! How the tasks of a service find each other: Service Connect, VPC Lattice and gateways; and how closely
//! they are watched.

use std::collections::BTreeSet;

use aws_sdk_ecs::types;
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::containers::LogConfiguration;
use crate::shape::{Shape, shape, texts};

texts!(
    types::AccessType,
    types::GatewayConnectorHealthCheckProtocol,
    types::ServiceConnectAccessLoggingFormat,
    types::ServiceConnectContainerLogLevel,
    types::ServiceConnectIncludeQueryParameters,
);

/// How the service takes part in Service Connect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectConfiguration {
    /// Whether it does.
    pub enabled: bool,
    /// Name or ARN of the Cloud Map namespace; left out, the cluster's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What it offers; none for a service that only uses others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<BTreeSet<ServiceConnectService>>,
    /// Where the output of the proxy goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// Whether and how the proxy logs requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_log_configuration: Option<ServiceConnectAccessLogConfiguration>,
    /// Settings of the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_configurations: Option<BTreeSet<ServiceConnectContainerConfiguration>>,
}

shape!(ServiceConnectConfiguration: types::ServiceConnectConfiguration {
    enabled = set_enabled, namespace, services, log_configuration, access_log_configuration,
    container_configurations,
});

/// A port that is offered to others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectService {
    /// Its name in the `port_mappings` of the task definition.
    pub port_name: String,
    /// Its name in Cloud Map; left out, the port's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery_name: Option<String>,
    /// Names and ports by which others reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_aliases: Option<BTreeSet<ServiceConnectClientAlias>>,
    /// The port the proxy listens on; left out, one that AWS chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 65_535))]
    pub ingress_port_override: Option<i32>,
    /// When the proxy gives up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<TimeoutConfiguration>,
    /// Certificates of the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServiceConnectTlsConfiguration>,
}

shape!(ServiceConnectService: types::ServiceConnectService {
    port_name = set_port_name, discovery_name, client_aliases, ingress_port_override, timeout, tls,
});

/// A name and port by which others reach a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectClientAlias {
    /// The port.
    #[schemars(range(min = 0, max = 65_535))]
    pub port: i32,
    /// The name; left out, `discovery_name.namespace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<String>,
    /// Which requests are tests of a blue/green deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_traffic_rules: Option<ServiceConnectTestTrafficRules>,
}

shape!(ServiceConnectClientAlias: types::ServiceConnectClientAlias { port = set_port, dns_name, test_traffic_rules });

/// Which requests are tests of a blue/green deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectTestTrafficRules {
    /// Those with a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<ServiceConnectTestTrafficHeaderRules>,
}

shape!(ServiceConnectTestTrafficRules: types::ServiceConnectTestTrafficRules { header });

/// The header of tests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectTestTrafficHeaderRules {
    /// Its name.
    pub name: String,
    /// Its value; left out, any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<ServiceConnectTestTrafficHeaderMatchRules>,
}

shape!(ServiceConnectTestTrafficHeaderRules: types::ServiceConnectTestTrafficHeaderRules { name = set_name, value });

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectTestTrafficHeaderMatchRules {
    /// The whole of it.
    pub exact: String,
}

shape!(ServiceConnectTestTrafficHeaderMatchRules: types::ServiceConnectTestTrafficHeaderMatchRules {
    exact = set_exact,
});

/// When the proxy gives up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeoutConfiguration {
    /// Seconds without traffic, 0 for never; AWS's default is 300, and 3600 for TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_seconds: Option<i32>,
    /// Seconds for an answer, 0 for no limit; AWS's default is 15. Not for TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_request_timeout_seconds: Option<i32>,
}

shape!(TimeoutConfiguration: types::TimeoutConfiguration { idle_timeout_seconds, per_request_timeout_seconds });

/// Certificates of the proxy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectTlsConfiguration {
    /// Who signs them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_certificate_authority: Option<ServiceConnectTlsCertificateAuthority>,
    /// The KMS key for their private keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// ARN of the role that lets Service Connect have them signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
}

shape!(ServiceConnectTlsConfiguration: types::ServiceConnectTlsConfiguration {
    issuer_certificate_authority, kms_key, role_arn,
});

/// Who signs the certificates of the proxy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectTlsCertificateAuthority {
    /// ARN of the private certificate authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_pca_authority_arn: Option<String>,
}

shape!(ServiceConnectTlsCertificateAuthority: types::ServiceConnectTlsCertificateAuthority { aws_pca_authority_arn });

/// How the proxy logs requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectAccessLogConfiguration {
    /// As text or as JSON.
    #[schemars(extend("enum" = ["TEXT", "JSON"]))]
    pub format: String,
    /// Whether with query parameters; AWS's default is `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["DISABLED", "ENABLED"]))]
    pub include_query_parameters: Option<String>,
}

shape!(ServiceConnectAccessLogConfiguration: types::ServiceConnectAccessLogConfiguration {
    format = set_format, include_query_parameters,
});

/// A setting of the proxy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectContainerConfiguration {
    /// How much it logs; AWS's default is `info`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["debug", "info"]))]
    pub log_level: Option<String>,
}

impl Shape<types::ServiceConnectContainerConfiguration> for ServiceConnectContainerConfiguration {
    fn to_sdk(&self) -> Result<types::ServiceConnectContainerConfiguration, BuildError> {
        match &self.log_level {
            Some(level) => Ok(types::ServiceConnectContainerConfiguration::LogLevel(level.to_sdk()?)),
            None => Err(BuildError::missing_field("log_level", "it is the one setting there is")),
        }
    }

    fn from_sdk(sdk: types::ServiceConnectContainerConfiguration) -> Self {
        match sdk {
            types::ServiceConnectContainerConfiguration::LogLevel(level) => {
                Self { log_level: Some(Shape::from_sdk(level)) }
            }
            _ => Self { log_level: None },
        }
    }
}

/// A VPC Lattice target group that the tasks are registered with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VpcLatticeConfiguration {
    /// ARN of the role that lets ECS register them.
    pub role_arn: String,
    /// ARN of the target group.
    pub target_group_arn: String,
    /// Name of the port in the task definition.
    pub port_name: String,
    /// What a blue/green deployment moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advanced_configuration: Option<VpcLatticeAdvancedConfiguration>,
}

shape!(VpcLatticeConfiguration: types::VpcLatticeConfiguration {
    role_arn = set_role_arn, target_group_arn = set_target_group_arn, port_name = set_port_name,
    advanced_configuration,
});

/// What a blue/green deployment moves in VPC Lattice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VpcLatticeAdvancedConfiguration {
    /// ARN of the other target group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate_target_group_arn: Option<String>,
    /// ARN of the listener rule that production traffic comes by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub production_listener_rule: Option<String>,
    /// ARN of the listener rule that test traffic comes by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_listener_rule: Option<String>,
}

shape!(VpcLatticeAdvancedConfiguration: types::VpcLatticeAdvancedConfiguration {
    alternate_target_group_arn, production_listener_rule, test_listener_rule,
});

/// A port that a gateway of ECS can send traffic to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayConnector {
    /// Its name in the task definition.
    pub port_name: String,
    /// How the gateway tells whether a task is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<GatewayConnectorHealthCheck>,
    /// Which gateways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<GatewayConnectorFilters>,
}

shape!(GatewayConnector: types::GatewayConnector { port_name = set_port_name, health_check, filters });

/// How a gateway tells whether a task is well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayConnectorHealthCheck {
    /// The protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["HTTP", "HTTPS"]))]
    pub health_check_protocol: Option<String>,
    /// The port; left out, that of the traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_port: Option<i32>,
    /// The path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_path: Option<String>,
    /// Seconds a check may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_timeout_seconds: Option<i32>,
    /// Seconds from one check to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_interval_seconds: Option<i32>,
    /// How many good checks in a row make a task well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy_threshold_count: Option<i32>,
    /// How many bad checks in a row make it unwell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unhealthy_threshold_count: Option<i32>,
    /// Which answers are good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<GatewayConnectorHealthCheckMatcher>,
}

shape!(GatewayConnectorHealthCheck: types::GatewayConnectorHealthCheck {
    health_check_protocol, health_check_port, health_check_path, health_check_timeout_seconds,
    health_check_interval_seconds, healthy_threshold_count, unhealthy_threshold_count, matcher,
});

/// Which answers are good.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayConnectorHealthCheckMatcher {
    /// HTTP statuses, such as `200` or `200-299`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_code: Option<String>,
    /// gRPC statuses, such as `0` or `0-99`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_code: Option<String>,
}

shape!(GatewayConnectorHealthCheckMatcher: types::GatewayConnectorHealthCheckMatcher { http_code, grpc_code });

/// Which gateways may send traffic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayConnectorFilters {
    /// `PUBLIC` ones, `PRIVATE` ones or both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_types: Option<BTreeSet<String>>,
}

shape!(GatewayConnectorFilters: types::GatewayConnectorFilters { access_types });

/// How closely the service is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitoringConfiguration {
    /// Metrics that come more often than once a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_configurations: Option<BTreeSet<MetricConfiguration>>,
}

shape!(MonitoringConfiguration: types::MonitoringConfiguration { metric_configurations });

/// Metrics that come more often than once a minute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricConfiguration {
    /// Their names.
    pub metric_names: BTreeSet<String>,
    /// Seconds from one value to the next.
    #[schemars(range(min = 20, max = 60))]
    pub resolution_seconds: i32,
}

shape!(MetricConfiguration: types::MetricConfiguration {
    metric_names = set_metric_names, resolution_seconds = set_resolution_seconds,
});
