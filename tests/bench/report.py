"""The tables: what each cost, how ours compares, which targets are met."""

import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

import contenders
import graph
import shapes
import waits

OURS, CAPPED, MANY = "provision", "provision, 10 at once", "boto3, 10 threads"
BIG = (50, 124)


def text(bench, start, walks, versions, absent, load):
    """The whole report. `load` is the machine's before anything was measured."""
    pairs = bench.pairs
    parts = [_head(bench.options, versions, absent, load), _targets(pairs, start, walks, bench.applies)]
    for latency, k in sorted({key[:2] for key in pairs}, key=lambda at: (at[1], at[0])):
        here = {key[2:]: runs for key, runs in pairs.items() if key[:2] == (latency, k)}
        parts += [f"## K = {k} ({graph.resources(k)} resources), {latency} ms", _costs(here, latency), _ratios(here)]
    parts.append(_waits(bench.applies))
    if walks:
        parts.append(_walks(walks))
    if bench.discarded:
        parts.append("## Discarded runs\n\n" + "\n".join(f"- {run}" for run in bench.discarded))
    return "\n\n".join(parts) + "\n"


def _head(options, versions, absent, load):
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=contenders.ROOT, capture_output=True, text=True
    ).stdout.strip()
    told = [f"{name.removeprefix('provision ')} {version}" for name, version in versions.items() if name != OURS]
    given = ", but the binary was given" if options.provision else ""
    told += [f"Python {platform.python_version()}"]
    missing = "".join(f" {name} is left out: {reason}." for name, reason in absent.items())
    return f"""# Results of the benchmark

Written by `tests/bench/run`. {time.strftime("%Y-%m-%d")}, {_machine()}, load {load:.1f} beforehand. {versions[OURS]} ({commit}{given}),
{", ".join(told)}.{missing}

{options.pairs} pairs a line, ours and the peer's in turn, a fresh stub and state each time; figures are medians, ratios
are medians of the ratios of each pair. CPU is user + system of the client; peak is its greatest resident memory. The stub
answers no sooner than the latency says; * marks a line during which the slowest hundredth of its answers left late by more
than half the latency, so that its wall says more about the machine than about the client.

Resources are counted as the peers make them; provision has an attachment, routes and associations in the gateway and the
table, so that 997 are 871 of its own. It runs with PROVISION_TEMPO={contenders.Provision.tempo}: what it expects of AWS is scaled for a stub
that is never slow, and so are alchemy's waits, which are cut from one or two seconds to 50 ms. Before `drift` a parameter is
changed by hand, which provision and boto3 must tell by their exit code. Ansible's no-op is its playbook once more, which reads
all; its `--check` passes buckets over and is no drift. alchemy's no-op reads nothing, it has no drift, and its buckets no tags.
"10 at once" is --parallelism 10, which caps the calls in flight; a plan takes no such flag."""


def _machine():
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            model = line.split(":")[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.system()} {platform.release()}, {os.cpu_count()} cores ({model}), {memory:.0f} GiB"


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _costs(here, latency):
    """One line for each contender and verb, over all its runs at this size and latency."""
    runs = {}
    for (ours, peer), both in here.items():
        for mine, theirs in both:
            runs.setdefault(ours, []).append(mine)
            runs.setdefault(peer, []).append(theirs)
    rows = []
    for verb in graph.VERBS:
        for name, costs in runs.items():
            found = [cost[verb] for cost in costs if verb in cost]
            if found:
                of = lambda field: statistics.median(getattr(cost, field) for cost in found)  # noqa: B023, E731
                late = "*" if latency and of("late_ms") > latency / 2 else ""
                figures = [f"{of('wall'):.2f}{late}", f"{of('cpu'):.2f}", f"{of('peak_mb'):.0f}"]
                rows.append([verb, name, *figures, round(of("calls")), round(of("in_flight"))])
    return _table(["", "", "wall, s", "CPU, s", "peak, MB", "calls", "most in flight"], rows)


