"""What moto's Application Auto Scaling lacks: the tags of scalable targets, and policies that stay the same ones.

moto makes another policy of one that is put again, with another ARN, and leaves the alarms of the first behind.
"""

import json
from functools import wraps

from moto.applicationautoscaling import models, responses
from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.core.exceptions import JsonRESTError

Response = responses.ApplicationAutoScalingResponse


def target(self, arn):
    for targets in self.applicationautoscaling_backend.targets.values():
        for target in targets.values():
            if target.arn == arn:
                return target
    raise JsonRESTError("ResourceNotFoundException", f"There is no {arn}.")


def keeping(register):
    @wraps(register)
    def kept(self):
        answer = register(self)
        made = target(self, json.loads(answer)["ScalableTargetARN"])
        made.tags = {**getattr(made, "tags", {}), **(self._get_param("Tags") or {})}
        return answer

    return kept


def list_tags_for_resource(self):
    return json.dumps({"Tags": target(self, self._get_param("ResourceARN")).tags})


def tag_resource(self):
    target(self, self._get_param("ResourceARN")).tags.update(self._get_param("Tags"))
    return "{}"


def untag_resource(self):
    tagged = target(self, self._get_param("ResourceARN"))
    tagged.tags = {key: value for key, value in tagged.tags.items() if key not in self._get_param("TagKeys")}
    return "{}"


def staying(put):
    @wraps(put)
    def stayed(self, **asked):
        names = ("service_namespace", "resource_id", "scalable_dimension", "policy_name")
        key = models.FakeApplicationAutoscalingPolicy.formulate_key(*(asked[name] for name in names))
        before = self.policies.get(key)
        policy = put(self, **asked)
        if before:
            before.delete_alarms(self.account_id, self.region_name)
            policy.policy_arn = before.policy_arn
        return policy

    return stayed


def missing(delete):
    """moto tells of what is not there that the request is not valid."""

    @wraps(delete)
    def told(self, *args, **kwargs):
        try:
            return delete(self, *args, **kwargs)
        except AWSValidationException as refusal:
            if "found for service namespace" not in refusal.message:
                raise
            raise JsonRESTError("ObjectNotFoundException", refusal.message) from refusal

    return told


def improve():
    """Changes moto's Application Auto Scaling in this process."""
    Response.register_scalable_target = keeping(Response.register_scalable_target)
    backend = models.ApplicationAutoscalingBackend
    backend.put_scaling_policy = staying(backend.put_scaling_policy)
    backend.delete_scaling_policy = missing(backend.delete_scaling_policy)
    backend.deregister_scalable_target = missing(backend.deregister_scalable_target)
    for operation in (list_tags_for_resource, tag_resource, untag_resource):
        setattr(Response, operation.__name__, operation)
