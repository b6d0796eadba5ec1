"""What moto's Budgets lacks: tags, subscribers that are told and changed, changes of a budget itself."""

import json
from functools import wraps

from moto.budgets import models, responses
from moto.budgets.exceptions import DuplicateRecordException, NotFoundException

Response = responses.BudgetsResponse


def budget(self):
    """The one that is named."""
    account, name = self._get_param("AccountId"), self._get_param("BudgetName")
    self.backend.describe_budget(account, name)
    return self.backend.budgets[account][name]


def tagged(self):
    """The tags of the one whose ARN is given."""
    _, _, _, _, account, name = self._get_param("ResourceARN").split(":", 5)
    found = self.backend.budgets[account].get(name.removeprefix("budget/"))
    if not found:
        raise NotFoundException(f"There is no {name}.")
    return found.tags


def keeping(create):
    @wraps(create)
    def kept(self):
        answer = create(self)
        account, name = self._get_param("AccountId"), self._get_param("Budget")["BudgetName"]
        tags = self._get_param("ResourceTags") or []
        self.backend.budgets[account][name].tags = {tag["Key"]: tag["Value"] for tag in tags}
        return answer

    return kept


def update_budget(self):
    account, wanted = self._get_param("AccountId"), self._get_param("NewBudget")
    self.backend.describe_budget(account, wanted["BudgetName"])
    found = self.backend.budgets[account][wanted["BudgetName"]]
    kept = {key: found.budget[key] for key in ("TimePeriod", "LastUpdatedTime") if key in found.budget}
    found.budget = {**kept, **wanted}
    return "{}"


def notification(self):
    """The one that is meant; AWS takes a threshold of no sort for one in percent."""
    asked = {"ThresholdType": "PERCENTAGE", **self._get_param("Notification")}
    for found in budget(self).notifications:
        if {"ThresholdType": "PERCENTAGE", **found.details} == asked:
            return found
    raise NotFoundException("There is no such notification.")


def describe_subscribers_for_notification(self):
    return json.dumps({"Subscribers": notification(self).subscribers, "NextToken": None})


def create_subscriber(self):
    found, subscriber = notification(self), self._get_param("Subscriber")
    if subscriber in found.subscribers:
        raise DuplicateRecordException("subscriber", subscriber["Address"])
    found.subscribers.append(subscriber)
    return "{}"


def delete_subscriber(self):
    found, subscriber = notification(self), self._get_param("Subscriber")
    if subscriber not in found.subscribers:
        raise NotFoundException("There is no such subscriber.")
    found.subscribers.remove(subscriber)
    if not found.subscribers:
        budget(self).notifications.remove(found)
    return "{}"


def delete_notification(self):
    found = notification(self)
    budget(self).notifications.remove(found)
    return "{}"


def list_tags_for_resource(self):
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in tagged(self).items()]})


def tag_resource(self):
    tagged(self).update({tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags")})
    return "{}"


def untag_resource(self):
    tags = tagged(self)
    for key in self._get_param("ResourceTagKeys"):
        tags.pop(key, None)
    return "{}"


def known_to_tagging():
    """moto's backend, known to its tagging API as well; that of the older moto in LocalStack cannot be."""
    try:
        from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource
    except ImportError:
        return models.BudgetsBackend

    class Backend(TaggableResourcesMixin, models.BudgetsBackend):
        SERVICE_NAMESPACE = "budgets"
        __module__ = models.__name__  # where moto looks for the service's paths

        def iter_tagged_resources(self):
            for account, budgets in self.budgets.items():
                for name, found in budgets.items():
                    arn = f"arn:{self.partition}:budgets::{account}:budget/{name}"
                    yield TaggedResource(arn=arn, tags=dict(found.tags), resource_type="budgets:budget")

    return Backend


def improve():
    """Changes moto's Budgets in this process."""
    models.budgets_backends.backend = known_to_tagging()
    Response.create_budget = keeping(Response.create_budget)
    for operation in (
        update_budget,
        describe_subscribers_for_notification,
        create_subscriber,
        delete_subscriber,
        delete_notification,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
    ):
        setattr(Response, operation.__name__, operation)
