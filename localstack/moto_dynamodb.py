"""What moto's DynamoDB lacks: table classes, bounds of what is paid by the request, insights, new keys, new streams."""

from functools import wraps

from moto.core.responses import ActionResult
from moto.dynamodb import models, responses
from moto.dynamodb.exceptions import StreamAlreadyEnabledException
from moto.dynamodb.models.table import Table

Response = responses.DynamoHandler
KEPT = {"TableClass": "table_class", "OnDemandThroughput": "on_demand_throughput"}


def keep(table, body):
    for name, attribute in KEPT.items():
        if name in body:
            setattr(table, attribute, body[name])
    if body.get("BillingMode") == "PAY_PER_REQUEST":
        table.throughput = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0}


def creating(create):
    @wraps(create)
    def created(self):
        answer = create(self)
        table = self.dynamodb_backend.tables[self.body["TableName"]]
        self.dynamodb_backend.resource_policies.pop(table.table_arn, None)
        keep(table, self.body)
        if policy := self.body.get("ResourcePolicy"):
            self.dynamodb_backend.put_resource_policy(table.table_arn, policy, None)
        return answer

    return created


def updating(update):
    @wraps(update)
    def updated(self):
        answer = update(self)
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        keep(table, self.body)
        if sse := self.body.get("SSESpecification"):
            default = table._get_default_encryption_key(table.account_id, table.region_name)
            table.sse_specification = {"KMSMasterKeyId": default, **sse}
        return answer

    return updated


def describing(describe):
    @wraps(describe)
    def described(self, base_key="TableDescription"):
        told = describe(self, base_key)
        told[base_key]["TableClassSummary"] = {"TableClass": getattr(self, "table_class", "STANDARD")}
        if bounds := getattr(self, "on_demand_throughput", None):
            told[base_key]["OnDemandThroughput"] = bounds
        return told

    return described


def update_table_streams(self, table, stream_specification):
    """moto takes a stream that has ended for one that is still there."""
    is_on = table.stream_specification["StreamEnabled"]
    if is_on and stream_specification.get("StreamEnabled"):
        raise StreamAlreadyEnabledException
    table.set_stream_specification(stream_specification)


def update_contributor_insights(self):
    table = self.dynamodb_backend.get_table(self.body["TableName"])
    mode = self.body.get("ContributorInsightsMode", "ACCESSED_AND_THROTTLED_KEYS")
    table.insights = mode if self.body["ContributorInsightsAction"] == "ENABLE" else None
    return describe_contributor_insights(self)


def describe_contributor_insights(self):
    table = self.dynamodb_backend.get_table(self.body["TableName"])
    mode = getattr(table, "insights", None)
    told = {"TableName": table.name, "ContributorInsightsStatus": "ENABLED" if mode else "DISABLED"}
    return ActionResult({**told, "ContributorInsightsMode": mode} if mode else told)


def improve():
    """Changes moto's DynamoDB in this process."""
    Response.create_table = creating(Response.create_table)
    Response.update_table = updating(Response.update_table)
    Response.update_contributor_insights = update_contributor_insights
    Response.describe_contributor_insights = describe_contributor_insights
    Table.describe = describing(Table.describe)
    models.DynamoDBBackend.update_table_streams = update_table_streams
