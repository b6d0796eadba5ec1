"""Amplify's API as its model states it: which operation a request means, what it may ask, what it is answered."""

import re
from functools import cache
from urllib.parse import parse_qs, unquote

from botocore.session import Session
from botocore.validate import ParamValidator

from .exceptions import BadRequestException


@cache
def service():
    return Session().get_service_model("amplify")


@cache
def routes():
    """Method, pattern and operation, those with the longest path first."""
    operations = [service().operation_model(name) for name in service().operation_names]
    operations.sort(key=lambda operation: -operation.http["requestUri"].count("/"))
    return [(it.http["method"], pattern(it.http["requestUri"]), it) for it in operations]


def pattern(uri):
    # An ARN may come with its slashes as they are.
    names = re.sub(r"\{(\w+)\}", lambda name: f"(?P<{name[1]}>{'.+' if name[1] == 'resourceArn' else '[^/]+'})", uri)
    return re.compile(names)


def operation_of(method, path):
    """The operation that is meant, and what the path says of it; `None` if there is no such operation."""
    for wanted, path_pattern, operation in routes():
        found = path_pattern.fullmatch(path)
        if method == wanted and found:
            return operation, {name: unquote(value) for name, value in found.groupdict().items()}
    return None, {}


def asked(operation, in_path, query, body):
    """The request's members by name, checked against the model."""
    query = parse_qs(query, keep_blank_values=True)
    members = {}
    for name, shape in operation.input_shape.members.items():
        location, wire = shape.serialization.get("location"), shape.serialization.get("name", name)
        if location == "uri":
            members[name] = in_path[wire]
        elif location == "querystring" and wire in query:
            members[name] = from_query(shape, query[wire])
        elif location is None and body.get(wire) is not None:
            members[name] = body[wire]
    check(members, operation.input_shape)
    return members


def from_query(shape, texts):
    if shape.type_name == "list":
        return texts
    return int(texts[0]) if shape.type_name == "integer" else texts[0]


def check(members, shape):
    """What botocore asks of every request, and what it leaves to the service: lengths, patterns and choices."""
    report = ParamValidator().validate(members, shape)
    if report.has_errors():
        raise BadRequestException(report.generate_report())
    constrain(members, shape, "")


def constrain(value, shape, path):
    for demand in broken(value, shape):
        raise BadRequestException(
            f"1 validation error detected: Value at '{path}' failed to satisfy constraint: Member must {demand}"
        )
    if shape.type_name == "structure":
        for name, member in value.items():
            constrain(member, shape.members[name], f"{path}.{name}".lstrip("."))
    elif shape.type_name == "list":
        for index, member in enumerate(value):
            constrain(member, shape.member, f"{path}.{index + 1}.member")
    elif shape.type_name == "map":
        for name, member in value.items():
            constrain(name, shape.key, path)
            constrain(member, shape.value, f"{path}.{name}")


def broken(value, shape):
    metadata = shape.metadata
    size = value if shape.type_name in ("integer", "long") else len(value) if hasattr(value, "__len__") else None
    if size is not None and size < metadata.get("min", size):
        yield f"have length or value greater than or equal to {metadata['min']}"
    if size is not None and size > metadata.get("max", size):
        yield f"have length or value less than or equal to {metadata['max']}"
    if shape.type_name == "string":
        if "pattern" in metadata and not re.fullmatch(python_pattern(metadata["pattern"]), value):
            yield f"satisfy regular expression pattern: {metadata['pattern']}"
        if "enum" in metadata and value not in metadata["enum"]:
            yield f"satisfy enum value set: {metadata['enum']}"


def python_pattern(pattern):
    """Letters, numbers and spaces of all scripts have other names here."""
    return pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\w").replace(r"\p{Z}", r"\s")


def check_answer(answer, operation):
    """An answer that the model does not allow is a fault of the fake."""
    report = ParamValidator().validate(answer, operation.output_shape)
    if report.has_errors():
        raise AssertionError(f"{operation.name}: {report.generate_report()}")
