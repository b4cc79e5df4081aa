"""What a command takes: wall clock, processor time, peak memory."""

import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("TARN_BUILD", ROOT / "build/release")).resolve()
TARN = pathlib.Path(os.environ.get("TARN", BUILD / "tarn")).resolve()
SHARED = pathlib.Path(os.environ.get("TARN_SHARED", ROOT / "../shared")).resolve()
LONGEST = 900  # seconds that one command may take


@dataclass(frozen=True)
class Usage:
    """Of a process and all it waited for."""

    wall: float  # seconds
    cpu: float   # seconds, user and system
    peak: float  # MiB; of several processes that of the largest


def fail(message):
    sys.exit(f"bench: {message}")


def measure(command, folder, environment=None):
    """The usage of a command that has to succeed, run in `folder`, where `output` and `messages` take
    what it prints."""
    report, messages = folder / "usage.json", folder / "messages"
    words = [BUILD / "tarn-process-bench", report, *command]
    with open(folder / "output", "wb") as output, open(messages, "wb") as errors:
        process = subprocess.Popen([str(word) for word in words], cwd=folder, env=environment,
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                                   start_new_session=True)
        try:
            process.wait(LONGEST)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # with all that it started
            process.wait()
            raise
    if process.returncode != 0:
        fail(f"{' '.join(map(str, command))} failed:\n{messages.read_text(errors='replace')[-4000:]}")
    usage = json.loads(report.read_text())
    return Usage(usage["wall"], usage["user"] + usage["system"], usage["peak"] / 1024)


def median(usages):
    """Of each figure by itself."""
    return Usage(*(statistics.median(getattr(usage, name) for usage in usages)
                   for name in ("wall", "cpu", "peak")))


def run(*command, **more):
    """The output of a command that has to succeed, and is not measured."""
    process = subprocess.run([str(word) for word in command], capture_output=True, timeout=LONGEST,
                             **more)
    if process.returncode != 0:
        fail(f"{' '.join(map(str, command))} failed:\n{process.stderr.decode(errors='replace')}")
    return process.stdout


def tarn(*arguments):
    return run(TARN, "-q", *arguments)


def need_programs():
    for program in (TARN, BUILD / "tarn-process-bench", BUILD / "tarn-limits-bench"):
        if not os.access(program, os.X_OK):
            fail(f"{program} is missing; run 'make bench'")
    if shutil.which("bsdtar") is None:
        fail("bsdtar is missing; run 'make setup'")


def work_folder():
    """Where packages made for the benches stay from run to run; $TARN_BENCH_FOLDER, else one in
    the build folder."""
    folder = pathlib.Path(os.environ.get("TARN_BENCH_FOLDER", ROOT / "build/bench")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def scratch_folder():
    """A folder for one run, where TMPDIR says; use it with `with`. From now on the signal to end
    unwinds, so that neither the folder nor a process stays."""
    signal.signal(signal.SIGTERM, lambda *_: fail("stopped"))
    return tempfile.TemporaryDirectory(prefix="tarn-bench-")
