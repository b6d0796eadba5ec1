//! Attributes: settings that the API takes and gives as pairs of texts, and specs state as typed properties.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The attributes of one sort of resource. Those that are not stated are not managed.
pub(crate) trait Attributes: Sized {
    /// What is stated, as the API takes it.
    fn stated(&self) -> BTreeMap<&'static str, String>;

    /// What AWS reports. A key that is not known here is passed over.
    fn from_live(pairs: &BTreeMap<String, String>) -> Self;
}

/// What is stated and not so in `live`.
pub(crate) fn changes<A: Attributes>(stated: Option<&A>, live: Option<&A>) -> Vec<(&'static str, String)> {
    let live = live.map(Attributes::stated).unwrap_or_default();
    let stated = stated.map(Attributes::stated).unwrap_or_default();
    stated.into_iter().filter(|(key, value)| live.get(key) != Some(value)).collect()
}

/// A value as attributes write it.
trait Text: Sized {
    fn to_text(&self) -> String;
    fn from_text(text: &str) -> Option<Self>;
}

impl Text for bool {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Text for u32 {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Text for String {
    fn to_text(&self) -> String {
        self.clone()
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// Whether a property is named as the attribute is, with `_` for `.`.
const fn is_named_after(property: &str, key: &str) -> bool {
    let (property, key) = (property.as_bytes(), key.as_bytes());
    let mut at = 0;
    while at < property.len() && at < key.len() {
        if property[at] != key[at] && !(property[at] == b'_' && key[at] == b'.') {
            return false;
        }
        at += 1;
    }
    property.len() == key.len()
}

/// A type with a property for each attribute.
macro_rules! attributes {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $property:ident: $type:ty = $key:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$about])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $property: Option<$type>,
            )*
        }

        $(const _: () = assert!(is_named_after(stringify!($property), $key));)*

        impl Attributes for $name {
            fn stated(&self) -> BTreeMap<&'static str, String> {
                let all = [$(($key, self.$property.as_ref().map(Text::to_text)),)*];
                all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
            }

            fn from_live(pairs: &BTreeMap<String, String>) -> Self {
                Self { $($property: pairs.get($key).and_then(|text| Text::from_text(text)),)* }
            }
        }
    };
}

