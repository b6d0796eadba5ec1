//! The secret that an ARN names. Its value is in no error text: an answer that cannot be read
//! is not repeated (`error.rs`).

use provision_core::driver::{Cause, CloudError};

use super::Cloud;
use crate::error::{Absent, Op};

const GET_SECRET_VALUE: &str = "secretsmanager:GetSecretValue";
const GET_PARAMETER: &str = "ssm:GetParameter";

/// The ARN of something that holds a secret.
#[derive(Debug)]
pub(super) enum SecretArn<'a> {
    /// Of a secret in Secrets Manager.
    Secret(&'a str),
    /// Of a parameter in Parameter Store.
    Parameter(&'a str),
}

impl<'a> SecretArn<'a> {
    /// # Errors
    /// When `text` is the ARN of nothing that holds a secret. It is not repeated: it may be a
    /// secret, put where the ARN of one belongs.
    pub(super) fn parse(text: &'a str) -> Result<Self, CloudError> {
        let mut parts = text.splitn(6, ':');
        let (arn, service, resource) = (parts.next(), parts.nth(1), parts.nth(2).unwrap_or_default());
        match (arn, service) {
            (Some("arn"), Some("secretsmanager")) if resource.starts_with("secret:") => Ok(Self::Secret(text)),
            (Some("arn"), Some("ssm")) if resource.starts_with("parameter/") => Ok(Self::Parameter(text)),
            _ => Err(CloudError::new(Cause::Invalid, GET_SECRET_VALUE, UNFIT)),
        }
    }

    /// The region it lies in.
    pub(super) fn region(&self) -> Option<String> {
        self.text().split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned)
    }

    /// The value.
    ///
    /// # Errors
    /// When it is not there, is not text or may not be read.
    pub(super) async fn value(&self, cloud: &Cloud) -> Result<String, CloudError> {
        let (operation, value) = match self {
            Self::Secret(arn) => (GET_SECRET_VALUE, secret_string(cloud, arn).await?),
            Self::Parameter(arn) => (GET_PARAMETER, parameter_value(cloud, arn).await?),
        };
        value.ok_or_else(|| {
            let message = format!("there is no `{}`: check its name, region and account", self.text());
            CloudError::new(Cause::NotFound, operation, message)
        })
    }

    fn text(&self) -> &'a str {
        match self {
            Self::Secret(arn) | Self::Parameter(arn) => arn,
        }
    }
}

const UNFIT: &str = "what is asked for is not the ARN of a secret: write `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME` \
                     or `arn:aws:ssm:REGION:ACCOUNT:parameter/NAME`";

async fn secret_string(cloud: &Cloud, arn: &str) -> Result<Option<String>, CloudError> {
    let call = cloud.secretsmanager().get_secret_value().secret_id(arn);
    let Some(answer) = call.send().await.op(GET_SECRET_VALUE).absent()? else { return Ok(None) };
    answer.secret_string.map(Some).ok_or_else(|| {
        let message = format!("`{arn}` holds bytes, not text: keep it as text, in base64 if need be");
        CloudError::new(Cause::Invalid, GET_SECRET_VALUE, message)
    })
}

async fn parameter_value(cloud: &Cloud, arn: &str) -> Result<Option<String>, CloudError> {
    let call = cloud.ssm().get_parameter().name(arn).with_decryption(true);
    let answer = call.send().await.op(GET_PARAMETER).absent()?;
    Ok(answer.and_then(|answer| answer.parameter).and_then(|parameter| parameter.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_and_parameters_hold_secrets() {
        let secret = SecretArn::parse("arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf");
        assert_eq!(secret.ok().and_then(|arn| arn.region()).as_deref(), Some("eu-west-1"));
        let parameter = SecretArn::parse("arn:aws-cn:ssm::123456789012:parameter/db/password");
        assert_eq!(parameter.ok().map(|arn| arn.region()), Some(None));
        for text in [
            "",
            "db",
            "correct-horse",
            "arn:aws:ssm:eu-west-1:123456789012:document/a",
            "arn:aws:secretsmanager:eu-west-1:123456789012",
            "arn:aws:s3:::bucket",
            "nra:aws:secretsmanager:eu-west-1:123456789012:secret:db",
        ] {
            let error = SecretArn::parse(text).map(|arn| arn.text()).err();
            assert_eq!(error.as_ref().map(|error| error.cause), Some(Cause::Invalid), "{text}");
            assert!(text.is_empty() || !error.is_some_and(|error| error.message.contains(text)), "{text}");
        }
    }
}
