//! The colours of a picture.
//!
//! Boxes bring their own light ground and dark text, and all else is a middle grey, so that
//! a picture reads on a light page and on a dark one.

/// Of lines, arrows and what is written beside boxes.
pub(super) const LINE: &str = "#7d8590";

/// Of what is written in boxes.
pub(super) const TEXT: &str = "#1f2328";

/// The colours of one family of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Colours {
    /// The ground.
    pub(super) fill: &'static str,
    /// The border.
    pub(super) stroke: &'static str,
}

const fn colours(fill: &'static str, stroke: &'static str) -> Colours {
    Colours { fill, stroke }
}

/// The colours of `kind`, near those that AWS gives to its service's category.
pub(super) fn of_kind(kind: &str) -> Colours {
    let service = kind.split('/').next().unwrap_or_default();
    match service {
        "ec2" | "ecs" | "ecr" | "eks" | "lambda" | "autoscaling" | "batch" => colours("#fbe3cc", "#c77a30"),
        "iam" | "kms" | "secretsmanager" | "acm" | "cognito" | "wafv2" => colours("#f7d6d6", "#bd5a5a"),
        "s3" | "efs" | "backup" => colours("#dcebcd", "#71963f"),
        "rds" | "dynamodb" | "elasticache" | "docdb" => colours("#d5e0f7", "#5a7bc0"),
        "elbv2" | "route53" | "cloudfront" | "apigateway" | "apigatewayv2" => colours("#e6dbf6", "#8566bd"),
        "logs" | "cloudwatch" | "ssm" | "cloudtrail" | "config" => colours("#f6d7e6", "#b95a88"),
        "sqs" | "sns" | "events" | "scheduler" | "states" => colours("#cfeae6", "#3f9389"),
        _ => colours("#e4e7eb", "#7d8590"),
    }
}
