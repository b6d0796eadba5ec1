"""What moto's account authorization details leave out of a policy: its name and its id."""

from moto.iam import models


def improve():
    """Lets them be found under the names that the details have."""
    models.Policy.policy_name = property(lambda policy: policy.name)
    models.Policy.policy_id = property(lambda policy: policy.id)
