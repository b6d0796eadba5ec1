//! The stub from outside: what clients do, in their own protocols, and what they must be refused.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncWriteExt, duplex};

use crate::ec2::Waits;
use crate::http::{Answer, Connection, Request};
use crate::world::{self, World};

/// A request signed for a service.
async fn request(service: &str, head: &str, body: &str) -> Request {
    let (mut client, server) = duplex(64 * 1024);
    let scope = format!("authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{service}/aws4_request");
    let text = format!("{head}\r\nhost: stub:1\r\n{scope}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    client.write_all(text.as_bytes()).await.unwrap();
    Connection::new(server).read().await.unwrap().unwrap()
}

async fn ask(world: &mut World, service: &str, head: &str, body: &str) -> Answer {
    world.answer(&world::read(&request(service, head, body).await))
}

async fn form(world: &mut World, service: &str, body: &str) -> Answer {
    ask(world, service, "POST / HTTP/1.1", body).await
}

async fn json_call(world: &mut World, service: &str, target: &str, body: Json) -> (u16, Json) {
    let answer = ask(world, service, &format!("POST / HTTP/1.1\r\nx-amz-target: {target}"), &body.to_string()).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// The text of the first element of this name.
fn first(answer: &Answer, name: &str) -> String {
    let document = roxmltree::Document::parse(&answer.body).unwrap();
    let mut named = document.descendants().filter(|node| node.tag_name().name() == name);
    named.next().and_then(|node| node.text()).unwrap_or_default().to_owned()
}

/// Carries out a call of EC2 that must succeed, and tells the first of a field.
async fn ec2(world: &mut World, body: &str, field: &str) -> String {
    let answer = form(world, "ec2", body).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.body);
    first(&answer, field)
}

/// The code with which a call of EC2 is refused.
async fn refusal(world: &mut World, body: &str) -> String {
    let answer = form(world, "ec2", body).await;
    assert_eq!(answer.status, 400, "{body}: {}", answer.body);
    first(&answer, "Code")
}

const VPC: &str = "Action=CreateVpc&CidrBlock=10.0.0.0%2F16";

#[tokio::test]
async fn a_network_is_made_read_and_removed_in_the_order_aws_allows() {
    let mut world = World::default();
    let vpc = ec2(&mut world, VPC, "vpcId").await;
    let gateway = ec2(&mut world, "Action=CreateInternetGateway", "internetGatewayId").await;
    let table = ec2(&mut world, &format!("Action=CreateRouteTable&VpcId={vpc}"), "routeTableId").await;
    let route = format!("&RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}");
    assert_eq!(refusal(&mut world, &format!("Action=CreateRoute{route}")).await, "InvalidParameterValue");
    let attach = format!("InternetGateway&InternetGatewayId={gateway}&VpcId={vpc}");
    ec2(&mut world, &format!("Action=Attach{attach}"), "return").await;
    assert_eq!(refusal(&mut world, &format!("Action=Attach{attach}")).await, "Resource.AlreadyAssociated");
    ec2(&mut world, &format!("Action=CreateRoute{route}"), "return").await;
    assert_eq!(refusal(&mut world, &format!("Action=CreateRoute{route}")).await, "RouteAlreadyExists");
    let subnet = format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let made = ec2(&mut world, &subnet, "subnetId").await;
    assert_eq!(refusal(&mut world, &subnet).await, "InvalidSubnet.Conflict");
    assert_eq!(refusal(&mut world, &subnet.replace("10.0.1", "10.1.1")).await, "InvalidSubnet.Range");
    let associate = format!("Action=AssociateRouteTable&RouteTableId={table}&SubnetId={made}");
    let association = ec2(&mut world, &associate, "associationId").await;
    let filter = format!("&Filter.1.Name=association.subnet-id&Filter.1.Value.1={made}");
    assert_eq!(ec2(&mut world, &format!("Action=DescribeRouteTables{filter}"), "routeTableId").await, table);
    let counts = json!({
        "vpc": 1, "internet_gateway": 1, "attachment": 1, "route_table": 1, "route": 1, "subnet": 1, "association": 1,
    });
    assert_eq!(world.inventory(), counts);

    let delete_vpc = format!("Action=DeleteVpc&VpcId={vpc}");
    let delete_gateway = format!("Action=DeleteInternetGateway&InternetGatewayId={gateway}");
    let delete_table = format!("Action=DeleteRouteTable&RouteTableId={table}");
    for early in [&delete_vpc, &delete_gateway, &delete_table] {
        assert_eq!(refusal(&mut world, early).await, "DependencyViolation");
    }
    let disassociate = format!("Action=DisassociateRouteTable&AssociationId={association}");
    let delete_subnet = format!("Action=DeleteSubnet&SubnetId={made}");
    let detach = format!("Action=Detach{attach}");
    for call in [disassociate, delete_subnet, delete_table, detach, delete_gateway, delete_vpc] {
        ec2(&mut world, &call, "return").await;
        assert!(refusal(&mut world, &call).await.contains("Not"), "{call}");
    }
    assert_eq!(world.inventory(), json!({}));
}

#[tokio::test]
async fn groups_hold_rules_and_neither_may_be_made_twice() {
    let mut world = World::default();
    let vpc = ec2(&mut world, VPC, "vpcId").await;
    let create = format!("Action=CreateSecurityGroup&GroupName=a&GroupDescription=a&VpcId={vpc}");
    let group = ec2(&mut world, &create, "groupId").await;
    assert_eq!(refusal(&mut world, &create).await, "InvalidGroup.Duplicate");
    let permission = "&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443\
                      &IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/16";
    let authorize = format!("Action=AuthorizeSecurityGroupIngress&GroupId={group}{permission}");
    let rule = ec2(&mut world, &authorize, "securityGroupRuleId").await;
    assert_eq!(refusal(&mut world, &authorize).await, "InvalidPermission.Duplicate");
    let by_id = format!("&Filter.1.Name=security-group-rule-id&Filter.1.Value.1={rule}");
    assert_eq!(ec2(&mut world, &format!("Action=DescribeSecurityGroupRules{by_id}"), "cidrIpv4").await, "10.0.0.0/16");
    assert_eq!(world.inventory(), json!({ "vpc": 1, "security_group": 1, "security_group_rule": 1 }));
    let revoke = format!("Action=RevokeSecurityGroupIngress&GroupId={group}&SecurityGroupRuleId.1={rule}");
    ec2(&mut world, &revoke, "return").await;
    assert_eq!(refusal(&mut world, &revoke).await, "InvalidSecurityGroupRuleId.NotFound");
    ec2(&mut world, &format!("Action=DeleteSecurityGroup&GroupId={group}"), "return").await;
    assert_eq!(world.inventory(), json!({ "vpc": 1 }));
}

#[tokio::test]
async fn describing_takes_ids_filters_and_pages() {
    let mut world = World::default();
    let tag = "&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=";
    let one = ec2(&mut world, &format!("{VPC}{tag}one"), "vpcId").await;
    let two = ec2(&mut world, &format!("{VPC}{tag}two"), "vpcId").await;
    let describe = "Action=DescribeVpcs";
    let by_tag = format!("{describe}&Filter.1.Name=tag:Name&Filter.1.Value.1=two");
    assert_eq!(ec2(&mut world, &by_tag, "vpcId").await, two);
    let token = ec2(&mut world, &format!("{describe}&MaxResults=1"), "nextToken").await;
    let page = form(&mut world, "ec2", &format!("{describe}&MaxResults=1&NextToken={token}")).await;
    assert_eq!((first(&page, "vpcId"), first(&page, "nextToken")), (two, String::new()));
    ec2(&mut world, &format!("{describe}&VpcId.1={one}"), "vpcId").await;
    assert_eq!(refusal(&mut world, &format!("{describe}&VpcId.1=vpc-0")).await, "InvalidVpcID.NotFound");
    let unknown = format!("{describe}&Filter.1.Name=colour&Filter.1.Value.1=red");
    assert_eq!(refusal(&mut world, &unknown).await, "InvalidParameterValue");
}

/// A world in which NAT gateways take two seconds, one of them three, and endpoints one.
fn slow() -> World {
    let waits = [("nat_gateway", 2), ("late", 3), ("vpc_endpoint", 1)];
    World::new(Waits(waits.map(|(name, seconds)| (name.to_owned(), Duration::from_secs(seconds))).into()))
}

/// A subnet of a VPC with an internet gateway, and the ids of all three.
async fn subnet(world: &mut World) -> [String; 3] {
    let vpc = ec2(world, VPC, "vpcId").await;
    let gateway = ec2(world, "Action=CreateInternetGateway", "internetGatewayId").await;
    let attach = format!("Action=AttachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}");
    ec2(world, &attach, "return").await;
    let subnet = format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.1.0/24");
    [ec2(world, &subnet, "subnetId").await, vpc, gateway]
}

#[tokio::test(start_paused = true)]
async fn a_nat_gateway_is_pending_then_there_then_deleting_then_deleted() {
    let mut world = slow();
    let [subnet, vpc, gateway] = subnet(&mut world).await;
    let table = ec2(&mut world, &format!("Action=CreateRouteTable&VpcId={vpc}"), "routeTableId").await;
    let address = ec2(&mut world, "Action=AllocateAddress", "allocationId").await;
    let create = format!("Action=CreateNatGateway&SubnetId={subnet}&AllocationId={address}");
    let nat = ec2(&mut world, &create, "natGatewayId").await;
    assert_eq!(refusal(&mut world, &create).await, "Resource.AlreadyAssociated");
    let describe = format!("Action=DescribeNatGateways&Filter.1.Name=nat-gateway-id&Filter.1.Value.1={nat}");
    let route = format!("Action=CreateRoute&RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&NatGatewayId={nat}");
    tokio::time::advance(Duration::from_millis(1999)).await;
    assert_eq!(ec2(&mut world, &describe, "state").await, "pending");
    assert_eq!(refusal(&mut world, &route).await, "InvalidParameterValue");
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(ec2(&mut world, &describe, "state").await, "available");
    assert_eq!(ec2(&mut world, &describe, "allocationId").await, address);
    ec2(&mut world, &route, "return").await;
    assert_eq!(world.inventory()["nat_gateway"], json!(1));

    let release = format!("Action=ReleaseAddress&AllocationId={address}");
    let held = [
        (format!("Action=DeleteSubnet&SubnetId={subnet}"), "DependencyViolation"),
        (format!("Action=DetachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}"), "DependencyViolation"),
        (release, "InvalidIPAddress.InUse"),
    ];
    ec2(&mut world, &format!("Action=DeleteNatGateway&NatGatewayId={nat}"), "natGatewayId").await;
    assert_eq!(ec2(&mut world, &describe, "state").await, "deleting");
    for (call, code) in &held {
        assert_eq!(refusal(&mut world, call).await, *code);
    }
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(ec2(&mut world, &describe, "state").await, "deleted");
    for (call, _) in &held {
        ec2(&mut world, call, "return").await;
    }
    assert_eq!(world.inventory(), json!({ "vpc": 1, "internet_gateway": 1, "route_table": 1, "route": 1 }));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_holds_its_subnets_and_group_until_it_is_gone() {
    let mut world = slow();
    let [subnet, vpc, _] = subnet(&mut world).await;
    let group = format!("Action=CreateSecurityGroup&GroupName=a&GroupDescription=a&VpcId={vpc}");
    let group = ec2(&mut world, &group, "groupId").await;
    let create = format!(
        "Action=CreateVpcEndpoint&VpcEndpointType=Interface&ServiceName=ssm&VpcId={vpc}&SubnetId.1={subnet}\
         &SecurityGroupId.1={group}"
    );
    let endpoint = ec2(&mut world, &create, "vpcEndpointId").await;
    let describe = format!("Action=DescribeVpcEndpoints&VpcEndpointId.1={endpoint}");
    assert_eq!(ec2(&mut world, &describe, "state").await, "pending");
    tokio::time::advance(Duration::from_secs(1)).await;
    let shown = form(&mut world, "ec2", &describe).await;
    assert_eq!((first(&shown, "state"), first(&shown, "groupId")), ("available".to_owned(), group.clone()));
    let delete = format!("Action=DeleteVpcEndpoints&VpcEndpointId.1={endpoint}");
    assert_eq!(ec2(&mut world, &delete, "code").await, "");
    let held =
        [format!("Action=DeleteSubnet&SubnetId={subnet}"), format!("Action=DeleteSecurityGroup&GroupId={group}")];
    for call in &held {
        assert_eq!(refusal(&mut world, call).await, "DependencyViolation");
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(refusal(&mut world, &describe).await, "InvalidVpcEndpointId.NotFound");
    assert_eq!(ec2(&mut world, &delete, "code").await, "InvalidVpcEndpointId.NotFound");
    for call in &held {
        ec2(&mut world, call, "return").await;
    }
    assert_eq!(world.inventory(), json!({ "vpc": 1, "internet_gateway": 1, "attachment": 1 }));
}

#[tokio::test(start_paused = true)]
async fn a_name_has_a_wait_of_its_own_and_all_waits_are_told() {
    let mut world = slow();
    let [subnet, ..] = subnet(&mut world).await;
    let create = format!("Action=CreateNatGateway&ConnectivityType=private&SubnetId={subnet}");
    ec2(&mut world, &create, "natGatewayId").await;
    tokio::time::advance(Duration::from_secs(1)).await;
    let tag = "&TagSpecification.1.ResourceType=natgateway&TagSpecification.1.Tag.1.Key=Name";
    ec2(&mut world, &format!("{create}{tag}&TagSpecification.1.Tag.1.Value=late"), "natGatewayId").await;
    let told = json!([
        { "of": "nat_gateway", "to": "available", "from_ms": 0, "until_ms": 2000 },
        { "of": "late", "to": "available", "from_ms": 1000, "until_ms": 4000 },
    ]);
    assert_eq!(world.waited(), told);
}

#[tokio::test]
async fn parameters_are_read_ten_at_a_time() {
    let mut world = World::default();
    let put = json!({ "Name": "/a", "Type": "String", "Value": "1", "Tags": [{ "Key": "k", "Value": "v" }] });
    let call = async |world: &mut World, action: &str, body: Json| {
        json_call(world, "ssm", &format!("AmazonSSM.{action}"), body).await
    };
    assert_eq!(call(&mut world, "PutParameter", put.clone()).await.0, 200);
    assert_eq!(call(&mut world, "PutParameter", put).await.1["__type"], "ParameterAlreadyExists");
    let found = call(&mut world, "GetParameters", json!({ "Names": ["/a", "/b"] })).await.1;
    assert_eq!((&found["Parameters"][0]["Value"], &found["InvalidParameters"]), (&json!("1"), &json!(["/b"])));
    assert_eq!(call(&mut world, "GetParameters", json!({ "Names": vec!["/a"; 11] })).await.0, 400);
    let arn = found["Parameters"][0]["ARN"].clone();
    let asked = json!({ "ResourceARNList": [arn, "arn:aws:s3:::none"] });
    let tags = json_call(&mut world, "tagging", "ResourceGroupsTaggingAPI_20170126.GetResources", asked).await.1;
    let shown = json!([{ "ResourceARN": arn, "Tags": [{ "Key": "k", "Value": "v" }] }]);
    assert_eq!(tags["ResourceTagMappingList"], shown);
    assert_eq!(call(&mut world, "DeleteParameter", json!({ "Name": "/a" })).await.0, 200);
    assert_eq!(call(&mut world, "DeleteParameter", json!({ "Name": "/a" })).await.1["__type"], "ParameterNotFound");
}

#[tokio::test]
async fn roles_are_listed_with_their_details() {
    let mut world = World::default();
    let create =
        "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%7D&Tags.member.1.Key=k&Tags.member.1.Value=v";
    assert_eq!(first(&form(&mut world, "iam", create).await, "RoleName"), "r");
    assert_eq!(first(&form(&mut world, "iam", create).await, "Code"), "EntityAlreadyExists");
    let details = form(&mut world, "iam", "Action=GetAccountAuthorizationDetails&Filter.member.1=Role").await;
    let told = ["RoleName", "AssumeRolePolicyDocument", "Value", "IsTruncated"].map(|name| first(&details, name));
    assert_eq!(told, ["r", "%7B%7D", "v", "false"]);
    assert_eq!(form(&mut world, "iam", "Action=DeleteRole&RoleName=r").await.status, 200);
    assert_eq!(first(&form(&mut world, "iam", "Action=GetRole&RoleName=r").await, "Code"), "NoSuchEntity");
}

#[tokio::test]
async fn buckets_carry_the_tags_they_are_made_with_or_given() {
    let mut world = World::default();
    let configuration = "<C><Tags><Tag><Key>k</Key><Value>v</Value></Tag></Tags></C>";
    assert_eq!(ask(&mut world, "s3", "PUT /b HTTP/1.1", configuration).await.status, 200);
    assert_eq!(ask(&mut world, "s3", "PUT /b HTTP/1.1", configuration).await.status, 409);
    assert_eq!(first(&ask(&mut world, "s3", "GET /b?tagging HTTP/1.1", "").await, "Value"), "v");
    assert_eq!(first(&ask(&mut world, "s3", "GET /?max-buckets=1 HTTP/1.1", "").await, "Name"), "b");
    assert_eq!(ask(&mut world, "s3", "DELETE /b?tagging HTTP/1.1", "").await.status, 204);
    assert_eq!(first(&ask(&mut world, "s3", "GET /b?tagging HTTP/1.1", "").await, "Code"), "NoSuchTagSet");
    assert_eq!(world.inventory(), json!({ "s3/bucket": 1 }));
    assert_eq!(ask(&mut world, "s3", "DELETE /b?x-id=DeleteBucket HTTP/1.1", "").await.status, 204);
    assert_eq!(first(&ask(&mut world, "s3", "GET /b?tagging HTTP/1.1", "").await, "Code"), "NoSuchBucket");
}

#[tokio::test]
async fn queues_have_what_sqs_chooses_and_what_is_stated() {
    let mut world = World::default();
    let call = async |world: &mut World, action: &str, body: Json| {
        json_call(world, "sqs", &format!("AmazonSQS.{action}"), body).await.1
    };
    let create = json!({ "QueueName": "q", "Attributes": { "VisibilityTimeout": "60" }, "tags": { "k": "v" } });
    let url = call(&mut world, "CreateQueue", create).await["QueueUrl"].clone();
    assert_eq!(url, "http://stub:1/123456789012/q");
    let asked = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
    let attributes = call(&mut world, "GetQueueAttributes", asked).await["Attributes"].clone();
    assert_eq!((&attributes["VisibilityTimeout"], &attributes["DelaySeconds"]), (&json!("60"), &json!("0")));
    assert_eq!(call(&mut world, "ListQueueTags", json!({ "QueueUrl": url })).await["Tags"], json!({ "k": "v" }));
    let other = json!({ "QueueName": "q", "Attributes": { "VisibilityTimeout": "61" } });
    assert_eq!(call(&mut world, "CreateQueue", other).await["__type"], "QueueNameExists");
    call(&mut world, "DeleteQueue", json!({ "QueueUrl": url })).await;
    assert_eq!(call(&mut world, "GetQueueUrl", json!({ "QueueName": "q" })).await["__type"], "QueueDoesNotExist");
}

#[tokio::test]
async fn what_the_stub_does_not_know_never_succeeds() {
    let mut world = World::default();
    for (service, head, body) in [
        ("ec2", "POST / HTTP/1.1", "Action=RunInstances"),
        ("iam", "POST / HTTP/1.1", "Action=CreateUser"),
        ("sts", "POST / HTTP/1.1", "Action=AssumeRole"),
        ("ssm", "POST / HTTP/1.1\r\nx-amz-target: AmazonSSM.GetDocument", "{}"),
        ("sqs", "POST / HTTP/1.1\r\nx-amz-target: AmazonSQS.SendMessage", "{}"),
        ("tagging", "POST / HTTP/1.1\r\nx-amz-target: Tagging.TagResources", "{}"),
        ("s3", "PUT /b?versioning HTTP/1.1", "<a/>"),
        ("s3", "PUT /b/object HTTP/1.1", "text"),
        ("lambda", "GET /functions HTTP/1.1", ""),
    ] {
        let answer = ask(&mut world, service, head, body).await;
        assert_eq!((answer.status, answer.body.contains("NotImplemented")), (501, true), "{service} {head} {body}");
    }
}
