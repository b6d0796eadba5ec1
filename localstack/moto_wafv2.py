"""What moto's WAF drops of what it is given, and does not tell.

A resource has one web ACL at most, a web ACL tells what it guards and may have no rules again, and the
tagging API tells of web ACLs.
"""

import json
from functools import wraps

from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource
from moto.wafv2 import models, responses

ACL, BACKEND, RESPONSES = models.FakeWebACL, models.WAFV2Backend, responses.WAFV2Response

# What moto has no place for.
DROPPED = ("DataProtectionConfig", "OnSourceDDoSProtectionConfig", "ApplicationConfig", "MonetizationConfig")


def keeping(call, acl_of):
    @wraps(call)
    def keeping_call(self):
        answer = call(self)
        body = json.loads(self.body)
        acl = acl_of(self.wafv2_backend, body)
        acl.kept = {**getattr(acl, "kept", {}), **{name: body[name] for name in DROPPED if name in body}}
        if not body.get("Rules"):
            acl.rules = []
        return answer

    return keeping_call


def named(backend, body):
    return next(it for it in backend.wacls.values() if it.name == body["Name"])


def telling(to_dict):
    @wraps(to_dict)
    def told(self):
        return {**to_dict(self), **getattr(self, "kept", {})}

    return told


def replacing(associate):
    @wraps(associate)
    def associate_web_acl(self, web_acl_arn, resource_arn):
        if web_acl_arn in self.wacls:
            self.disassociate_web_acl(resource_arn)
        associate(self, web_acl_arn, resource_arn)

    return associate_web_acl


def list_resources_for_web_acl(self):
    acl = self.wafv2_backend.get_web_acl(self._get_param("WebACLArn"), None, None)
    kind = self._get_param("ResourceType") or "APPLICATION_LOAD_BALANCER"
    found = acl.associated_resources if kind == "APPLICATION_LOAD_BALANCER" else []
    return 200, {"Content-Type": "application/json"}, json.dumps({"ResourceArns": found})


def iter_tagged_resources(self):
    for arn in self.wacls:
        tags = self.tagging_service.get_tag_dict_for_resource(arn)
        yield TaggedResource(arn=arn, tags=tags, resource_type="wafv2:webacl")


def improve():
    RESPONSES.create_web_acl = keeping(RESPONSES.create_web_acl, named)
    RESPONSES.update_web_acl = keeping(RESPONSES.update_web_acl, named)
    RESPONSES.list_resources_for_web_acl = list_resources_for_web_acl
    ACL.to_dict = telling(ACL.to_dict)
    BACKEND.associate_web_acl = replacing(BACKEND.associate_web_acl)
    BACKEND.SERVICE_NAMESPACE, BACKEND.iter_tagged_resources = "wafv2", iter_tagged_resources
    BACKEND.__bases__ = (*BACKEND.__bases__, TaggableResourcesMixin)
