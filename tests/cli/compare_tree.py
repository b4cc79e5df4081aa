#!/usr/bin/env python3
"""Compares the tree of an image's layer with a manifest of what the reference made, node by node.

    compare_tree.py LAYER.tar[.gz] ORACLE_FOLDER

Type, mode, owner, size, content, link target, device; modification times of package files. Left out
are lib/apk/db (its `installed` is compared byte for byte instead), etc/apk/repositories, the keys
that tarn adds, and what scripts take from the clock: the times of files they made, the day in
etc/shadow, backup copies of the account files. Prints each difference; exit status 1 when there is
one.
"""

import hashlib
import json
import pathlib
import sys
import tarfile

TYPES = {tarfile.REGTYPE: "file", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "symlink",
         tarfile.CHRTYPE: "char", tarfile.BLKTYPE: "block", tarfile.FIFOTYPE: "fifo"}
BACKUPS = {"etc/passwd-", "etc/group-", "etc/shadow-", "etc/shells-"}
DAY = 86400


def node(archive, member, links):
    target = member
    while target.type == tarfile.LNKTYPE:
        target = archive.getmember(target.linkname)
        links.setdefault(target.name, {target.name}).add(member.name)
    found = {"path": member.name.rstrip("/"), "type": TYPES[target.type],
             "mode": f"{target.mode:04o}", "uid": target.uid, "gid": target.gid}
    if found["type"] == "file":
        found["size"] = target.size
        found["sha256"] = hashlib.sha256(archive.extractfile(target).read()).hexdigest()
        found["mtime"] = int(target.mtime)
    elif found["type"] == "symlink":
        found["target"] = target.linkname
    elif found["type"] in ("char", "block"):
        found["device"] = [target.devmajor, target.devminor]
    return found


def on_day(shadow, from_day, to_day):
    """The lines that were made on one day, as if made on another."""
    lines = [line.split(b":") for line in shadow.split(b"\n")]
    for fields in lines:
        if len(fields) > 2 and fields[2] == b"%d" % from_day:
            fields[2] = b"%d" % to_day
    return b"\n".join(map(b":".join, lines))


def main():
    layer, oracle = sys.argv[1], pathlib.Path(sys.argv[2])
    differences = []
    found, database, shadow, links = {}, {}, None, {}
    with tarfile.open(layer) as archive:
        for member in archive:
            name = member.name.rstrip("/")
            if name == "etc/shadow":
                shadow = archive.extractfile(member).read(), int(member.mtime) // DAY
            if name in found:
                differences.append(f"{name}: twice in the layer")
            if name.startswith("lib/apk/db"):
                if member.isreg():
                    database[name] = archive.extractfile(member).read()
                continue
            found[name] = node(archive, member, links)

    installed = (oracle / "installed").read_bytes()
    newest = max(int(line[2:]) for line in installed.split(b"\n") if line.startswith(b"t:"))
    expected = {row["path"]: row
                for row in map(json.loads, (oracle / "manifest.jsonl").read_text().splitlines())}
    groups = {}
    for path, row in expected.items():
        if "hardlink_group" in row:
            groups.setdefault(row.pop("hardlink_group"), set()).add(path)
    if sorted(map(sorted, groups.values())) != sorted(map(sorted, links.values())):
        differences.append(f"hard links: {links.values()}, expected {groups.values()}")
    for path in sorted(found.keys() | expected.keys()):
        if path == "etc/apk/repositories":
            continue
        ours, theirs = found.get(path), expected.get(path)
        if path in BACKUPS and ours is None:
            continue
        if path == "etc/shadow" and shadow and theirs:
            ours["sha256"] = hashlib.sha256(on_day(*shadow, theirs["mtime"] // DAY)).hexdigest()
        if theirs is None:
            if not (path + "/").startswith("etc/apk/keys/"):
                differences.append(f"{path}: only in the layer")
            continue
        if ours is None:
            differences.append(f"{path}: not in the layer")
            continue
        for key, value in theirs.items():
            # Made at installation time, so its time is nobody's.
            if key == "mtime" and value > newest:
                continue
            if ours.get(key) != value:
                differences.append(f"{path}: {key} is {ours.get(key)}, expected {value}")
    if database.get("lib/apk/db/installed") != installed:
        differences.append("lib/apk/db/installed differs")
    print("\n".join(differences) or f"equal: {len(expected)} nodes, installed database byte for byte")
    sys.exit(1 if differences else 0)


main()
