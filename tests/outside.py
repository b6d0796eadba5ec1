#!/usr/bin/env python3
"""Stands in for somebody who changes the stack of specs/classla-base.yaml by hand, at AWS_ENDPOINT_URL.

    tests/outside.py change     an ingress rule too many, another tag on the VPC, no log group
    tests/outside.py runs ENV   prints the task definition that the API's service runs
    tests/outside.py zone NAME  makes a public hosted zone
    tests/outside.py secret ENV prints the session secret that AWS made up
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "localstack"))
import install

STACK = "classla-dev"


def only(found):
    [item] = found
    return item


def named(name, values):
    return [{"Name": name, "Values": values}]


def change():
    ec2 = boto3.client("ec2")
    vpc = only(ec2.describe_vpcs(Filters=named("tag:Name", [STACK]))["Vpcs"])["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Project", "Value": "somebody-else"}])
    group = only(ec2.describe_security_groups(Filters=named("group-name", [f"{STACK}-alb"]))["SecurityGroups"])
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
    boto3.client("logs").delete_log_group(logGroupName=f"/ecs/{STACK}")


def secret(env="dev"):
    found = boto3.client("secretsmanager").get_secret_value(SecretId=f"classla/{env}/app/secrets")
    print(json.loads(found["SecretString"])["session_secret"])


def runs(env):
    name = f"classla-{env}"
    print(only(boto3.client("ecs").describe_services(cluster=name, services=[name])["services"])["taskDefinition"])


def zone(name):
    boto3.client("route53").create_hosted_zone(Name=name, CallerReference=name)


if __name__ == "__main__":
    install.become("moto")
    import boto3

    boto3.setup_default_session(region_name=os.environ.get("AWS_REGION"))
    {"change": change, "secret": secret, "zone": zone, "runs": runs}[sys.argv[1]](*sys.argv[2:])
