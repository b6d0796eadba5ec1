"""The common graph: what must be there after each step, and the steps themselves."""

VERBS = ["create", "noop", "drift", "change", "destroy"]

# Somebody changes this parameter by hand before `drift`, and back afterwards.
MEDDLED = "/bench/001"


def resources(k):
    """As the peers count them: an attachment, a route and an association are resources."""
    return 5 + 8 * k


def inventory(k):
    """What the stub must hold once the graph is made."""
    one = ["vpc", "internet_gateway", "attachment", "route_table", "route"]
    each = ["subnet", "association", "security_group", "security_group_rule"]
    each += ["ssm/parameter", "iam/role", "s3/bucket", "s3/bucket, tagged", "sqs/queue"]
    return dict.fromkeys(one, 1) | dict.fromkeys(each, k)


def wrong(contender, verb, k, stub):
    """Why a run does not count, or None: what it left behind is not what was asked for."""
    expected = {} if verb == "destroy" else inventory(k)
    for leeway in contender.leeway:
        expected.pop(leeway, None)
    found = {name: count for name, count in stub.report()["inventory"].items() if name not in contender.leeway}
    if found != expected:
        differs = {name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)}
        told = ", ".join(f"{name}: {found.get(name, 0)}, not {expected.get(name, 0)}" for name in sorted(differs))
        return f"left {told}"
    unknown = [call for call in stub.report()["refused"] if call.endswith(" 501")]
    if unknown:
        return f"asked for what the stub does not know: {', '.join(unknown)}"
    if verb == "change" and stub.parameter("/bench/000") != "second":
        return "did not change the parameter"
    return None


def lifecycle(contender, k, latency, stub_of, folder, log):
    """Takes the graph through its life on a fresh stub: costs by verb, and why it ended early."""
    costs = {}
    with stub_of(latency) as stub:
        for verb in [verb for verb in VERBS if verb in contender.verbs]:
            if verb == "drift":
                stub.put_parameter(MEDDLED, "meddled")
            stub.count_anew()
            cost = contender.run(verb, k, stub, folder, log)
            report = stub.report()
            cost.calls, cost.by_api = report["total"], report["calls"]
            cost.in_flight, cost.late_ms = report["most_in_flight"], report["late_p99_ms"]
            if verb == "drift":
                stub.put_parameter(MEDDLED, "first")
            due = contender.due(verb)
            if cost.status != due:
                return costs, f"{verb} exited with {cost.status}, not {due}"
            if fault := wrong(contender, verb, k, stub):
                return costs, f"{verb} {fault}"
            costs[verb] = cost
    return costs, None
