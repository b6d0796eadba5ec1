// The common graph of the benchmark for alchemy, as parallel as its references allow.
//
//     node alchemy.run.mjs --k=12 --release=first --state=FOLDER [--destroy]
//
// Its own waits are cut to 50 ms: by default it looks again every second or two.

import path from "node:path";
import alchemy from "alchemy";
import { Bucket, Queue, Role, SSMParameter } from "alchemy/aws";
import {
  InternetGateway,
  InternetGatewayAttachment,
  Route,
  RouteTable,
  RouteTableAssociation,
  SecurityGroup,
  SecurityGroupRule,
  Subnet,
  Vpc,
} from "alchemy/aws/ec2";
import { FileSystemStateStore } from "alchemy/state";

const given = (name) => process.argv.find((word) => word.startsWith(`--${name}=`))?.split("=")[1];
const k = Number(given("k"));
const keys = Array.from({ length: k }, (_, index) => String(index).padStart(3, "0"));
const timeout = { maxAttempts: 100, delayMs: 50 };

const app = await alchemy("bench", {
  stage: "bench",
  quiet: true,
  noTrack: true,
  password: "bench",
  stateStore: (scope) => new FileSystemStateStore(scope, { rootDir: path.join(given("state"), "alchemy") }),
});

const trust = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
};

async function network() {
  const [vpc, gateway] = await Promise.all([
    Vpc("vpc", { cidrBlock: "10.0.0.0/16", tags: { Name: "bench" }, timeout }),
    InternetGateway("gateway", { tags: { Name: "bench" }, timeout }),
  ]);
  const attached = InternetGatewayAttachment("attachment", { internetGateway: gateway, vpc, timeout });
  const routes = async () => {
    const table = await RouteTable("table", { vpc, tags: { Name: "bench" }, timeout });
    await attached;
    const target = { internetGateway: gateway };
    await Route("route", { routeTable: table, destinationCidrBlock: "0.0.0.0/0", target, timeout });
    return table;
  };
  const table = routes();
  await Promise.all([...keys.map((key) => subnet(key, vpc, table)), ...keys.map((key) => group(key, vpc))]);
}

async function subnet(key, vpc, table) {
  const tags = { Name: `bench-${key}` };
  const place = { cidrBlock: `10.0.${Number(key)}.0/24`, availabilityZone: "us-east-1a" };
  const made = await Subnet(`subnet-${key}`, { vpc, ...place, tags, timeout });
  await RouteTableAssociation(`association-${key}`, { routeTable: await table, subnet: made, timeout });
}

async function group(key, vpc) {
  const tags = { Name: `bench-${key}` };
  const made = await SecurityGroup(`group-${key}`, {
    vpc,
    groupName: `bench-${key}`,
    description: "bench",
    tags,
    timeout,
  });
  await SecurityGroupRule(`rule-${key}`, {
    securityGroup: made,
    type: "ingress",
    protocol: "tcp",
    fromPort: 443,
    toPort: 443,
    cidrBlocks: ["10.0.0.0/16"],
  });
}

function others(key) {
  const tags = { Name: `bench-${key}` };
  const value = key === "000" ? given("release") : "first";
  return [
    SSMParameter(`parameter-${key}`, { name: `/bench/${key}`, type: "String", value, tags }),
    Role(`role-${key}`, { roleName: `bench-${key}`, assumeRolePolicy: trust, tags }),
    Bucket(`bucket-${key}`, { bucketName: `provision-bench-${key}`, tags }),
    Queue(`queue-${key}`, { queueName: `bench-${key}`, visibilityTimeout: 60, tags }),
  ];
}

await Promise.all([network(), ...keys.flatMap(others)]);
await app.finalize();
