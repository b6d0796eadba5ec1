"""What LocalStack's CloudWatch lacks: dashboards with tags, and AWS's own answer where there is none of a name."""

from functools import wraps


def tags(request):
    """What a request in CBOR tells of tags: LocalStack's model of PutDashboard has none yet."""
    from cbor2 import loads

    is_cbor = request.headers.get("smithy-protocol") == "rpc-v2-cbor"
    return loads(request.data).get("Tags", []) if is_cbor else []


def getting(get):
    from localstack.aws.api.cloudwatch import DashboardNotFoundError

    @wraps(get)
    def got(self, context, dashboard_name, **kwargs):
        if dashboard_name not in self.get_store(context.account_id, context.region).dashboards:
            raise DashboardNotFoundError(f"Dashboard {dashboard_name} does not exist")
        return get(self, context, dashboard_name, **kwargs)

    return got


def putting(put):
    @wraps(put)
    def was_put(self, context, dashboard_name, dashboard_body, **kwargs):
        store = self.get_store(context.account_id, context.region)
        is_new = dashboard_name not in store.dashboards
        answer = put(self, context, dashboard_name, dashboard_body, **kwargs)
        if is_new:
            arn = store.dashboards[dashboard_name].dashboard_arn
            self._remove_all_resource_tags(arn, context.account_id, context.region)
            self._set_resource_tags(arn, context.account_id, context.region, tags(context.request))
        return answer

    return was_put


def improve():
    """Changes LocalStack's CloudWatch in this process; it is loaded when it is first used."""
    from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider

    CloudwatchProvider.get_dashboard = getting(CloudwatchProvider.get_dashboard)
    CloudwatchProvider.put_dashboard = putting(CloudwatchProvider.put_dashboard)
