"""The machine that a measurement ran on."""

import os
import platform
import re
import time
from pathlib import Path

from measure import run


def processor():
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def memory():
    found = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return f"{int(found[1]) / 2**20:.0f} GiB"


def file_system(folder):
    return run("findmnt", "-no", "FSTYPE", "-T", folder).decode().strip()


def describe(folder, tools):
    """Lines of Markdown."""
    lines = [f"* {processor()}, {os.cpu_count()} processors, {memory()} of memory",
             f"* Linux {platform.release()}, {file_system(folder)}",
             f"* {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}"]
    return lines + [f"* {tool.name}: {tool.version()}" for tool in tools]
