"""The common graph of the benchmark, as a careful script in boto3 makes, checks and removes it.

    boto3_graph.py create|noop|drift|change|destroy --k 12 --threads 10 --state FILE

The script remembers ids in a file, as such scripts do. `noop` and `drift` read each resource by
a call of its own and compare what they make; `change` does so too, and puts one parameter.
Prints the number of calls it made, as JSON; what differs is told with exit code 2.
"""

import argparse
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
PERMISSION = [
    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
]


class Counter:
    """Calls that went out, whatever the thread."""

    def __init__(self):
        self.lock, self.calls = threading.Lock(), 0

    def __call__(self, **_):
        with self.lock:
            self.calls += 1


class Differs(Exception):
    """What is there is not what was made."""


def check(what, is_right):
    if not is_right:
        raise Differs(what)


def tags(name):
    return [{"Key": "Name", "Value": name}]


def tagged(resource, name):
    return [{"ResourceType": resource, "Tags": tags(name)}]


def has_tag(found, name):
    return {"Key": "Name", "Value": name} in found.get("Tags", [])


class Graph:
    def __init__(self, options, ids):
        self.ids, self.k, self.threads = ids, options.k, options.threads
        self.counter = Counter()
        session = boto3.Session(region_name="us-east-1")
        config = Config(max_pool_connections=max(10, self.threads), retries={"mode": "standard"})
        for name in ("ec2", "ssm", "iam", "s3", "sqs"):
            client = session.client(name, config=config)
            client.meta.events.register("before-send.*", self.counter)
            setattr(self, name, client)

    def keys(self):
        return [f"{index:03d}" for index in range(self.k)]

    def in_threads(self, tasks):
        """Runs all tasks, so many at once; the first error is raised when all are done."""
        with ThreadPoolExecutor(self.threads) as pool:
            for done in [pool.submit(task, key) for task, key in tasks]:
                done.result()

    def for_keys(self, *tasks):
        self.in_threads([(task, key) for key in self.keys() for task in tasks])

    # Create

    def create(self):
        ec2, ids = self.ec2, self.ids
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc", "bench"))
        ids["vpc"] = vpc["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway", "bench"))
        ids["gateway"] = gateway["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=ids["gateway"], VpcId=ids["vpc"])
        table = ec2.create_route_table(VpcId=ids["vpc"], TagSpecifications=tagged("route-table", "bench"))
        ids["table"] = table["RouteTable"]["RouteTableId"]
        ec2.create_route(
            RouteTableId=ids["table"], DestinationCidrBlock="0.0.0.0/0", GatewayId=ids["gateway"]
        )
        tasks = [self.make_subnet, self.make_group, self.make_parameter, self.make_role, self.make_bucket]
        self.for_keys(*tasks, self.make_queue)

    def make_subnet(self, key):
        subnet = self.ec2.create_subnet(
            VpcId=self.ids["vpc"],
            CidrBlock=f"10.0.{int(key)}.0/24",
            TagSpecifications=tagged("subnet", f"bench-{key}"),
        )
        subnet = self.ids[f"subnet-{key}"] = subnet["Subnet"]["SubnetId"]
        made = self.ec2.associate_route_table(RouteTableId=self.ids["table"], SubnetId=subnet)
        self.ids[f"association-{key}"] = made["AssociationId"]

    def make_group(self, key):
        group = self.ec2.create_security_group(
            GroupName=f"bench-{key}",
            Description="bench",
            VpcId=self.ids["vpc"],
            TagSpecifications=tagged("security-group", f"bench-{key}"),
        )
        group = self.ids[f"group-{key}"] = group["GroupId"]
        rule = self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=PERMISSION)
        self.ids[f"rule-{key}"] = rule["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def make_parameter(self, key):
        self.ssm.put_parameter(
            Name=f"/bench/{key}", Type="String", Value="first", Tags=tags(f"bench-{key}")
        )

    def make_role(self, key):
        self.iam.create_role(
            RoleName=f"bench-{key}",
            AssumeRolePolicyDocument=json.dumps(TRUST),
            Tags=tags(f"bench-{key}"),
        )

    def make_bucket(self, key):
        name = f"provision-bench-{key}"
        self.s3.create_bucket(Bucket=name)
        self.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags(f"bench-{key}")})

    def make_queue(self, key):
        queue = self.sqs.create_queue(
            QueueName=f"bench-{key}",
            Attributes={"VisibilityTimeout": "60"},
            tags={"Name": f"bench-{key}"},
        )
        self.ids[f"queue-{key}"] = queue["QueueUrl"]

    # Read

    def read(self):
        ec2, ids = self.ec2, self.ids
        vpc = ec2.describe_vpcs(VpcIds=[ids["vpc"]])["Vpcs"][0]
        check("vpc", vpc["CidrBlock"] == "10.0.0.0/16" and has_tag(vpc, "bench"))
        gateway = ec2.describe_internet_gateways(InternetGatewayIds=[ids["gateway"]])
        gateway = gateway["InternetGateways"][0]
        check("gateway", gateway["Attachments"][0]["VpcId"] == ids["vpc"] and has_tag(gateway, "bench"))
        table = ec2.describe_route_tables(RouteTableIds=[ids["table"]])["RouteTables"][0]
        check("route", any(route.get("GatewayId") == ids["gateway"] for route in table["Routes"]))
        tasks = [self.read_subnet, self.read_association, self.read_group, self.read_rule]
        self.for_keys(*tasks, self.read_parameter, self.read_role, self.read_bucket, self.read_queue)

    def read_subnet(self, key):
        found = self.ec2.describe_subnets(SubnetIds=[self.ids[f"subnet-{key}"]])["Subnets"][0]
        right = found["CidrBlock"] == f"10.0.{int(key)}.0/24" and found["VpcId"] == self.ids["vpc"]
        check(f"subnet {key}", right and has_tag(found, f"bench-{key}"))

    def read_association(self, key):
        filters = [{"Name": "association.subnet-id", "Values": [self.ids[f"subnet-{key}"]]}]
        found = self.ec2.describe_route_tables(Filters=filters)["RouteTables"]
        check(f"association {key}", [table["RouteTableId"] for table in found] == [self.ids["table"]])

    def read_group(self, key):
        found = self.ec2.describe_security_groups(GroupIds=[self.ids[f"group-{key}"]])
        found = found["SecurityGroups"][0]
        right = found["GroupName"] == f"bench-{key}" and found["VpcId"] == self.ids["vpc"]
        check(f"group {key}", right and has_tag(found, f"bench-{key}"))

    def read_rule(self, key):
        ids = [self.ids[f"rule-{key}"]]
        rule = self.ec2.describe_security_group_rules(SecurityGroupRuleIds=ids)["SecurityGroupRules"][0]
        check(f"rule {key}", (rule["FromPort"], rule["ToPort"], rule["CidrIpv4"]) == (443, 443, "10.0.0.0/16"))

    def read_parameter(self, key):
        found = self.ssm.get_parameter(Name=f"/bench/{key}")["Parameter"]
        check(f"parameter {key}", found["Value"] == "first")

    def read_role(self, key):
        found = self.iam.get_role(RoleName=f"bench-{key}")["Role"]
        check(f"role {key}", found["AssumeRolePolicyDocument"] == TRUST and has_tag(found, f"bench-{key}"))

    def read_bucket(self, key):
        found = self.s3.get_bucket_tagging(Bucket=f"provision-bench-{key}")
        check(f"bucket {key}", found["TagSet"] == tags(f"bench-{key}"))

    def read_queue(self, key):
        url = self.ids[f"queue-{key}"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        check(f"queue {key}", found["VisibilityTimeout"] == "60")

    # Change

    def change(self):
        self.read()
        self.ssm.put_parameter(Name="/bench/000", Type="String", Value="second", Overwrite=True)

    # Destroy

    def destroy(self):
        ec2, ids = self.ec2, self.ids
        tasks = [self.drop_subnet, self.drop_group, self.drop_parameter, self.drop_role, self.drop_bucket]
        self.for_keys(*tasks, self.drop_queue)
        ec2.delete_route(RouteTableId=ids["table"], DestinationCidrBlock="0.0.0.0/0")
        ec2.delete_route_table(RouteTableId=ids["table"])
        ec2.detach_internet_gateway(InternetGatewayId=ids["gateway"], VpcId=ids["vpc"])
        ec2.delete_internet_gateway(InternetGatewayId=ids["gateway"])
        ec2.delete_vpc(VpcId=ids["vpc"])

    def drop_subnet(self, key):
        self.ec2.disassociate_route_table(AssociationId=self.ids[f"association-{key}"])
        self.ec2.delete_subnet(SubnetId=self.ids[f"subnet-{key}"])

    def drop_group(self, key):
        group, rule = self.ids[f"group-{key}"], self.ids[f"rule-{key}"]
        self.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])
        self.ec2.delete_security_group(GroupId=group)

    def drop_parameter(self, key):
        self.ssm.delete_parameter(Name=f"/bench/{key}")

    def drop_role(self, key):
        self.iam.delete_role(RoleName=f"bench-{key}")

    def drop_bucket(self, key):
        self.s3.delete_bucket(Bucket=f"provision-bench-{key}")

    def drop_queue(self, key):
        self.sqs.delete_queue(QueueUrl=self.ids[f"queue-{key}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["create", "noop", "drift", "change", "destroy"])
    parser.add_argument("--k", type=int, default=12)
    parser.add_argument("--threads", type=int, default=10)
    parser.add_argument("--state", required=True)
    options = parser.parse_args()
    ids = {}
    if options.verb != "create":
        with open(options.state) as state:
            ids = json.load(state)
    graph = Graph(options, ids)
    verbs = {"create": graph.create, "change": graph.change, "destroy": graph.destroy}
    try:
        verbs.get(options.verb, graph.read)()
    except Differs as differs:
        print(f"{differs} differs")
        sys.exit(2)
    with open(options.state, "w") as state:
        json.dump(ids, state)
    print(json.dumps({"calls": graph.counter.calls}))


if __name__ == "__main__":
    main()
