//! Every kind. Generated from the files of this folder: run the tests with
//! `UPDATE_GENERATED=1` after adding one.

pub mod ec2;
pub mod ecr;
pub mod iam;
pub mod kms;
pub mod logs;
pub mod s3;
pub mod secretsmanager;
pub mod sqs;
pub mod ssm;

crate::registry::kinds! {
    "ec2/eip" => ec2::eip::Eip,
    "ec2/flow_log" => ec2::flow_log::FlowLog,
    "ec2/internet_gateway" => ec2::internet_gateway::InternetGateway,
    "ec2/nat_gateway" => ec2::nat_gateway::NatGateway,
    "ec2/route_table" => ec2::route_table::RouteTable,
    "ec2/security_group" => ec2::security_group::SecurityGroup,
    "ec2/security_group_rule" => ec2::security_group_rule::SecurityGroupRule,
    "ec2/subnet" => ec2::subnet::Subnet,
    "ec2/vpc" => ec2::vpc::Vpc,
    "ec2/vpc_endpoint" => ec2::vpc_endpoint::VpcEndpoint,
    "ecr/repository" => ecr::repository::Repository,
    "iam/role" => iam::role::Role,
    "kms/alias" => kms::alias::Alias,
    "kms/key" => kms::key::Key,
    "logs/log_group" => logs::log_group::LogGroup,
    "s3/bucket" => s3::bucket::Bucket,
    "secretsmanager/secret" => secretsmanager::secret::Secret,
    "sqs/queue" => sqs::queue::Queue,
    "ssm/parameter" => ssm::parameter::Parameter,
}
