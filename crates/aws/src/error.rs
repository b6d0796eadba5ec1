//! `SdkError` to [`CloudError`], once.

use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Cause, CloudError};

/// Names the operation a result came from and drops the SDK's types.
pub trait Op<T> {
    /// `operation` is written as IAM writes actions: `ec2:CreateVpc`.
    fn op(self, operation: &str) -> Result<T, CloudError>;
}

impl<T, E> Op<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn op(self, operation: &str) -> Result<T, CloudError> {
        self.map_err(|error| convert(operation, &error))
    }
}

impl<T> Op<T> for Result<T, BuildError> {
    fn op(self, operation: &str) -> Result<T, CloudError> {
        self.map_err(|error| CloudError::new(Cause::Invalid, operation, DisplayErrorContext(error).to_string()))
    }
}

/// Lets absence be an answer: `None` where AWS says the thing is not there.
pub trait Absent<T> {
    /// `Ok(None)` for [`Cause::NotFound`].
    fn absent(self) -> Result<Option<T>, CloudError>;
}

impl<T> Absent<T> for Result<T, CloudError> {
    fn absent(self) -> Result<Option<T>, CloudError> {
        match self {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.cause == Cause::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Lets presence be an answer: `None` where AWS says that what is asked for exists already.
pub trait Present<T> {
    /// `Ok(None)` for [`Cause::Exists`].
    fn present(self) -> Result<Option<T>, CloudError>;
}

impl<T> Present<T> for Result<T, CloudError> {
    fn present(self) -> Result<Option<T>, CloudError> {
        match self {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.cause == Cause::Exists => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The error for one item refused inside an answer that is itself a success; `code` is
/// an error code or an HTTP status.
pub fn refused(operation: &str, code: &str, message: &str) -> CloudError {
    let cause = cause(code, message, code.parse().unwrap_or(400));
    CloudError { code: code.to_owned(), ..CloudError::new(cause, operation, message) }
}

/// The error for an answer that lacks what the API promises.
pub fn incomplete(operation: &str, missing: &str) -> CloudError {
    CloudError::new(Cause::Invalid, operation, format!("the answer has no {missing}"))
}

fn convert<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> CloudError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            let (code, message) = told(context.err().meta(), context.raw());
            CloudError {
                cause: cause(&code, message.as_deref().unwrap_or_default(), status),
                operation: operation.to_owned(),
                code,
                message: message.unwrap_or_else(|| format!("HTTP status {status}")),
                request_id: request_id(context.raw()),
            }
        }
        SdkError::ConstructionFailure(_) => plain(Cause::Invalid, operation, error),
        SdkError::DispatchFailure(failure) if failure.is_io() => plain(Cause::Unreachable, operation, error),
        // The connection broke off: only then does the SDK know of what sort the failure is.
        SdkError::DispatchFailure(failure) if failure.is_timeout() || failure.as_other().is_some() => {
            plain(Cause::Transient, operation, error)
        }
        SdkError::DispatchFailure(_) => {
            refused_role(error).unwrap_or_else(|| plain(Cause::Credentials, operation, error))
        }
        SdkError::TimeoutError(_) => plain(Cause::Transient, operation, error),
        _ => unreadable(operation, error.raw_response()),
    }
}

/// Code and message of a refusal.
fn told(meta: &ErrorMetadata, response: &HttpResponse) -> (String, Option<String>) {
    let read = meta.code().map(|code| (code.to_owned(), meta.message().map(str::to_owned)));
    let read = read.or_else(|| refused_batch(response.body().bytes()?));
    read.unwrap_or_else(|| (String::new(), meta.message().map(str::to_owned)))
}

/// What Route 53 says of a refused change in a form of its own, which the SDK does not read:
/// `<InvalidChangeBatch><Messages><Message>…`.
fn refused_batch(body: &[u8]) -> Option<(String, Option<String>)> {
    let text = std::str::from_utf8(body).ok().filter(|text| text.contains("<InvalidChangeBatch"))?;
    let messages = text.split("<Message>").skip(1).filter_map(|rest| rest.split("</Message>").next());
    Some(("InvalidChangeBatch".to_owned(), Some(messages.collect::<Vec<_>>().join(" "))))
}

/// The call that assumes a role, which the SDK makes by itself before another one.
pub const ASSUME_ROLE: &str = "sts:AssumeRole";

/// What STS says where there are no credentials because a role could not be assumed.
fn refused_role(error: &(dyn std::error::Error + 'static)) -> Option<CloudError> {
    let mut sources = std::iter::successors(error.source(), |error| error.source());
    let refusal = sources.find_map(|source| source.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>())?;
    Some(convert(ASSUME_ROLE, refusal))
}

fn plain<E>(cause: Cause, operation: &str, error: &SdkError<E, HttpResponse>) -> CloudError
where
    E: std::error::Error + Send + Sync + 'static,
{
    CloudError::new(cause, operation, DisplayErrorContext(error).to_string())
}

/// The error for an answer the SDK cannot read. What is in it is not repeated: it may
/// hold a secret.
fn unreadable(operation: &str, answer: Option<&HttpResponse>) -> CloudError {
    let status = answer.map_or_else(String::new, |answer| format!(" of HTTP status {}", answer.status().as_u16()));
    let mut error = CloudError::new(Cause::Transient, operation, format!("the answer{status} cannot be read"));
    error.request_id = answer.map(request_id).unwrap_or_default();
    error
}

/// What AWS names the request by, which its support asks for.
pub(crate) fn request_id(response: &HttpResponse) -> String {
    let headers = response.headers();
    let id = headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id"));
    id.unwrap_or_default().to_owned()
}

/// What an error code means, by AWS's own conventions of naming them.
fn cause(code: &str, message: &str, status: u16) -> Cause {
    let is = |codes: &[&str]| codes.contains(&code);
    let ends = |endings: &[&str]| endings.iter().any(|ending| code.ends_with(ending));
    if let Some((_, cause)) = MESSAGES.iter().find(|(text, _)| message.contains(text)) {
        *cause
    } else if is(THROTTLED) {
        Cause::Throttled
    } else if is(CREDENTIALS) {
        Cause::Credentials
    } else if ends(DENIED) {
        Cause::Denied
    } else if is(DEPENDENCY) || ends(&["InUse", "InUseException"]) {
        Cause::Dependency
    } else if ends(NOT_FOUND) || code.starts_with("NoSuch") || is(&["NotFound", "404", "InvalidResourceId"]) {
        Cause::NotFound
    } else if ends(EXISTS) || is(&["BucketAlreadyOwnedByYou", "AlreadyExistsException"]) {
        Cause::Exists
    } else if ends(&["LimitExceeded", "LimitExceededException", "LimitsExceededException"])
        || code.contains("QuotaExceeded")
        || code.starts_with("TooMany")
    {
        Cause::Limit
    } else if status == 429 {
        Cause::Throttled
    } else if status >= 500 && !message.contains("not implemented") {
        Cause::Transient
    } else {
        Cause::Invalid
    }
}

/// Where the code says too little, such as a bare `400`. What means "not yet seen everywhere" is
/// declared by each kind.
const MESSAGES: &[(&str, Cause)] = &[
    ("Access Denied for LogDestination", Cause::Denied),
    ("still has replica regions", Cause::Dependency),
    ("Unable to describe task definition", Cause::NotFound),
    ("service was not idempotent", Cause::Exists),
    ("but it already exists", Cause::Exists),
    ("but it was not found", Cause::NotFound),
    ("already exists for the app", Cause::Exists),
];

const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "RequestThrottled",
    "TooManyUpdates",
    "PriorRequestNotComplete",
];

const CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "MissingAuthenticationToken",
];

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "NotAuthorized",
    "AuthorizationError",
    "UnauthorizedException",
];

const DEPENDENCY: &[&str] = &[
    "DependencyViolation",
    "DeleteConflict",
    "IncorrectState",
    "OperationAborted",
    "OperationAbortedException",
    "ConcurrentModification",
    "ConcurrentModificationException",
    "EntityTemporarilyUnmodifiable",
    "ConcurrentUpdateException",
    "UpdateInProgressException",
    "ClusterContainsCapacityProviderException",
    "ClusterContainsContainerInstancesException",
    "ClusterContainsServicesException",
    "ClusterContainsTasksException",
    "ConcurrentAccess",
    "ResourceConflict",
    "WAFAssociatedItemException",
    "WAFOptimisticLockException",
];

const NOT_FOUND: &[&str] = &[
    "NotFound",
    "NotFoundException",
    "NotFoundError",
    "NoSuchEntity",
    ".NotAttached",
    "NonExistentQueue",
    "NonexistentItemException",
    "DoesNotExist",
];

const EXISTS: &[&str] = &[
    "AlreadyExists",
    ".AlreadyAssociated",
    "AlreadyExistsException",
    "EntityAlreadyExists",
    "ResourceExistsException",
    "QueueNameExists",
    ".Duplicate",
    "ParameterAlreadyExists",
    "DuplicateRecordException",
    "DuplicateListener",
    "DuplicateLoadBalancerName",
    "DuplicateTargetGroupName",
    "DuplicateItemException",
];

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::operation::get_parameters::GetParametersError;

