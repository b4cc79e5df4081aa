#!/usr/bin/env python3
"""Compares the tree of an image's layer with a manifest of what the reference made, node by node.

    compare_tree.py LAYER.tar[.gz] ORACLE_FOLDER

Type, mode, owner, size, content, link target, device; modification times of package files. Left out
are lib/apk/db (its `installed` is compared byte for byte instead), etc/apk/repositories, and the keys
that tarn adds. Prints each difference; exit status 1 when there is one.
"""

import hashlib
import json
import pathlib
import sys
import tarfile

TYPES = {tarfile.REGTYPE: "file", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "symlink",
         tarfile.CHRTYPE: "char", tarfile.BLKTYPE: "block", tarfile.FIFOTYPE: "fifo"}
# Made at installation time, so their time is nobody's.
UNTIMED = {"etc/apk/world", "etc/apk/arch"}


def node(archive, member):
    target = member
    while target.type == tarfile.LNKTYPE:
        target = archive.getmember(target.linkname)
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


def main():
    layer, oracle = sys.argv[1], pathlib.Path(sys.argv[2])
    differences = []
    found, database = {}, {}
    with tarfile.open(layer) as archive:
        for member in archive:
            name = member.name.rstrip("/")
            if name in found:
                differences.append(f"{name}: twice in the layer")
            if name.startswith("lib/apk/db"):
                if member.isreg():
                    database[name] = archive.extractfile(member).read()
                continue
            found[name] = node(archive, member)

    expected = {row["path"]: row
                for row in map(json.loads, (oracle / "manifest.jsonl").read_text().splitlines())}
    for path in sorted(found.keys() | expected.keys()):
        if path == "etc/apk/repositories":
            continue
        ours, theirs = found.get(path), expected.get(path)
        if theirs is None:
            if not path.startswith("etc/apk/keys/"):
                differences.append(f"{path}: only in the layer")
            continue
        if ours is None:
            differences.append(f"{path}: not in the layer")
            continue
        for key, value in theirs.items():
            if key == "mtime" and path in UNTIMED:
                continue
            if ours.get(key) != value:
                differences.append(f"{path}: {key} is {ours.get(key)}, expected {value}")
    if database.get("lib/apk/db/installed") != (oracle / "installed").read_bytes():
        differences.append("lib/apk/db/installed differs")
    print("\n".join(differences) or f"equal: {len(expected)} nodes, installed database byte for byte")
    sys.exit(1 if differences else 0)


main()
