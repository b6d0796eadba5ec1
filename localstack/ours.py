"""What moto lacks and we have: services, in folders laid out as moto's own are, and what mends its own."""

import re
from importlib import import_module
from pathlib import Path

import moto
from moto import backend_index

import tagged

# By the name of the folder, the host that the service is reached at. What moto comes to have itself goes first.
SERVICES = {"amplify": r"https?://amplify\.(.+)\.amazonaws\.com"}

# What mends moto's own services: `moto_NAME.py` each.
MENDS = ["autoscaling", "budgets", "cloudwatch", "dynamodb", "ecs", "elbv2", "iam", "route53", "secrets", "wafv2"]


def register():
    """Lets moto find the services where it looks for its own, and mends what moto has."""
    tagged.stand_in()
    for name in MENDS:
        import_module(f"moto_{name}").improve()
    moto.__path__.append(str(Path(__file__).resolve().parent))
    backend_index.backend_url_patterns.extend((name, re.compile(host)) for name, host in SERVICES.items())
