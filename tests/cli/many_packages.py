#!/usr/bin/env python3
"""Writes made-up packages of a few files each, for an image of many.

    many_packages.py COUNT FOLDER

Each needs one that comes before it. The packages are signed by nobody.
"""

import gzip
import hashlib
import io
import random
import sys
import tarfile
from pathlib import Path, PurePosixPath

PLACES = ["usr/bin/{0}", "usr/lib/lib{0}.so.1", "usr/share/{0}/data", "usr/share/{0}/more.json",
          "usr/share/man/man1/{0}.1", "usr/share/locale/de/LC_MESSAGES/{0}.mo"]


def control_tar(info):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        entry = tarfile.TarInfo(".PKGINFO")
        entry.size = len(info)
        archive.addfile(entry, io.BytesIO(info))
        length = archive.offset
    return raw.getvalue()[:length]  # without an end: the data follows


def data_tar(files):
    raw, directories = io.BytesIO(), set()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in sorted(files):
            for parent in reversed(PurePosixPath(path).parents[:-1]):
                if parent not in directories:
                    directories.add(parent)
                    entry = tarfile.TarInfo(str(parent))
                    entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, 0o755, 1700000000
                    archive.addfile(entry)
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.mtime = len(content), 0o644, 1700000000
            entry.pax_headers = {"APK-TOOLS.checksum.SHA1": hashlib.sha1(content).hexdigest()}
            archive.addfile(entry, io.BytesIO(content))
    return raw.getvalue()


def write_package(number, folder):
    dice = random.Random(number)
    name = f"made-up-{number:04}"
    files = [(place.format(name), dice.randbytes(min(int(dice.paretovariate(0.9) * 60), 200_000)))
             for place in PLACES]
    data = gzip.compress(data_tar(files), 1, mtime=0)
    need = f"depend = made-up-{dice.randrange(number):04}\n" if number else ""
    info = (f"pkgname = {name}\npkgver = 1.0-r0\npkgdesc = Made up\nurl = https://example.org\n"
            f"builddate = 1700000000\nsize = {sum(len(file[1]) for file in files)}\narch = x86_64\n"
            f"origin = source-{number // 3}\nlicense = MIT\n{need}"
            f"datahash = {hashlib.sha256(data).hexdigest()}\n")
    control = gzip.compress(control_tar(info.encode()), 1, mtime=0)
    (folder / f"{name}-1.0-r0.apk").write_bytes(control + data)


def main():
    count, folder = int(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        write_package(number, folder)


main()
