"""The common graph: what must be there after each step, and the steps themselves."""

VERBS = ["create", "noop", "drift", "change", "destroy"]

# Somebody changes this parameter by hand before `drift`, and back afterwards.
MEDDLED = "/bench/001"

# How the names of calls begin that change nothing; S3 calls that have none are told by method.
READING = ("Describe", "Get", "GET ", "Head", "HEAD ", "List")


def resources(k):
    """As the peers count them: an attachment, a route and an association are resources."""
    return 5 + 8 * k


def inventory(k):
    """What the stub must hold once the graph is made."""
    one = ["vpc", "internet_gateway", "attachment", "route_table", "route"]
    each = ["subnet", "association", "security_group", "security_group_rule"]
    each += ["ssm/parameter", "iam/role", "s3/bucket", "s3/bucket, tagged", "sqs/queue"]
    return dict.fromkeys(one, 1) | dict.fromkeys(each, k)


def fault(contender, verb, cost, report, expected):
    """Why a run does not count, or None. `expected` is the inventory it must leave behind."""
    due = contender.due(verb)
    if cost.status != due:
        return f"{verb} exited with {cost.status}, not {due}"
    names = (report["inventory"].keys() | expected.keys()) - set(contender.leeway)
    found = {name: (report["inventory"].get(name, 0), expected.get(name, 0)) for name in sorted(names)}
    differs = [f"{name}: {there}, not {due}" for name, (there, due) in found.items() if there != due]
    if differs:
        return f"{verb} left {', '.join(differs)}"
    unknown = [call for call in report["refused"] if call.endswith(" 501")]
    if unknown:
        return f"{verb} asked for what the stub does not know: {', '.join(unknown)}"
    changing = [call for call in report["calls"] if not call.split(":")[1].startswith(READING)]
    if verb in ("noop", "drift") and changing:
        return f"{verb} changed something: {', '.join(changing)}"
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
            report = cost.tell(stub.report())
            if verb == "drift":
                stub.put_parameter(MEDDLED, "first")
            if why := fault(contender, verb, cost, report, {} if verb == "destroy" else inventory(k)):
                return costs, why
            if verb == "change" and stub.parameter("/bench/000") != "second":
                return costs, "change left the parameter as it was"
            costs[verb] = cost
    return costs, None
