"""Graphs of plain nodes in three shapes, for provision and for Terraform's core.

Terraform's nodes are `terraform_data`, which needs no provider and calls nobody. Provision's
are SSM parameters on the stub at no latency, so its figures hold their calls as well.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import graph
import measure

LAYERS = 10
# Terraform takes hours to destroy a longer one.
LONGEST_CHAIN = 1_000
VERBS = ["create", "noop", "destroy"]


@dataclass
class Walk:
    shape: str
    nodes: int
    who: str
    verb: str
    cost: measure.Cost


def needs(shape, nodes):
    """For each node, those it needs."""
    if shape == "chain":
        return [[node - 1] if node else [] for node in range(nodes)]
    if shape == "fan-out":
        return [[0] if node else [] for node in range(nodes)]
    width = max(1, nodes // LAYERS)
    above = lambda node: [node - width, (node // width - 1) * width + (node + 1) % width]  # noqa: E731
    return [sorted(set(above(node))) if node >= width else [] for node in range(nodes)]


def measured(ours, stub_of, sizes, folder, log, discard):
    """Walks all shapes side by side; Terraform alone is left out where it is not found.

    A step that fails, or leaves other nodes than it should, ends its walk: `discard` is told why.
    """
    terraform = shutil.which("terraform")
    walks = []
    for shape in ("layered", "fan-out", "chain"):
        for nodes in sizes:
            if shape == "chain" and nodes > LONGEST_CHAIN:
                continue
            edges = needs(shape, nodes)
            walked = {ours.name: _provision(ours, stub_of, edges, folder, log)}
            if terraform:
                walked["terraform"] = _terraform(terraform, edges, folder, log)
            for who, (costs, why) in walked.items():
                walks += [Walk(shape, nodes, who, verb, cost) for verb, cost in costs.items()]
                if why:
                    discard(f"{who}, {shape} of {nodes:,}: {why}")
    return walks


def version():
    """Terraform's version; none where there is no Terraform."""
    if not shutil.which("terraform"):
        return None
    told = subprocess.run(["terraform", "version"], capture_output=True, text=True, check=True)
    return told.stdout.splitlines()[0].removeprefix("Terraform v")


def _provision(ours, stub_of, edges, parent, log):
    folder = Path(tempfile.mkdtemp(dir=parent))
    spec = folder / "shape.yaml"
    spec.write_text("stack: shape\nregion: us-east-1\n\nresources:\n" + "".join(map(_block, range(len(edges)), edges)))
    state = ["--state", folder / "state"]
    words = {
        "create": ["apply", spec, "--yes", *state],
        "noop": ["plan", spec, "--detailed-exitcode", *state],
        "destroy": ["destroy", spec, "--yes", *state],
    }
    with stub_of(0) as stub:

        def fault(verb, cost):
            expected = {} if verb == "destroy" else {"ssm/parameter": len(edges)}
            why = graph.fault(ours, verb, cost, cost.tell(stub.report()), expected)
            stub.count_anew()
            return why

        commands = {verb: [ours.binary, *words[verb]] for verb in VERBS}
        return _steps(commands, ours.environment(stub), folder, log, fault)


def _block(node, needed):
    value = "-".join(f"${{n{other}.version}}" for other in needed) or "root"
    return f"  n{node}:\n    ssm/parameter: {{ name: /shape/{node}, type: String, value: '{value}' }}\n"


def _terraform(terraform, edges, parent, log):
    folder = Path(tempfile.mkdtemp(dir=parent))
    (folder / "main.tf").write_text("".join(map(_resource, range(len(edges)), edges)))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1"}
    measure.run([terraform, "init", "-input=false", "-no-color"], environment, folder, log)
    words = {
        "create": ["apply", "-auto-approve"],
        "noop": ["plan", "-detailed-exitcode"],
        "destroy": ["destroy", "-auto-approve"],
    }
    ending = ["-input=false", "-no-color"]
    commands = {verb: [terraform, *words[verb], *ending] for verb in VERBS}
    exited = lambda verb, cost: f"{verb} exited with {cost.status}" if cost.status else None  # noqa: E731
    return _steps(commands, environment, folder, log, exited)


def _resource(node, needed):
    inputs = ", ".join(f"terraform_data.n{other}.id" for other in needed)
    return f'resource "terraform_data" "n{node}" {{\n  input = [{inputs}]\n}}\n'


def _steps(commands, environment, folder, log, fault):
    """What each step cost, up to the first with a fault, and that fault."""
    costs, why = {}, None
    for verb, command in commands.items():
        cost = measure.run(command, environment, folder, log)
        if why := fault(verb, cost):
            break
        costs[verb] = cost
    shutil.rmtree(folder)
    return costs, why
