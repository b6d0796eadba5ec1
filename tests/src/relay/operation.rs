//! What a request asks for, and how its service words a refusal.

use crate::relay::http::{Request, response};

/// A call as IAM writes it, `ec2:CreateVpc`; a REST call, which carries no name, as
/// service, method, path and the names in its query: `s3:PUT /bucket?policy`.
pub(crate) struct Operation {
    pub(crate) name: String,
    protocol: Protocol,
}

/// How a service words its errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Ec2,
    Query,
    Json,
    RestXml,
    RestJson,
    Cbor,
}

/// An answer that the backend never gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 500: a fault inside the service.
    InternalError,
    /// 503: try again later.
    Unavailable,
    /// Too many requests, in the service's own words for it.
    Throttled,
    /// 403: the credentials may not do this.
    Denied,
    /// 400: something still uses it, in EC2's words.
    InUse,
}

impl Operation {
    pub(crate) fn of(request: &Request) -> Self {
        let service = signed_for(request);
        if let Some(target) = request.header("x-amz-target") {
            let action = target.rsplit('.').next().unwrap_or(target);
            return Self { name: format!("{service}:{action}"), protocol: Protocol::Json };
        }
        if let Some(action) = action(request) {
            let protocol = if service == "ec2" { Protocol::Ec2 } else { Protocol::Query };
            return Self { name: format!("{service}:{action}"), protocol };
        }
        if let Some((_, action)) = request.target.split_once("/operation/") {
            return Self { name: format!("{service}:{action}"), protocol: Protocol::Cbor };
        }
        let is_xml = matches!(service, "s3" | "route53" | "cloudfront");
        let protocol = if is_xml { Protocol::RestXml } else { Protocol::RestJson };
        let target = without_ids(&without_values(&request.target));
        Self { name: format!("{service}:{} {target}", request.method), protocol }
    }

    /// The refusal of a token that was used for something else.
    pub(crate) fn mismatch(&self) -> Vec<u8> {
        let code = match self.name.starts_with("secretsmanager:") {
            true => "ResourceExistsException",
            false => "IdempotentParameterMismatch",
        };
        self.word(400, code)
    }

    /// The refusal as this operation's service would write it.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Vec<u8> {
        let (status, code) = self.protocol.code(refusal);
        self.word(status, code)
    }

    fn word(&self, status: u16, code: &str) -> Vec<u8> {
        let body = self.protocol.body(code);
        match self.protocol {
            Protocol::Json | Protocol::RestJson => response(status, &[("x-amzn-errortype", code)], &body),
            Protocol::Cbor => response(status, &[("smithy-protocol", "rpc-v2-cbor")], &body),
            _ => response(status, &[], &body),
        }
    }
}

impl Protocol {
    fn code(self, refusal: Refusal) -> (u16, &'static str) {
        match (refusal, self) {
            (Refusal::InternalError, Self::Ec2 | Self::RestXml) => (500, "InternalError"),
            (Refusal::InternalError, _) => (500, "InternalFailure"),
            (Refusal::Unavailable, Self::Ec2) => (503, "Unavailable"),
            (Refusal::Unavailable, _) => (503, "ServiceUnavailable"),
            (Refusal::Throttled, Self::Ec2) => (503, "RequestLimitExceeded"),
            (Refusal::Throttled, Self::RestXml) => (503, "SlowDown"),
            (Refusal::Throttled, Self::RestJson) => (429, "TooManyRequestsException"),
            (Refusal::Throttled, Self::Query) => (400, "Throttling"),
            (Refusal::Throttled, Self::Json | Self::Cbor) => (400, "ThrottlingException"),
            (Refusal::Denied, Self::Ec2) => (403, "UnauthorizedOperation"),
            (Refusal::Denied, Self::Json | Self::RestJson | Self::Cbor) => (400, "AccessDeniedException"),
            (Refusal::Denied, _) => (403, "AccessDenied"),
            (Refusal::InUse, _) => (400, "DependencyViolation"),
        }
    }

    fn body(self, code: &str) -> Vec<u8> {
        if self == Self::Cbor {
            return [vec![0xa2], cbor("__type"), cbor(code), cbor("message"), cbor("injected")].concat();
        }
        let error = format!("<Error><Code>{code}</Code><Message>injected</Message></Error>");
        let text = match self {
            Self::Ec2 => format!("<Response><Errors>{error}</Errors><RequestID>relay</RequestID></Response>"),
            Self::Query => format!("<ErrorResponse>{error}<RequestId>relay</RequestId></ErrorResponse>"),
            Self::RestXml => error,
            _ => format!(r#"{{"__type":"{code}","message":"injected"}}"#),
        };
        text.into_bytes()
    }
}

/// A text of up to 255 bytes in CBOR.
fn cbor(text: &str) -> Vec<u8> {
    [&[0x78, text.len() as u8], text.as_bytes()].concat()
}

/// The service in the signature's scope: `Credential=key/date/region/SERVICE/aws4_request`.
fn signed_for(request: &Request) -> &str {
    let scope = request.header("authorization").and_then(|text| text.split_once("Credential="));
    scope.and_then(|(_, scope)| scope.split('/').nth(3)).unwrap_or("unsigned")
}

/// What the names of calls begin with that change nothing; of REST calls, the methods.
const READS: [&str; 8] = ["Describe", "Get", "List", "Head", "BatchGet", "AssumeRole", "GET ", "HEAD "];

/// How Route 53 is asked for the tags of many.
const LIST_TAGS: &str = "POST /2013-04-01/tags/*";

/// Whether a call may change anything, by its name.
pub(crate) fn is_mutating(name: &str) -> bool {
    let action = name.split_once(':').map_or(name, |(_, action)| action);
    action != LIST_TAGS && !READS.iter().any(|read| action.starts_with(read))
}

/// The `Action` of a form.
fn action(request: &Request) -> Option<&str> {
    fields(request)?.find(|(name, _)| *name == "Action").map(|(_, value)| value)
}

/// The fields of a form.
pub(crate) fn fields(request: &Request) -> Option<impl Iterator<Item = (&str, &str)>> {
    let is_form = request.header("content-type")?.starts_with("application/x-www-form-urlencoded");
    let form = std::str::from_utf8(&request.body).ok().filter(|_| is_form)?;
    Some(form.split('&').filter_map(|field| field.split_once('=')))
}

/// What AWS gives a name of its own choice, by what stands before that name in a path.
const COLLECTIONS: [&str; 3] = ["apps", "hostedzone", "tags"];

/// A path with `*` for the names that AWS chose: they differ from run to run.
fn without_ids(target: &str) -> String {
    let mut is_id = false;
    let segments = target.split('/').map(|segment| {
        let shown = if is_id { "*" } else { segment };
        is_id = COLLECTIONS.contains(&segment);
        shown
    });
    segments.collect::<Vec<_>>().join("/")
}

fn without_values(target: &str) -> String {
    match target.split_once('?') {
        Some((path, query)) => {
            let names: Vec<&str> = query.split('&').filter_map(|field| field.split('=').next()).collect();
            format!("{path}?{}", names.join("&"))
        }
        None => target.to_owned(),
    }
}
