#!/usr/bin/env python3
"""Writes schema/cloudformation.json: what CloudFormation's registry says of our kinds.

Which properties can only be set at creation, are never read back, or cannot be set at
all. `tests/tests/audit.rs` holds the kinds against it. The registry comes with cfn-lint,
whose version localstack/moto.lock pins, so the same tree always writes the same file.
"""

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "localstack"))
import install

# A kind that stands for several types has the properties of all of them; one that stands for none, of nothing.
TYPES = {
    "acm/certificate": ["AWS::CertificateManager::Certificate"],
    "amplify/app": ["AWS::Amplify::App"],
    "amplify/branch": ["AWS::Amplify::Branch"],
    "amplify/domain_association": ["AWS::Amplify::Domain"],
    "applicationautoscaling/scalable_target": ["AWS::ApplicationAutoScaling::ScalableTarget"],
    "applicationautoscaling/scaling_policy": ["AWS::ApplicationAutoScaling::ScalingPolicy"],
    "budgets/budget": ["AWS::Budgets::Budget"],
    "cloudwatch/dashboard": ["AWS::CloudWatch::Dashboard"],
    "cloudwatch/metric_alarm": ["AWS::CloudWatch::Alarm"],
    "dynamodb/table": ["AWS::DynamoDB::Table"],
    "ec2/eip": ["AWS::EC2::EIP"],
    "ec2/flow_log": ["AWS::EC2::FlowLog"],
    "ec2/internet_gateway": ["AWS::EC2::InternetGateway"],
    "ec2/nat_gateway": ["AWS::EC2::NatGateway"],
    "ec2/route_table": ["AWS::EC2::RouteTable"],
    "ec2/security_group": ["AWS::EC2::SecurityGroup"],
    "ec2/security_group_rule": ["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"],
    "ec2/subnet": ["AWS::EC2::Subnet"],
    "ec2/vpc": ["AWS::EC2::VPC"],
    "ec2/vpc_endpoint": ["AWS::EC2::VPCEndpoint"],
    "ecr/repository": ["AWS::ECR::Repository"],
    "ecs/cluster": ["AWS::ECS::Cluster"],
    "ecs/service": ["AWS::ECS::Service"],
    "ecs/task_definition": ["AWS::ECS::TaskDefinition"],
    "elbv2/listener": ["AWS::ElasticLoadBalancingV2::Listener"],
    "elbv2/listener_rule": ["AWS::ElasticLoadBalancingV2::ListenerRule"],
    "elbv2/load_balancer": ["AWS::ElasticLoadBalancingV2::LoadBalancer"],
    "elbv2/target_group": ["AWS::ElasticLoadBalancingV2::TargetGroup"],
    "iam/instance_profile": ["AWS::IAM::InstanceProfile"],
    "iam/oidc_provider": ["AWS::IAM::OIDCProvider"],
    "iam/policy": ["AWS::IAM::ManagedPolicy"],
    "iam/role": ["AWS::IAM::Role"],
    "kms/alias": ["AWS::KMS::Alias"],
    "kms/key": ["AWS::KMS::Key"],
    "logs/log_group": ["AWS::Logs::LogGroup"],
    "route53/hosted_zone": ["AWS::Route53::HostedZone"],
    "route53/record": ["AWS::Route53::RecordSet"],
    "s3/bucket": ["AWS::S3::Bucket"],
    "s3/object": [],
    "secretsmanager/rotation": ["AWS::SecretsManager::RotationSchedule"],
    "secretsmanager/secret": ["AWS::SecretsManager::Secret"],
    "sns/subscription": ["AWS::SNS::Subscription"],
    "sns/topic": ["AWS::SNS::Topic"],
    "sqs/queue": ["AWS::SQS::Queue"],
    "ssm/parameter": ["AWS::SSM::Parameter"],
    "wafv2/web_acl": ["AWS::WAFv2::WebACL"],
    "wafv2/web_acl_association": ["AWS::WAFv2::WebACLAssociation"],
}
LISTS = {
    "create_only": "createOnlyProperties",
    "conditional_create_only": "conditionalCreateOnlyProperties",
    "write_only": "writeOnlyProperties",
    "read_only": "readOnlyProperties",
}


def snake_case(name):
    """`KMSKeyId` → `kms_key_id`, as the kinds and the SDK write it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def path(pointer):
    """`/properties/A/items/*/properties/BName` → `a.b_name`."""
    steps = [step for step in pointer.split("/") if step not in ("", "*", "properties", "items")]
    return ".".join(snake_case(step) for step in steps)


def entry(types, registry):
    schemas = [registry.get_resource_schema("us-east-1", type).schema for type in types]
    lists = {name: {path(p) for schema in schemas for p in schema.get(key, [])} for name, key in LISTS.items()}
    return {"types": types, **{name: sorted(paths) for name, paths in lists.items()}}


def main():
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    table = {kind: entry(types, PROVIDER_SCHEMA_MANAGER) for kind, types in sorted(TYPES.items())}
    (HERE / "cloudformation.json").write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    install.become("moto")
    main()
