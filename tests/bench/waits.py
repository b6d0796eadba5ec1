"""An apply that waits for AWS, twenty times as fast as AWS is, and the least it can take.

The floor is worked out here from `waits.yaml` and the waits the stub is told, and owes nothing to
what provision says of itself. A resource may be asked for once the ids it names are known, which
takes one answer, and once what it names in `depends_on` is seen to be there. It is there after
its calls, one answer each, or after its wait if that is longer, and seen by one answer more. What
is refused until a NAT gateway is ready waits for that. Starting the program, planning and writing
the state are no part of the floor.
"""

import re
from dataclasses import dataclass

import contenders
import graph
import measure

SPEC = contenders.HERE / "waits.yaml"
LATENCY = 50
SCALE = 20
# What AWS takes, in seconds, by the name in the inventory or in the spec: as with a load balancer,
# and with nothing that takes longer than its kind is expected to.
LONG, PLAIN = "load balancer", "as expected"
CASES = {
    LONG: {"nat_gateway": 90, "vpc_endpoint": 60, "balancer": 170},
    PLAIN: {"nat_gateway": 90, "vpc_endpoint": 60, "balancer": 90},
}
# The changing calls of a kind that cannot all be made at once, where there is more than the create.
CALLS = {"ec2/internet_gateway": 2, "ec2/route_table": 2}
# Kinds whose id is of no use before they are ready.
LATE = ("ec2/nat_gateway", "ec2/vpc_endpoint")
INVENTORY = {
    "vpc": 1,
    "internet_gateway": 1,
    "attachment": 1,
    "subnet": 4,
    "route_table": 3,
    "route": 3,
    "association": 4,
    "eip": 2,
    "nat_gateway": 3,
    "security_group": 1,
    "vpc_endpoint": 1,
}


@dataclass
class Block:
    """A resource of the spec, and the names it needs by reference and by `depends_on`."""

    kind: str
    named: set
    after: set


@dataclass
class Times:
    """When a resource can be asked for, have an id and be seen ready at the earliest, in seconds."""

    asked: float
    known: float
    seen: float
    needed: str | None


@dataclass
class Apply:
    """What an apply cost, and its waits as the stub tells them: of what, from when until when."""

    cost: measure.Cost
    waits: list


def blocks():
    """The resources of the spec; instances of one are alike, so a block stands for all of them."""
    text = SPEC.read_text().split("\nresources:\n")[1]
    found = {name: body for name, body in re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", text, re.MULTILINE)}
    of = lambda pattern, body: set(re.findall(r"\w+", " ".join(re.findall(pattern, body)))) & found.keys()  # noqa: E731
    return {
        name: Block(
            re.search(r"^    (\w+/\w+):", body, re.MULTILINE)[1],
            of(r"\$\{([^}]*)\}", body),
            of(r"depends_on: \[(.*)\]", body),
        )
        for name, body in found.items()
    }


def floor(seconds):
    """The earliest times of every resource, by its name, where AWS takes so long."""
    answer, spec, times = LATENCY / 1000, blocks(), {}

    def visit(name):
        if name not in times:
            block = spec[name]
            needs = {other: visit(other).seen for other in block.after}
            for other in block.named - block.after:
                needs[other] = visit(other).seen if spec[other].kind in LATE else visit(other).known
            needed = max(sorted(needs), key=needs.get, default=None)
            asked = needs.get(needed, 0.0)
            wait = seconds.get(name, seconds.get(block.kind.removeprefix("ec2/"), 0)) / SCALE
            there = asked + max(CALLS.get(block.kind, 1) * answer, wait)
            times[name] = Times(asked, asked + answer, there + answer, needed)
        return times[name]

    for name in spec:
        visit(name)
    return times


def least(seconds):
    return max(time.seen for time in floor(seconds).values())


def chain(seconds):
    """The names on the longest path, first to last."""
    times, path = floor(seconds), []
    name = max(times, key=lambda name: times[name].seen)
    while name:
        path.append(name)
        name = times[name].needed
    return path[::-1]


def delay(apply, seconds):
    """How much later than the floor's the balancer was asked for, from the first NAT gateway on."""
    times = floor(seconds)
    begun = next(wait["from_ms"] for wait in apply.waits if wait["of"] == "balancer") / 1000
    return begun - (times["balancer"].asked - times["nat"].asked)


class Slowly(contenders.Provision):
    """provision, told that time runs faster by as much as it does on the stub."""

    tempo = str(1 / SCALE)

    def command(self, verb, k, folder):
        words = {
            "create": ["apply", SPEC, "--yes"],
            "noop": ["plan", SPEC, "--detailed-exitcode"],
            "destroy": ["destroy", SPEC, "--yes"],
        }
        return [self.binary, *words[verb], "--state", folder / "state"]


def life(binary, seconds, stub_of, folder, log):
    """An apply, or None and why it does not count."""
    contender = Slowly(binary)
    pending = {name: round(time * 1000 / SCALE) for name, time in seconds.items()}
    with stub_of(LATENCY, pending) as stub:
        for verb in ("create", "noop", "destroy"):
            stub.count_anew()
            cost = contender.run(verb, None, stub, folder, log)
            report = cost.tell(stub.report())
            if why := graph.fault(contender, verb, cost, report, {} if verb == "destroy" else INVENTORY):
                return None, why
            if verb == "create":
                apply = Apply(cost, report["waits"])
    return apply, None
