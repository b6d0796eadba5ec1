"""What moto's CloudWatch lacks: the tags of dashboards, tags that go with their alarm, newer parts of alarms."""

from functools import wraps

from moto.cloudwatch import models, responses
from moto.cloudwatch.exceptions import ResourceNotFoundException

# What an alarm is told in PutMetricAlarm, by where it is kept.
KEPT = {
    "EvaluationWindow": "evaluation_window",
    "WarmUpConfiguration": "warm_up_configuration",
    "EvaluationCriteria": "evaluation_criteria",
    "EvaluationInterval": "evaluation_interval",
    "ActionConfiguration": "action_configuration",
}

Response, Backend = responses.CloudWatchResponse, models.CloudWatchBackend


def putting_alarm(put):
    @wraps(put)
    def was_put(self):
        answer = put(self)
        alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
        for name, attribute in KEPT.items():
            setattr(alarm, attribute, self._get_param(name))
        return answer

    return was_put


def putting_dashboard(put):
    @wraps(put)
    def was_put(self):
        backend, name = self.cloudwatch_backend, self._get_param("DashboardName")
        is_new = backend.get_dashboard(name) is None
        answer = put(self)
        if is_new and (tags := self._get_param("Tags", [])):
            backend.tagger.tag_resource(backend.get_dashboard(name).arn, tags)
        return answer

    return was_put


def deleting_dashboards(delete):
    @wraps(delete)
    def deleted(self, dashboards):
        arns = [self.dashboards[name].arn for name in dashboards if name in self.dashboards]
        error = delete(self, dashboards)
        for arn in arns if error is None else []:
            self.tagger.delete_all_tags_for_resource(arn)
        return error

    return deleted


def deleting_alarms(delete):
    @wraps(delete)
    def deleted(self, alarm_names):
        for name in set(alarm_names) & set(self.alarms):
            self.tagger.delete_all_tags_for_resource(self.alarms[name].alarm_arn)
        delete(self, alarm_names)

    return deleted


def tag_resource(self, arn, tags):
    arns = [alarm.alarm_arn for alarm in self.alarms.values()] + [it.arn for it in self.dashboards.values()]
    if arn not in arns:
        raise ResourceNotFoundException
    self.tagger.tag_resource(arn, self.tagger.convert_dict_to_tags_input(tags))


def with_dashboards(iterate):
    from moto.core.resource_tagging import TaggedResource

    @wraps(iterate)
    def iterated(self):
        yield from iterate(self)
        for dashboard in self.dashboards.values():
            tags = self.tagger.get_tag_dict_for_resource(dashboard.arn)
            yield TaggedResource(arn=dashboard.arn, tags=tags, resource_type="cloudwatch:dashboard")

    return iterated


def improve():
    """Changes moto's CloudWatch in this process."""
    Response.put_metric_alarm = putting_alarm(Response.put_metric_alarm)
    Response.put_dashboard = putting_dashboard(Response.put_dashboard)
    Backend.delete_dashboards = deleting_dashboards(Backend.delete_dashboards)
    Backend.delete_alarms = deleting_alarms(Backend.delete_alarms)
    Backend.tag_resource = tag_resource
    if hasattr(Backend, "iter_tagged_resources"):  # not in the older moto in LocalStack
        Backend.iter_tagged_resources = with_dashboards(Backend.iter_tagged_resources)
