#!/usr/bin/env python3
"""Checks that includes run one way, without cycles, that no source is over 800 lines, and that no two
headers define types of one name in one namespace: the linker would take either's functions for both.

Usage: includes.py [SOURCE_FOLDER]. Prints FILE:LINE: WHAT for each fault; exit status 1 if any.
The order of the folders is defined here and nowhere else.
"""

import pathlib
import re
import sys

# Bottom to top: a folder may include itself and what stands before it. "builder/build" are the
# files that lie in builder/ itself.
ORDER = [
    "apk/support",
    "apk/model",
    "apk/index",
    "apk/trust",
    "apk/solver",
    "apk/fetch",
    "apk/package",
    "apk/database",
    "builder/recipe",
    "builder/lock",
    "builder/rootfs",
    "builder/scripts",
    "builder/layer",
    "builder/image",
    "builder/registry",
    "builder/signing",
    "builder/sink",
    "builder/sbom",
    "builder/provenance",
    "builder/report",
    "builder/import",
    "builder/terminal",
    "builder/build",
    "builder/cli",
]
# Folders that know less than their place in the order would let them.
MAY_NOT_INCLUDE = {"builder/terminal": re.compile(r"apk/(?!support/)|builder/(?!terminal/)")}

MOST_LINES = 800
INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')


def folder_of(path):
    """The folder of ORDER a path like "apk/model/version.h" belongs to, else None."""
    parts = path.split("/")
    if len(parts) == 2 and parts[0] == "builder":
        return "builder/build"
    folder = "/".join(parts[:2])
    return folder if len(parts) > 2 and folder in ORDER else None


def includes_of(text):
    """Line number and path of each include in quotes."""
    for number, line in enumerate(text.split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1)


def order_fault(path, included):
    """What is wrong with `path` including `included`, or None."""
    here, there = folder_of(path), folder_of(included)
    if there is None:
        if included.split("/")[0] in ("apk", "builder", "tests"):
            return f"includes {included}, which is in no folder of the order"
        return f"includes {included}: write the path from the top of the sources"
    if path.startswith("apk/") and included.startswith("builder/"):
        return f"apk knows nothing of builder, but includes {included}"
    if ORDER.index(there) > ORDER.index(here):
        return f"{here} stands below {there}, but includes {included}"
    barred = MAY_NOT_INCLUDE.get(here)
    if barred and barred.match(included):
        return f"{here} knows nothing of {there}, but includes {included}"
    return None


NAMESPACE = re.compile(r"namespace ([a-z_:]+) \{")
# At the margin: members of a class are named by it.
TYPE = re.compile(r"(?:struct|class|enum class) ([A-Z]\w*)(?: final)?(?: : [^;]*)?(?: \{|$)")


def types_of(text):
    """Line number, namespace and name of each type that a header defines."""
    namespace = ""
    for number, line in enumerate(text.split("\n"), 1):
        found = NAMESPACE.match(line)
        if found:
            namespace = found.group(1)
        found = TYPE.match(line)
        if found:
            yield number, namespace, found.group(1)


def name_faults(headers):
    """One fault for each type that a second header defines; headers: path → text."""
    faults = []
    known = {}
    for path, text in sorted(headers.items()):
        for number, namespace, name in types_of(text):
            first = known.setdefault((namespace, name), path)
            if first != path:
                faults.append(f"{path}:{number}: {namespace}::{name} is in {first}, too")
    return faults


def cycle_faults(graph):
    """One fault for each include that closes a circle; graph: path → [(line, included path)]."""
    faults = []
    state = {}  # absent: not seen; 1: on the way; 2: done

    def visit(path, way):
        state[path] = 1
        for line, included in graph[path]:
            if included not in graph:
                continue
            if state.get(included) == 1:
                circle = way[way.index(included):] + [included]
                faults.append(f"{path}:{line}: includes in a circle: {' -> '.join(circle)}")
            elif included not in state:
                visit(included, way + [included])
        state[path] = 2

    for path in sorted(graph):
        if path not in state:
            visit(path, [path])
    return faults


def check(top):
    """All faults of the sources below the folder `top`."""
    faults = []
    graph = {}
    headers = {}
    for folder in ("apk", "builder", "tests"):
        for file in sorted((top / folder).rglob("*")):
            if file.suffix not in (".h", ".cc"):
                continue
            path = file.relative_to(top).as_posix()
            text = file.read_text(encoding="utf-8")
            lines = text.count("\n")
            if lines > MOST_LINES:
                faults.append(f"{path}:{lines}: {lines} lines, more than {MOST_LINES}")
            graph[path] = list(includes_of(text))
            if folder == "tests":
                continue
            if file.suffix == ".h":
                headers[path] = text
            if folder_of(path) is None:
                faults.append(f"{path}:1: lies in no folder of the order")
                continue
            for line, included in graph[path]:
                fault = order_fault(path, included)
                if fault:
                    faults.append(f"{path}:{line}: {fault}")
    return faults + name_faults(headers) + cycle_faults(graph)


def main():
    default = pathlib.Path(__file__).resolve().parents[2]
    faults = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