attributes! {
    /// Settings of a load balancer. Those that are left out are not managed.
    LoadBalancerAttributes {
        /// Whether AWS refuses to delete the load balancer; `false` by default. One that is protected
        /// is deleted after this was set to `false` and applied.
        deletion_protection_enabled: bool = "deletion_protection.enabled",
        /// Whether each node spreads requests over the targets of all zones. Always on for application
        /// load balancers; `false` by default for others.
        load_balancing_cross_zone_enabled: bool = "load_balancing.cross_zone.enabled",
        /// Whether access logs are written, to `access_logs_s3_bucket`; `false` by default.
        access_logs_s3_enabled: bool = "access_logs.s3.enabled",
        /// The bucket of the access logs, in the same region. Its policy lets Elastic Load Balancing write.
        access_logs_s3_bucket: String = "access_logs.s3.bucket",
        /// What the keys of the access logs begin with.
        access_logs_s3_prefix: String = "access_logs.s3.prefix",
        /// Whether connection logs are written, to `connection_logs_s3_bucket`; `false` by default.
        /// Application load balancers only.
        connection_logs_s3_enabled: bool = "connection_logs.s3.enabled",
        /// The bucket of the connection logs, in the same region.
        connection_logs_s3_bucket: String = "connection_logs.s3.bucket",
        /// What the keys of the connection logs begin with.
        connection_logs_s3_prefix: String = "connection_logs.s3.prefix",
        /// Whether logs of health checks are written, to `health_check_logs_s3_bucket`; `false` by default.
        /// Application load balancers only.
        health_check_logs_s3_enabled: bool = "health_check_logs.s3.enabled",
        /// The bucket of the health checks' logs, in the same region.
        health_check_logs_s3_bucket: String = "health_check_logs.s3.bucket",
        /// What the keys of the health checks' logs begin with.
        health_check_logs_s3_prefix: String = "health_check_logs.s3.prefix",
        /// After how many idle seconds a connection is closed; AWS's default is 60. Application load
        /// balancers only.
        #[schemars(range(min = 1, max = 4000))]
        idle_timeout_timeout_seconds: u32 = "idle_timeout.timeout_seconds",
        /// For how many seconds a client's connection is kept at most; AWS's default is 3,600. Application
        /// load balancers only.
        #[schemars(range(min = 60, max = 604_800))]
        client_keep_alive_seconds: u32 = "client_keep_alive.seconds",
        /// Whether clients may speak HTTP/2; `true` by default. Application load balancers only.
        routing_http2_enabled: bool = "routing.http2.enabled",
        /// What becomes of requests that may be an attack by desynchronisation; `defensive` by default.
        /// Application load balancers only.
        #[schemars(extend("enum" = ["monitor", "defensive", "strictest"]))]
        routing_http_desync_mitigation_mode: String = "routing.http.desync_mitigation_mode",
        /// Whether headers with invalid names are dropped; `false` by default. Application load balancers only.
        routing_http_drop_invalid_header_fields_enabled: bool = "routing.http.drop_invalid_header_fields.enabled",
        /// Whether targets get the client's `Host` header unchanged; `false` by default. Application load
        /// balancers only.
        routing_http_preserve_host_header_enabled: bool = "routing.http.preserve_host_header.enabled",
        /// Whether targets get headers with the TLS version and cipher suite; `false` by default.
        /// Application load balancers only.
        routing_http_x_amzn_tls_version_and_cipher_suite_enabled: bool =
            "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        /// Whether `X-Forwarded-For` tells the client's port; `false` by default. Application load balancers only.
        routing_http_xff_client_port_enabled: bool = "routing.http.xff_client_port.enabled",
        /// What becomes of `X-Forwarded-For`; `append` by default. Application load balancers only.
        #[schemars(extend("enum" = ["append", "preserve", "remove"]))]
        routing_http_xff_header_processing_mode: String = "routing.http.xff_header_processing.mode",
        /// Whether requests go to targets while AWS WAF cannot be reached; `false` by default. Application
        /// load balancers only.
        waf_fail_open_enabled: bool = "waf.fail_open.enabled",
        /// Whether Route 53 may shift traffic out of a zone; `false` by default.
        zonal_shift_config_enabled: bool = "zonal_shift.config.enabled",
        /// Whether the load balancer cannot be reached through an internet gateway over IPv6; AWS's default
        /// is `true` for internal ones and `false` for others.
        ipv6_deny_all_igw_traffic: bool = "ipv6.deny_all_igw_traffic",
        /// How clients are spread over zones by DNS; `any_availability_zone` by default. Network load
        /// balancers only.
        #[schemars(extend("enum" = [
            "availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone"
        ]))]
        dns_record_client_routing_policy: String = "dns_record.client_routing_policy",
        /// How many further addresses each node has; 0 by default. It cannot be lowered. Network load
        /// balancers only.
        #[schemars(range(min = 0, max = 7))]
        secondary_ips_auto_assigned_per_subnet: u32 = "secondary_ips.auto_assigned.per_subnet",
    }
}

