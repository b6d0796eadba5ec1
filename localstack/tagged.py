"""Stands in for how moto's services tell its tagging API of their tags, which the older moto in LocalStack lacks."""

import sys
from types import ModuleType

from moto.core.base_backend import BaseBackend


class TaggableResourcesMixin:
    """What a service of moto's mixes in. Nobody asks it here: LocalStack's tagging API knows its own services."""


class TaggedResource(dict):
    """A resource with its tags."""


def stand_in():
    try:
        import moto.core.resource_tagging  # noqa: F401
    except ImportError:
        module = ModuleType("moto.core.resource_tagging")
        module.TaggableResourcesMixin, module.TaggedResource = TaggableResourcesMixin, TaggedResource
        sys.modules[module.__name__] = module
        BaseBackend.iter_tagged_resources = lambda self: iter(())
