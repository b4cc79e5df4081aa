#!/usr/bin/env python3
"""Lists a tree of files, one a line, so that two can be compared: from a folder or from a tar.

    tree_listing.py FOLDER|TAR[.gz] [--without FIELD,…] [--skip PATH]

Fields: mode, owner, time, device, xattrs; always path, type, size, digest, link target and which
names are one file. Owners, modes and times of a folder are those that stat shows.
"""

import hashlib
import os
import stat
import sys
import tarfile

TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFCHR: "char",
         stat.S_IFBLK: "block", stat.S_IFIFO: "fifo"}
TAR_TYPES = {tarfile.REGTYPE: "file", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "link",
             tarfile.CHRTYPE: "char", tarfile.BLKTYPE: "block", tarfile.FIFOTYPE: "fifo"}


def xattrs_of(path):
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in names
                if name == "security.capability" or name.startswith("user.")}
    except OSError:
        return {}


def folder_nodes(root):
    files = {}
    for parent, folders, names in os.walk(os.fsencode(root)):
        for name in folders + names:
            full = os.path.join(parent, name)
            path = os.fsdecode(os.path.relpath(full, os.fsencode(root)))
            status = os.lstat(full)
            kind = TYPES[stat.S_IFMT(status.st_mode)]
            node = {"type": kind, "mode": oct(stat.S_IMODE(status.st_mode)),
                    "owner": f"{status.st_uid}:{status.st_gid}", "time": int(status.st_mtime),
                    "xattrs": xattrs_of(full)}
            if kind == "file":
                with open(full, "rb") as content:
                    node["digest"] = hashlib.sha256(content.read()).hexdigest()
            elif kind == "link":
                node["target"] = os.fsdecode(os.readlink(full))
            elif kind in ("char", "block"):
                node["device"] = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
            files.setdefault((status.st_dev, status.st_ino), []).append(path)
            yield path, node
    global names_of
    names_of = {path: sorted(group) for group in files.values() for path in group}


def tar_nodes(file):
    groups = {}
    with tarfile.open(file) as archive:
        for member in archive:
            path = member.name.rstrip("/")
            if path in (".", ""):
                continue
            target = archive.getmember(member.linkname) if member.islnk() else member
            kind = TAR_TYPES[target.type]
            mode = 0o777 if kind == "link" else target.mode
            found = {key[len("SCHILY.xattr."):]: os.fsencode(value).hex()
                     for key, value in target.pax_headers.items()
                     if key.startswith("SCHILY.xattr.")}
            node = {"type": kind, "mode": oct(mode), "owner": f"{target.uid}:{target.gid}",
                    "time": int(target.mtime), "xattrs": found}
            if kind == "file":
                node["digest"] = hashlib.sha256(archive.extractfile(target).read()).hexdigest()
            elif kind == "link":
                node["target"] = target.linkname
            elif kind in ("char", "block"):
                node["device"] = f"{target.devmajor}:{target.devminor}"
            groups.setdefault(target.name, []).append(path)
            yield path, node
    global names_of
    names_of = {path: sorted(group) for group in groups.values() for path in group}


def main():
    source, options = sys.argv[1], sys.argv[2:]
    without = set(options[options.index("--without") + 1].split(",")) if "--without" in options else set()
    skipped = options[options.index("--skip") + 1] if "--skip" in options else None
    nodes = dict(folder_nodes(source) if os.path.isdir(source) else tar_nodes(source))
    for path in sorted(nodes):
        if path == skipped:
            continue
        node = {key: value for key, value in nodes[path].items() if key not in without}
        print(path, sorted(node.items()), names_of[path] if len(names_of[path]) > 1 else "")


names_of = {}
main()
