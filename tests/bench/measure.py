"""Runs a command and tells what it cost; runs the stub and tells what it saw."""

import http.client
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field


@dataclass
class Cost:
    """What one command took. `calls`, `in_flight` and `late_ms` are the stub's to tell."""

    wall: float
    cpu: float
    peak_mb: float
    status: int
    calls: int = 0
    in_flight: int = 0
    late_ms: float = 0.0
    by_api: dict = field(default_factory=dict)

    def tell(self, report):
        """Takes in what the stub reports of the command, and hands it on."""
        self.calls, self.by_api = report["total"], report["calls"]
        self.in_flight, self.late_ms = report["most_in_flight"], report["late_p99_ms"]
        return report


def run(command, environment, folder, log):
    """Runs a command to its end. CPU and memory are of it and all it waited for."""
    with open(log, "ab") as output:
        output.write(f"\n$ {' '.join(map(str, command))}\n".encode())
        output.flush()
        began = time.monotonic()
        child = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, child.returncode)


class Stub:
    """The stub of AWS, begun anew with nothing in it."""

    def __init__(self, binary, latency, pending=None):
        command = [binary, "--latency", str(latency)]
        for name, milliseconds in (pending or {}).items():
            command += ["--pending", f"{name}={milliseconds}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.endpoint = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.process.stdout.close()

    def environment(self):
        """What leads any client of AWS here, and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "bench",
            # Ansible blanks this text wherever it appears, in ids and names as well.
            "AWS_SECRET_ACCESS_KEY": "secret-of-the-stub",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def report(self):
        return self._ask("GET", "/_stub/report")

    def count_anew(self):
        """Forgets what was counted, not what there is."""
        self._ask("POST", "/_stub/count")

    def parameter(self, name):
        return self._ssm("GetParameter", {"Name": name})["Parameter"]["Value"]

    def put_parameter(self, name, value):
        """What somebody does by hand."""
        self._ssm("PutParameter", {"Name": name, "Value": value, "Overwrite": True})

    def _ssm(self, action, body):
        scope = "Credential=bench/20260101/us-east-1/ssm/aws4_request"
        headers = {"x-amz-target": f"AmazonSSM.{action}", "authorization": f"AWS4-HMAC-SHA256 {scope}"}
        return self._ask("POST", "/", json.dumps(body), headers)

    def _ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.endpoint.removeprefix("http://"))
        try:
            connection.request(method, path, body, headers or {})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()
