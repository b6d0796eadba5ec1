"""Where moto's Route 53 takes what is there for what is not, and the other way round.

It refuses to create a record that was there before, if another one follows it, and creates a second one beside a
record with other values. Deleting one of several records of a name, it deletes whatever has the same identifier.
"""

from functools import wraps

from moto.route53.exceptions import ResourceRecordAlreadyExists
from moto.route53.models import Route53Backend


def key(name, type_, set_identifier):
    """What tells a record from all others of its zone."""
    return name.strip(".").lower(), type_, set_identifier


def key_of(record):
    """moto 5.2 has the `type` that it had as `type_` before, which LocalStack carries."""
    return key(record.name, getattr(record, "type_", None) or record.type, record.set_identifier)


def key_of(record):
    """LocalStack's moto, which is older, has `type_` for `type`."""
    return key(record.name, getattr(record, "type", None) or record.type_, record.set_identifier)


def keys(changes, action):
    records = [it["ResourceRecordSet"] for it in changes if it["Action"] == action]
    return {key(it["Name"], it["Type"], it.get("SetIdentifier")) for it in records}


def knowing_records(change_resource_record_sets):
    @wraps(change_resource_record_sets)
    def change(self, zoneid, change_list):
        zone = self.get_hosted_zone(zoneid)
        created, deleted = keys(change_list, "CREATE"), keys(change_list, "DELETE")
        there = {key_of(it) for it in zone.rrsets}
        for name, type_, _ in created & (there - deleted):
            raise ResourceRecordAlreadyExists(name=f"{name}.", _type=type_)
        forget(zone, created)
        zone.delete_rrset_by_id = lambda _: delete(zone, deleted)
        return change_resource_record_sets(self, zoneid, change_list)

    return change


def forget(zone, created):
    """moto looks records up in the list of all changes that ever were."""
    zone.rr_changes[:] = [it for it in zone.rr_changes if not keys([it], it["Action"]) & created]


def delete(zone, deleted):
    zone.rrsets = [it for it in zone.rrsets if key_of(it) not in deleted]


def improve():
    Route53Backend.change_resource_record_sets = knowing_records(Route53Backend.change_resource_record_sets)