def _ratios(here):
    rows = []
    for (ours, peer), both in here.items():
        for verb in graph.VERBS:
            figures = [ratio(both, verb, field) for field in ("wall", "cpu", "peak_mb", "calls")]
            if any(figure is not None for figure in figures):
                rows.append([verb, f"{ours} ÷ {peer}", *("" if it is None else f"{it:.2f}" for it in figures)])
    return _table(["", "", "wall", "CPU", "peak", "calls"], rows)


def ratio(both, verb, field):
    """The median of ours ÷ theirs, pair by pair; none where one of them does not do the same."""
    if verb == "noop" and any(theirs[verb].calls == 0 for _, theirs in both):
        return None  # a no-op that reads nothing is no peer of one that reads all
    pairs = [(getattr(mine[verb], field), getattr(theirs[verb], field)) for mine, theirs in both if verb in theirs]
    ratios = [mine / theirs for mine, theirs in pairs if theirs]
    return statistics.median(ratios) if ratios else None


def batched(both):
    """Calls of a drift without those about queues, which no API reads in batches."""
    def calls(cost):
        return sum(count for name, count in cost.by_api.items() if not name.startswith("sqs:"))

    return statistics.median(calls(mine["drift"]) / calls(theirs["drift"]) for mine, theirs in both)


def _targets(pairs, start, walks, applies):
    def of(ours, peer, verb, field):
        both = pairs.get((*BIG, ours, peer))
        return ratio(both, verb, field) if both else None

    default = pairs.get((*BIG, OURS, MANY))
    peaks = [cost.peak_mb for mine, _ in default or [] for cost in mine.values()]
    layered = [walk.cost for walk in walks if (walk.shape, walk.nodes, walk.who) == ("layered", 10_000, OURS)]
    lines = [
        ("drift of 997, 50 ms: calls ÷ boto3's", of(OURS, MANY, "drift", "calls"), 1 / 5),
        ("no-op plan of 997, 50 ms: calls ÷ boto3's", of(OURS, MANY, "noop", "calls"), 1 / 5),
        ("same drift, kinds with a batch API: calls ÷ boto3's", batched(default) if default else None, 1 / 10),
        ("drift of 997, 50 ms: wall ÷ boto3's with 10 threads", of(OURS, MANY, "drift", "wall"), 1 / 3),
        ("no-op plan of 997, 50 ms: wall ÷ boto3's with 10 threads", of(OURS, MANY, "noop", "wall"), 1 / 3),
        ("create 997, 50 ms: wall ÷ boto3's with 10 threads", of(OURS, MANY, "create", "wall"), 1 / 2),
        ("create 997, 50 ms: wall ÷ alchemy's", of(OURS, "alchemy", "create", "wall"), 1 / 4),
        ("create 997, 50 ms, --parallelism 10: wall ÷ boto3's with 10 threads", of(CAPPED, MANY, "create", "wall"), 1.05),
        ("destroy 997, 50 ms: wall ÷ boto3's with 10 threads", of(OURS, MANY, "destroy", "wall"), 1 / 2),
        ("apply with waits: elapsed ÷ floor", _over_floor(waits.LONG, applies.get(waits.LONG)), 1.10),
        ("10,000 layered nodes, plan + apply: CPU ÷ Terraform core's 532 s", _cpu(layered), 1 / 50),
        ("same: peak memory ÷ its 819 MB", max((it.peak_mb / 819 for it in layered), default=None), 1 / 4),
        ("peak memory at 997 resources, MB", max(peaks, default=None), 100),
        ("`provision --version`, ms", start * 1000, 20),
    ]
    rows = [[what, f"≤ {limit:.2f}", *_verdict(found, limit)] for what, found, limit in lines]
    note = "The nodes of the 10,000 are real calls to the stub here, which the simulation does without."
    return f"## Targets\n\n{_table(['', 'target', 'measured', ''], rows)}\n\n{note}"