    use super::*;

    #[test]
    fn codes_mean_what_aws_means() {
        for (code, expected) in [
            ("InvalidVpcID.NotFound", Cause::NotFound),
            ("NoSuchBucket", Cause::NotFound),
            ("ReplicationConfigurationNotFoundError", Cause::NotFound),
            ("BucketAlreadyOwnedByYou", Cause::Exists),
            ("BucketAlreadyExists", Cause::Exists),
            ("RepositoryNotEmptyException", Cause::Invalid),
            ("NoSuchEntity", Cause::NotFound),
            ("ResourceNotFoundException", Cause::NotFound),
            ("NatGatewayNotFound", Cause::NotFound),
            ("ParameterNotFound", Cause::NotFound),
            ("Gateway.NotAttached", Cause::NotFound),
            ("Resource.AlreadyAssociated", Cause::Exists),
            ("RouteAlreadyExists", Cause::Exists),
            ("RepositoryAlreadyExistsException", Cause::Exists),
            ("EntityAlreadyExists", Cause::Exists),
            ("InvalidGroup.Duplicate", Cause::Exists),
            ("DependencyViolation", Cause::Dependency),
            ("InvalidGroup.InUse", Cause::Dependency),
            ("OperationAbortedException", Cause::Dependency),
            ("EntityTemporarilyUnmodifiable", Cause::Dependency),
            ("ClusterContainsServicesException", Cause::Dependency),
            ("UpdateInProgressException", Cause::Dependency),
            ("ConcurrentUpdateException", Cause::Dependency),
            ("ServiceNotFoundException", Cause::NotFound),
            ("ObjectNotFoundException", Cause::NotFound),
            ("ConcurrentAccess", Cause::Dependency),
            ("ResourceConflict", Cause::Dependency),
            ("RequestLimitExceeded", Cause::Throttled),
            ("UnauthorizedOperation", Cause::Denied),
            ("AccessDenied", Cause::Denied),
            ("AuthorizationError", Cause::Denied),
            ("ExpiredToken", Cause::Credentials),
            ("VpcLimitExceeded", Cause::Limit),
            ("TopicLimitExceeded", Cause::Limit),
            ("TooManyBuckets", Cause::Limit),
            ("TooManyUniqueTargetGroupsPerLoadBalancer", Cause::Limit),
            ("WAFLimitsExceededException", Cause::Limit),
            ("LoadBalancerNotFound", Cause::NotFound),
            ("WAFNonexistentItemException", Cause::NotFound),
            ("DuplicateTargetGroupName", Cause::Exists),
            ("DuplicateRecordException", Cause::Exists),
            ("WAFDuplicateItemException", Cause::Exists),
            ("PriorityInUse", Cause::Dependency),
            ("WAFAssociatedItemException", Cause::Dependency),
            ("WAFOptimisticLockException", Cause::Dependency),
            ("InvalidParameterValue", Cause::Invalid),
        ] {
            assert_eq!(cause(code, "", 400), expected, "{code}");
        }
        assert_eq!(cause("InvalidResourceId", "", 400), Cause::NotFound);
        assert_eq!(cause("ClientException", "Unable to describe task definition.", 400), Cause::NotFound);
        let taken = "Creation of service was not idempotent.";
        assert_eq!(cause("InvalidParameterException", taken, 400), Cause::Exists);
        assert_eq!(cause("TooManyUpdates", "", 400), Cause::Throttled);
        assert_eq!(cause("MalformedPolicyDocument", "Syntax errors in policy.", 400), Cause::Invalid);
        assert_eq!(cause("InternalError", "", 500), Cause::Transient);
        assert_eq!(cause("PriorRequestNotComplete", "", 400), Cause::Throttled);
        assert_eq!(cause("UnauthorizedException", "", 401), Cause::Denied);
        assert_eq!(cause("LimitExceededException", "", 429), Cause::Limit);
        assert_eq!(cause("", "", 429), Cause::Throttled);
    }

