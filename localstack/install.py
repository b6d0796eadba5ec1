"""Installs what a lock file pins into a virtual environment in the cache, once.

The environment's name holds a hash of the lock file and of the interpreter, so a
changed lock or an upgraded Python makes a new one and nothing is updated in place.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "provision"
OLDEST = (3, 10)


def say(text):
    print(f"localstack: {text}", file=sys.stderr, flush=True)


def ensure(name, folder=HERE):
    """The path of a Python that has everything `<name>.lock` of a folder pins; installs it when missing."""
    if sys.version_info < OLDEST:
        raise SystemExit(f"localstack: Python {platform.python_version()} is too old, 3.10 or newer is needed")
    lock = folder / f"{name}.lock"
    home = CACHE / "venvs" / f"{name}-{_key(lock)}"
    if not _complete(home).exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with _exclusive(home.with_suffix(".lock")):
            if not _complete(home).exists():
                _install(home, lock)
    return home / "bin" / "python"


def become(name):
    """Goes on in a Python that has what `<name>.lock` pins: starts this script anew in it."""
    python = ensure(name)
    if Path(sys.prefix) != python.parent.parent:
        os.execv(python, [python, *sys.argv])


def _key(lock):
    interpreter = f"{platform.python_version()} {sys.base_prefix}\n".encode()
    return hashlib.sha256(interpreter + lock.read_bytes()).hexdigest()[:12]


def _complete(home):
    """Exists only once the last package is in: a killed install is begun anew."""
    return home / "complete"


def _exclusive(path):
    """An open file that holds the lock until it is closed; the system frees it should we die."""
    file = open(path, "w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another process is installing, waiting for it")
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _install(home, lock):
    say(f"installing {lock.name} into {home} (once, about a minute)")
    shutil.rmtree(home, ignore_errors=True)
    _run([sys.executable, "-m", "venv", home], "the Python here makes no virtual environment (Debian: python3-venv)")
    pip = [home / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "install", "--no-deps", "-r", lock], f"could not install {lock.name}")
    _complete(home).touch()


def _run(command, hint):
    # What pip says belongs on stderr: stdout is for the caller's own answer.
    if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode:
        raise SystemExit(f"localstack: {hint}")
