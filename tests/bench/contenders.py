"""Who is measured: provision and its peers, each with a command for every verb."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import graph
import measure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "provision"

sys.path.insert(0, str(ROOT / "localstack"))
import install  # noqa: E402


class Absent(Exception):
    """A peer that cannot be measured here, and why."""


class Contender:
    """A way to make the graph. `leeway` names what of the inventory it leaves out."""

    verbs = graph.VERBS
    leeway = ()
    most_k = None

    def due(self, verb):
        """The exit code that says the verb did what it should: 2 tells that there is drift."""
        return 2 if verb == "drift" else 0

    def environment(self, stub):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | stub.environment()

    def run(self, verb, k, stub, folder, log):
        return measure.run(self.command(verb, k, folder), self.environment(stub), folder, log)


class Provision(Contender):
    """Waits are scaled as for any local AWS: the stub has nothing to wait for."""

    tempo = "0.02"

    def __init__(self, binary, parallelism=None):
        self.binary, self.parallelism = binary, parallelism
        self.name = "provision" if parallelism is None else f"provision, {parallelism} at once"

    def version(self):
        told = subprocess.run([self.binary, "--version"], capture_output=True, text=True, check=True)
        return told.stdout.strip()

    def environment(self, stub):
        return super().environment(stub) | {"PROVISION_TEMPO": self.tempo}

    def command(self, verb, k, folder):
        spec, limit = HERE / "graph.yaml", []
        params = ["-p", f"k={k}"]
        if self.parallelism is not None and verb in ("create", "drift", "change", "destroy"):
            limit = ["--parallelism", str(self.parallelism)]
        words = {
            "create": ["apply", spec, "--yes", *params, *limit],
            "noop": ["plan", spec, "--detailed-exitcode", *params],
            "drift": ["drift", spec, *params, *limit],
            "change": ["apply", spec, "--yes", *params, "-p", "release=second", *limit],
            "destroy": ["destroy", spec, "--yes", *limit],
        }
        return [self.binary, *words[verb], "--state", folder / "state"]


class Boto3(Contender):
    """A script with a pool of threads."""

    def __init__(self, threads):
        self.threads = threads
        self.name = f"boto3, {threads} thread{'s' if threads > 1 else ''}"
        self.python = _python("boto3")

    def version(self):
        return _pinned("boto3", "boto3")

    def command(self, verb, k, folder):
        words = [verb, "--k", str(k), "--threads", str(self.threads), "--state", folder / "ids.json"]
        return [self.python, HERE / "boto3_graph.py", *words]


class Ansible(Contender):
    """A playbook; a run costs minutes, so it is measured at the smallest size alone.

    Its no-op is the playbook once more, which reads all. It has no drift: `--check` passes
    buckets over, and a run without it mends what it finds.
    """

    name = "Ansible"
    most_k = 12
    verbs = ["create", "noop", "change", "destroy"]

    def __init__(self):
        self.python = _python("ansible")

    def version(self):
        return _pinned("ansible", "ansible")

    def environment(self, stub):
        path = f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        settings = {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_NOCOLOR": "true", "PATH": path}
        return super().environment(stub) | settings

    def command(self, verb, k, folder):
        playbook = HERE / "ansible" / ("destroy.yaml" if verb == "destroy" else "graph.yaml")
        words = ["-i", "localhost,", "-c", "local", "-e", f"k={k}", "-e", f"ansible_python_interpreter={self.python}"]
        words += ["-e", f"release={'second' if verb == 'change' else 'first'}"]
        return [self.python.parent / "ansible-playbook", playbook, *words]


class Alchemy(Contender):
    """Reads nothing where its own state says that nothing changed, and knows no drift."""

    name = "alchemy"
    verbs = ["create", "noop", "change", "destroy"]
    # Its bucket passes its tags on in a field that S3 does not know.
    leeway = ("s3/bucket, tagged",)

    def __init__(self):
        if shutil.which("npm") is None:
            raise Absent("there is no npm here")
        self.home = _node_modules()

    def version(self):
        return (HERE / "alchemy" / "package.json").read_text().split('"alchemy": "')[1].split('"')[0]

    def environment(self, stub):
        settings = {"ALCHEMY_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1", "CI": "1"}
        return super().environment(stub) | settings

    def command(self, verb, k, folder):
        release = "second" if verb == "change" else "first"
        words = ["--destroy"] if verb == "destroy" else []
        return ["node", self.home / "alchemy.run.mjs", f"--k={k}", f"--release={release}", f"--state={folder}", *words]


def _python(lock):
    try:
        return install.ensure(lock, HERE)
    except SystemExit as failure:
        raise Absent(str(failure)) from failure


def _pinned(lock, package):
    lines = (HERE / f"{lock}.lock").read_text().splitlines()
    return next(line.split("==")[1] for line in lines if line.startswith(f"{package}=="))


def _node_modules():
    """A folder with alchemy in it, installed once for each version of what it is made from."""
    sources = [HERE / "alchemy" / name for name in ("package.json", "alchemy.run.mjs")]
    key = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    home = CACHE / "npm" / f"alchemy-{key}"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for source in sources:
            shutil.copy(source, home)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        if subprocess.run(command, cwd=home, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode:
            raise Absent("npm could not install it")
        (home / "complete").touch()
    return home
