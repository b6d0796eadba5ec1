#!/usr/bin/env python3
"""Stands in for somebody who changes the stack of specs/classla-base.yaml by hand, at AWS_ENDPOINT_URL.

    tests/outside.py change     an ingress rule too many, another tag on the VPC, no log group
    tests/outside.py secret     prints the session secret that AWS made up
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


def secret():
    found = boto3.client("secretsmanager").get_secret_value(SecretId="classla/dev/app/secrets")
    print(json.loads(found["SecretString"])["session_secret"])


if __name__ == "__main__":
    install.become("moto")
    import boto3

    boto3.setup_default_session(region_name=os.environ.get("AWS_REGION"))
    {"change": change, "secret": secret}[sys.argv[1]]()
