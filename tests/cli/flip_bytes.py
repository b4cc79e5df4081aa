#!/usr/bin/env python3
"""Flips every byte of a package, one at a time, and runs a command that must refuse each.

    flip_bytes.py PACKAGE [--step N] [--workers N] -- COMMAND...

COMMAND gets the damaged file's path as its last word. Prints the offsets it accepted; exit status 1
when there is one.
"""

import argparse
import concurrent.futures
import pathlib
import subprocess
import tempfile


def refused(command, content, offset, folder):
    damaged = bytearray(content)
    damaged[offset] ^= 0xFF
    path = pathlib.Path(folder) / f"{offset}.apk"
    path.write_bytes(damaged)
    status = subprocess.run([*command, str(path)], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, check=False).returncode
    path.unlink()
    return status in (1, 5)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("package", type=pathlib.Path)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    content = options.package.read_bytes()
    offsets = range(0, len(content), options.step)
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(options.workers) as pool:
        results = pool.map(lambda o: refused(options.command, content, o, folder), offsets)
        accepted = [offset for offset, good in zip(offsets, results) if not good]
    print(f"{options.package.name}: {len(offsets)} bytes flipped, {len(accepted)} accepted: "
          f"{accepted[:20]}")
    raise SystemExit(1 if accepted else 0)


main()