def _over_floor(name, applies):
    """The median of elapsed ÷ floor; none where no run counts."""
    if not applies:
        return None
    return statistics.median(apply.cost.wall for apply in applies) / waits.least(waits.CASES[name])


def _waits(cases):
    rows = [[name, *_applied(name, applies)] for name, applies in cases.items() if applies]
    head = ["", "floor, s", "elapsed, s", "elapsed ÷ floor", "balancer late by, s", "CPU, s", "peak, MB", "calls", "reads of NATs"]
    told = ", ".join(f"{name} {time} s" for name, time in waits.CASES[waits.LONG].items())
    chain = " → ".join(waits.chain(waits.CASES[waits.LONG]))
    text = f"""## Apply with waits

`waits.yaml` with AWS {waits.SCALE} times as fast as it is: {told}; {waits.LATENCY} ms an answer, PROVISION_TEMPO={1 / waits.SCALE}.
There is no kind of load balancer yet: `balancer`, a further NAT gateway, stands for one, so it takes longer than provision
expects of its kind; "{waits.PLAIN}" is the same with the 90 s of any other. Elapsed is the whole process.

The floor owes nothing to provision's own report: it is the longest path through the spec, {chain}.
A resource may be asked for once the ids it names are known, one answer after those were asked for, and once what it is to
come after is seen to be there. It is there after its wait, which the stub counts from when the call came in, or after its
calls where those take longer (an attachment after its gateway, routes and associations after their table), and seen by one
answer more. A route needs a NAT gateway that is ready. How late the balancer was asked for, by the stub's clock from the
first NAT gateway on, is a part of what is over; the rest is the start, the last look and the end. An answer is not {waits.SCALE}
times as fast as AWS's, so each weighs {waits.SCALE} times what it would there."""
    return f"{text}\n\n{_table(head, rows)}"


def _applied(name, applies):
    """Medians of all applies of a case."""
    seconds = waits.CASES[name]
    of = lambda figure: statistics.median(map(figure, applies))  # noqa: E731
    wall, late = of(lambda apply: apply.cost.wall), of(lambda apply: apply.cost.late_ms)
    figures = [of(lambda apply: waits.delay(apply, seconds)), of(lambda apply: apply.cost.cpu)]
    counts = [of(lambda apply: apply.cost.peak_mb), of(lambda apply: apply.cost.calls)]
    counts.append(of(lambda apply: apply.cost.by_api["ec2:DescribeNatGateways"]))
    mark = "*" if late > waits.LATENCY / 2 else ""
    told = [f"{waits.least(seconds):.2f}", f"{wall:.2f}{mark}", f"{_over_floor(name, applies):.2f}"]
    return told + [f"{figure:.2f}" for figure in figures] + [f"{count:.0f}" for count in counts]


def _cpu(layered):
    return sum(cost.cpu for cost in layered[:2]) / 532 if len(layered) > 1 else None


def _verdict(found, limit):
    if found is None:
        return "", "not measured in this run"
    return f"{found:.2f}", "met" if found <= limit else "**missed**"


def _walks(walks):
    rows = []
    for walk in walks:
        cost = walk.cost
        figures = [f"{cost.wall:.2f}", f"{cost.cpu:.2f}", f"{cost.peak_mb:.0f}"]
        rows.append([walk.shape, f"{walk.nodes:,}", walk.verb, walk.who, *figures])
    names = {walk.who for walk in walks}
    who = f"Terraform {shapes.version()}'s core (`terraform_data`, local state)" if "terraform" in names else "no Terraform here"
    head = f"## Shapes\n\nOne run each. Provision's nodes are SSM parameters on the stub at 0 ms; beside it {who}."
    return f"{head}\n\n{_table(['shape', 'nodes', '', '', 'wall, s', 'CPU, s', 'peak, MB'], rows)}"
