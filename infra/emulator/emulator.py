"""Starts the emulator of AWS, on a port of this machine only, and stops it."""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

START_SECONDS = 60
LOG_LINES = 60
# What the stack uses. The emulator knows much more, some of it with ports of its own.
SERVICES = "apigateway,cloudformation,dynamodb,events,iam,kms,lambda,logs,monitoring,s3,ses,sns,sqs,sts"

# Where the emulator answers otherwise than AWS: a file of it, what stands there once, and what has to.
CORRECTIONS = [
    (
        # An API without CORS settings of its own passes preflight requests on, as any other request.
        "services/apigateway.py",
        'if method == "OPTIONS":\n        return _cors_preflight_response',
        'if method == "OPTIONS" and cors_cfg:\n        return _cors_preflight_response',
    ),
]


def correct(package):
    """Correct the installed emulator in the folder `package`, unless that is done."""
    for name, wrong, right in CORRECTIONS:
        file = package / name
        source = file.read_text()
        if right in source:
            continue
        if source.count(wrong) != 1:
            sys.exit(f"emulator: {file} is not the version that can be corrected")
        file.write_text(source.replace(wrong, right))


@contextlib.contextmanager
def running():
    """The emulator's address, while it runs."""
    import ministack

    package = pathlib.Path(ministack.__file__).parent
    correct(package)
    port = free_port()
    settings = {
        "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": SERVICES, "LOG_LEVEL": "WARNING",
    }
    # What the caller's environment says about AWS is about another one.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory(prefix="emulator-") as home:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env={**inherited, **settings, "TMPDIR": home}, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
        try:
            endpoint = f"http://127.0.0.1:{port}"
            wait_for(process, endpoint)
            yield endpoint
        except BaseException:
            show(log)
            raise
        finally:
            stop(process)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(process, endpoint):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the emulator ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"the emulator did not answer within {START_SECONDS} seconds")


def stop(process):
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def show(log):
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines()[-LOG_LINES:]
    print("emulator: the end of its log:", *lines, sep="\n", file=sys.stderr, flush=True)
