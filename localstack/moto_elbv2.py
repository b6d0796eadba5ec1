"""What moto's Elastic Load Balancing drops of what it is given, and does not tell.

Rules keep their transforms and listeners their client certificates' treatment, load balancers have IPAM
pools and a capacity, a new default certificate leaves the others as they are, and the tagging API tells
of listeners and rules too.
"""

from functools import wraps

from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.elbv2 import models, responses

BACKEND, RESPONSES = models.ELBv2Backend, responses.ELBV2Response


def keep(thing, params, kept):
    """Keeps what moto has no place for, under the name by which its answers look for it."""
    for name, attribute in kept.items():
        if name in params:
            setattr(thing, attribute, params[name])


def keeping(call, key, kept):
    @wraps(call)
    def keeping_call(self):
        answer = call(self)
        keep(answer.result[key][0], self._get_params(), kept)
        return answer

    return keeping_call


def rewriting(modify):
    """ModifyRule can be told of transforms alone, which moto takes for nothing."""

    @wraps(modify)
    def modify_rule(self):
        params = self._get_params()
        [rule] = self.elbv2_backend.describe_rules(None, [params["RuleArn"]])
        rule.transforms = [] if params.get("ResetTransforms") else params.get("Transforms", getattr(rule, "transforms", []))
        if "Conditions" in params or "Actions" in params:
            return modify(self)
        return ActionResult({"Rules": [rule]})

    return modify_rule


def adding_to_default(modify):
    """The default certificate is one of several: ModifyListener changes it alone."""

    @wraps(modify)
    def modify_listener(self, arn, port=None, protocol=None, ssl_policy=None, certificates=None, actions=None):
        [listener] = self.describe_listeners(None, [arn])
        others = [it for it in listener.certificates[1:] if it not in [new["CertificateArn"] for new in certificates or []]]
        listener = modify(self, arn, port, protocol, ssl_policy, certificates, actions)
        if certificates:
            listener.certificates = [listener.certificate, *others]
        return listener

    return modify_listener


def balancer(self):
    [found] = self.elbv2_backend.describe_load_balancers([self._get_param("LoadBalancerArn")], None)
    return found


def modify_ip_pools(self):
    pools = {} if self._get_param("RemoveIpamPools") else self._get_params()["IpamPools"]
    balancer(self).ipam_pools = pools
    return ActionResult({"IpamPools": pools})


def modify_capacity_reservation(self):
    balancer(self).minimum_capacity = self._get_params().get("MinimumLoadBalancerCapacity")
    return describe_capacity_reservation(self)


def describe_capacity_reservation(self):
    minimum = getattr(balancer(self), "minimum_capacity", None)
    states = [{"State": {"Code": "provisioned"}}]
    return ActionResult({"MinimumLoadBalancerCapacity": minimum, "CapacityReservationState": states})


def tells_of_all(iter_tagged_resources):
    @wraps(iter_tagged_resources)
    def iter_all(self):
        yield from iter_tagged_resources(self)
        listeners = [listener for it in self.load_balancers.values() for listener in it.listeners.values()]
        rules = [rule for listener in listeners for rule in listener.rules.values()]
        for noun, things in (("listener", listeners), ("listener-rule", rules)):
            for arn in (thing.arn for thing in things):
                tags = self.tagging_service.get_tag_dict_for_resource(arn)
                yield TaggedResource(arn=arn, tags=tags, resource_type=f"elasticloadbalancing:{noun}")

    return iter_all


def improve():
    mutual = {"MutualAuthentication": "mutual_authentication", "AlpnPolicy": "alpn_policy"}
    of_balancer = {"IpamPools": "ipam_pools", "CustomerOwnedIpv4Pool": "customer_owned_ipv4_pool"}
    RESPONSES.create_load_balancer = keeping(RESPONSES.create_load_balancer, "LoadBalancers", of_balancer)
    port = {"TargetControlPort": "target_control_port"}
    RESPONSES.create_target_group = keeping(RESPONSES.create_target_group, "TargetGroups", port)
    RESPONSES.create_listener = keeping(RESPONSES.create_listener, "Listeners", mutual)
    RESPONSES.modify_listener = keeping(RESPONSES.modify_listener, "Listeners", mutual)
    RESPONSES.create_rule = keeping(RESPONSES.create_rule, "Rules", {"Transforms": "transforms"})
    RESPONSES.modify_rule = rewriting(RESPONSES.modify_rule)
    RESPONSES.modify_ip_pools = modify_ip_pools
    RESPONSES.modify_capacity_reservation = modify_capacity_reservation
    RESPONSES.describe_capacity_reservation = describe_capacity_reservation
    BACKEND.modify_listener = adding_to_default(BACKEND.modify_listener)
    BACKEND.iter_tagged_resources = tells_of_all(BACKEND.iter_tagged_resources)