attributes! {
    /// Settings of a target group. Those that are left out are not managed.
    TargetGroupAttributes {
        /// For how many seconds a target that is taken away may finish its requests; AWS's default is 300.
        /// Not for Lambda functions.
        #[schemars(range(min = 0, max = 3600))]
        deregistration_delay_timeout_seconds: u32 = "deregistration_delay.timeout_seconds",
        /// Whether connections are ended when that time is over. Network load balancers only.
        deregistration_delay_connection_termination_enabled: bool =
            "deregistration_delay.connection_termination.enabled",
        /// Whether the requests of one client go to one target; `false` by default.
        stickiness_enabled: bool = "stickiness.enabled",
        /// By what a client is known: `lb_cookie` or `app_cookie` behind an application load balancer,
        /// `source_ip` behind a network, the others behind a gateway load balancer.
        #[schemars(extend("enum" = [
            "lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"
        ]))]
        stickiness_type: String = "stickiness.type",
        /// For how many seconds the load balancer's own cookie holds; AWS's default is a day.
        #[schemars(range(min = 1, max = 604_800))]
        stickiness_lb_cookie_duration_seconds: u32 = "stickiness.lb_cookie.duration_seconds",
        /// The application's cookie.
        stickiness_app_cookie_cookie_name: String = "stickiness.app_cookie.cookie_name",
        /// For how many seconds the application's cookie holds; AWS's default is a day.
        #[schemars(range(min = 1, max = 604_800))]
        stickiness_app_cookie_duration_seconds: u32 = "stickiness.app_cookie.duration_seconds",
        /// For how many seconds a new target gets less than its share: 30 to 900, or 0, AWS's default, for
        /// not at all.
        #[schemars(range(min = 0, max = 900))]
        slow_start_duration_seconds: u32 = "slow_start.duration_seconds",
        /// How a target is chosen; `round_robin` by default. Application load balancers only.
        #[schemars(extend("enum" = ["round_robin", "least_outstanding_requests", "weighted_random"]))]
        load_balancing_algorithm_type: String = "load_balancing.algorithm.type",
        /// Whether targets that fail more than others get less; `off` by default. With `weighted_random` only.
        #[schemars(extend("enum" = ["on", "off"]))]
        load_balancing_algorithm_anomaly_mitigation: String = "load_balancing.algorithm.anomaly_mitigation",
        /// Whether requests are spread over the targets of all zones; as the load balancer has it by default.
        #[schemars(extend("enum" = ["true", "false", "use_load_balancer_configuration"]))]
        load_balancing_cross_zone_enabled: String = "load_balancing.cross_zone.enabled",
        /// How many targets of a zone must be healthy for DNS to name the zone: a number, 1 by default, or `off`.
        target_group_health_dns_failover_minimum_healthy_targets_count: String =
            "target_group_health.dns_failover.minimum_healthy_targets.count",
        /// How many percent of them must be: a number, or `off`, AWS's default.
        target_group_health_dns_failover_minimum_healthy_targets_percentage: String =
            "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        /// With how many healthy targets or less requests go to unhealthy ones too; 1 by default.
        #[schemars(range(min = 1))]
        target_group_health_unhealthy_state_routing_minimum_healthy_targets_count: u32 =
            "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        /// With how many percent of them: a number, or `off`, AWS's default.
        target_group_health_unhealthy_state_routing_minimum_healthy_targets_percentage: String =
            "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        /// Whether connections to targets that became unhealthy are ended; `true` by default. Network load
        /// balancers only.
        target_health_state_unhealthy_connection_termination_enabled: bool =
            "target_health_state.unhealthy.connection_termination.enabled",
        /// For how many seconds an unhealthy target may finish its connections where they are not ended;
        /// 0 by default. Network load balancers only.
        #[schemars(range(min = 0, max = 360_000))]
        target_health_state_unhealthy_draining_interval_seconds: u32 =
            "target_health_state.unhealthy.draining_interval_seconds",
        /// Whether a Lambda function gets, and may answer with, several values of one header; `false` by default.
        lambda_multi_value_headers_enabled: bool = "lambda.multi_value_headers.enabled",
        /// Whether targets see the client's address. Network load balancers only.
        preserve_client_ip_enabled: bool = "preserve_client_ip.enabled",
        /// Whether targets get a proxy protocol header, version 2; `false` by default. Network load balancers only.
        proxy_protocol_v2_enabled: bool = "proxy_protocol_v2.enabled",
        /// What becomes of flows to a target that is taken away; the same as `target_failover_on_unhealthy`.
        /// Gateway load balancers only.
        #[schemars(extend("enum" = ["rebalance", "no_rebalance"]))]
        target_failover_on_deregistration: String = "target_failover.on_deregistration",
        /// What becomes of flows to a target that became unhealthy. Gateway load balancers only.
        #[schemars(extend("enum" = ["rebalance", "no_rebalance"]))]
        target_failover_on_unhealthy: String = "target_failover.on_unhealthy",
        /// Whether senders get a TCP reset when their target becomes unhealthy; `false` by default. Gateway
        /// load balancers only.
        send_tcp_reset_on_unhealthy_enabled: bool = "send_tcp_reset.on_unhealthy.enabled",
    }
}