    #[test]
    fn a_refused_change_of_records_is_read_in_route_53s_own_form() {
        let said = "[Tried to create resource record set [name='a.', type='A'] but it already exists]";
        let body = format!("<InvalidChangeBatch><Messages><Message>{said}</Message></Messages></InvalidChangeBatch>");
        let told = Some(("InvalidChangeBatch".to_owned(), Some(said.to_owned())));
        assert_eq!(refused_batch(body.as_bytes()), told);
        assert_eq!(cause("InvalidChangeBatch", said, 400), Cause::Exists);
        assert_eq!(refused_batch(b"<ErrorResponse/>"), None);
    }

    #[test]
    fn what_is_refused_inside_a_success_has_its_cause_too() {
        for (code, message, expected) in [
            ("InvalidFlowLogId.NotFound", "", Cause::NotFound),
            ("400", "Access Denied for LogDestination: logs", Cause::Denied),
            ("400", "LogDestination: logs does not exist", Cause::Invalid),
            ("500", "Internal error", Cause::Transient),
        ] {
            assert_eq!(refused("ec2:CreateFlowLogs", code, message).cause, expected, "{code} {message}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_not_repeated() {
        let body = aws_smithy_types::body::SdkBody::from("correct-horse");
        let status = aws_smithy_runtime_api::http::StatusCode::try_from(200);
        let answer = status.map(|status| HttpResponse::new(status, body));
        let errors = answer.map(|answer| SdkError::<GetParametersError, _>::response_error("expected string", answer));
        let texts: Vec<String> = errors.iter().map(|error| convert("ssm:GetParameters", error).to_string()).collect();
        assert_eq!(texts, ["ssm:GetParameters: the answer of HTTP status 200 cannot be read"]);
    }
}