attributes! {
    /// Settings of a listener. Those that are left out are not managed.
    ListenerAttributes {
        /// After how many idle seconds a TCP flow is forgotten; AWS's default is 350. Network and gateway
        /// load balancers only.
        #[schemars(range(min = 60, max = 6000))]
        tcp_idle_timeout_seconds: u32 = "tcp.idle_timeout.seconds",
        /// Whether senders get a TCP reset then; `false` by default. Gateway load balancers only.
        send_tcp_reset_on_idle_timeout_enabled: bool = "send_tcp_reset.on_idle_timeout.enabled",
        /// Header that tells targets the serial number of the client's certificate.
        routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name: String =
            "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
        /// Header that tells targets the issuer of the client's certificate.
        routing_http_request_x_amzn_mtls_clientcert_issuer_header_name: String =
            "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
        /// Header that tells targets the subject of the client's certificate.
        routing_http_request_x_amzn_mtls_clientcert_subject_header_name: String =
            "routing.http.request.x_amzn_mtls_clientcert_subject.header_name",
        /// Header that tells targets for how long the client's certificate is valid.
        routing_http_request_x_amzn_mtls_clientcert_validity_header_name: String =
            "routing.http.request.x_amzn_mtls_clientcert_validity.header_name",
        /// Header that tells targets the client's certificate alone.
        routing_http_request_x_amzn_mtls_clientcert_leaf_header_name: String =
            "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
        /// Header that tells targets the client's certificate and its chain.
        routing_http_request_x_amzn_mtls_clientcert_header_name: String =
            "routing.http.request.x_amzn_mtls_clientcert.header_name",
        /// Header that tells targets the TLS version.
        routing_http_request_x_amzn_tls_version_header_name: String =
            "routing.http.request.x_amzn_tls_version.header_name",
        /// Header that tells targets the TLS cipher suite.
        routing_http_request_x_amzn_tls_cipher_suite_header_name: String =
            "routing.http.request.x_amzn_tls_cipher_suite.header_name",
        /// Whether answers have the load balancer's `Server` header; `true` by default.
        routing_http_response_server_enabled: bool = "routing.http.response.server.enabled",
        /// `Strict-Transport-Security` of answers; empty for none, as with those below.
        routing_http_response_strict_transport_security_header_value: String =
            "routing.http.response.strict_transport_security.header_value",
        /// `Access-Control-Allow-Origin` of answers.
        routing_http_response_access_control_allow_origin_header_value: String =
            "routing.http.response.access_control_allow_origin.header_value",
        /// `Access-Control-Allow-Methods` of answers.
        routing_http_response_access_control_allow_methods_header_value: String =
            "routing.http.response.access_control_allow_methods.header_value",
        /// `Access-Control-Allow-Headers` of answers.
        routing_http_response_access_control_allow_headers_header_value: String =
            "routing.http.response.access_control_allow_headers.header_value",
        /// `Access-Control-Allow-Credentials` of answers.
        routing_http_response_access_control_allow_credentials_header_value: String =
            "routing.http.response.access_control_allow_credentials.header_value",
        /// `Access-Control-Expose-Headers` of answers.
        routing_http_response_access_control_expose_headers_header_value: String =
            "routing.http.response.access_control_expose_headers.header_value",
        /// `Access-Control-Max-Age` of answers, in seconds.
        routing_http_response_access_control_max_age_header_value: String =
            "routing.http.response.access_control_max_age.header_value",
        /// `Content-Security-Policy` of answers.
        routing_http_response_content_security_policy_header_value: String =
            "routing.http.response.content_security_policy.header_value",
        /// `X-Content-Type-Options` of answers.
        routing_http_response_x_content_type_options_header_value: String =
            "routing.http.response.x_content_type_options.header_value",
        /// `X-Frame-Options` of answers.
        routing_http_response_x_frame_options_header_value: String =
            "routing.http.response.x_frame_options.header_value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_stated_comes_back_as_it_was() {
        let attributes = LoadBalancerAttributes {
            idle_timeout_timeout_seconds: Some(3600),
            access_logs_s3_enabled: Some(true),
            access_logs_s3_bucket: Some("logs".to_owned()),
            ..LoadBalancerAttributes::default()
        };
        let pairs = [
            ("access_logs.s3.bucket", "logs"),
            ("access_logs.s3.enabled", "true"),
            ("idle_timeout.timeout_seconds", "3600"),
        ];
        let stated: Vec<_> = attributes.stated().into_iter().collect();
        assert_eq!(stated, pairs.map(|(key, value)| (key, value.to_owned())));
        assert_eq!(LoadBalancerAttributes::from_live(&live(&pairs)), attributes);
    }

    #[test]
    fn what_cannot_be_understood_is_as_if_it_were_not_there() {
        let told = live(&[("stickiness.enabled", "maybe"), ("slow_start.duration_seconds", ""), ("new.one", "1")]);
        assert_eq!(TargetGroupAttributes::from_live(&told), TargetGroupAttributes::default());
    }

    #[test]
    fn only_what_differs_is_changed() {
        let stated = TargetGroupAttributes {
            stickiness_enabled: Some(true),
            load_balancing_cross_zone_enabled: Some("true".to_owned()),
            ..TargetGroupAttributes::default()
        };
        let live = TargetGroupAttributes {
            stickiness_enabled: Some(true),
            slow_start_duration_seconds: Some(30),
            ..TargetGroupAttributes::default()
        };
        let expected = vec![("load_balancing.cross_zone.enabled", "true".to_owned())];
        assert_eq!(changes(Some(&stated), Some(&live)), expected);
        assert_eq!(changes(Some(&stated), None).len(), 2);
        assert_eq!(changes(None, Some(&live)), Vec::new());
    }
}
