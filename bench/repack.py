"""Packages of apk's second format, taken apart and made anew with another version or architecture."""

import io
import os
import re
import tarfile
import tempfile
import zlib
from pathlib import Path

from measure import tarn

SCRIPT = re.compile(r"\.((?:pre|post)-(?:install|upgrade|deinstall)|trigger)$")
REPEATED = {"depend": "--depend", "provides": "--provide", "replaces": "--replaces",
            "install_if": "--install-if"}
SINGLE = {"pkgdesc": "--description", "url": "--url", "origin": "--origin", "license": "--license",
          "maintainer": "--maintainer", "builddate": "--build-time",
          "replaces_priority": "--replaces-priority", "provider_priority": "--provider-priority"}


# Of the suffixes that a version can have apko reads one of each kind, and none after those.
SUFFIXES = re.compile(r"(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)+(?![\w.])")
ONE_OF_EACH = re.compile(r"(?:_(?:alpha|beta|pre|rc)\d*)?(?:_(?:cvs|svn|git|hg|p)\d*)?")


def gzip_members(data):
    while data:
        inflater = zlib.decompressobj(wbits=31)
        yield inflater.decompress(data) + inflater.flush()
        data = inflater.unused_data


def read_package(path):
    """The lines of .PKGINFO as pairs, the scripts by kind, and the tar of the files."""
    members = list(gzip_members(Path(path).read_bytes()))
    lines, scripts, control = [], {}, 0
    for control, member in enumerate(members):
        with tarfile.open(fileobj=io.BytesIO(member), ignore_zeros=True) as archive:
            files = {entry.name: archive.extractfile(entry).read() for entry in archive
                     if entry.isfile() and entry.name.startswith(".")}
        if ".PKGINFO" in files:
            break
    for line in files[".PKGINFO"].decode().splitlines():
        if " = " in line and not line.startswith("#"):
            lines.append(tuple(line.split(" = ", 1)))
    for name, content in files.items():
        if kind := SCRIPT.match(name):
            scripts[kind[1]] = content
    return lines, scripts, b"".join(members[control + 1:])


SAME = bytes(range(256))


def other_bytes(key):
    """A permutation of the octets. What it is applied to keeps its size, and compresses as well as
    before, but shares nothing with it."""
    return bytes((value * 5 + 2 * key + 1) % 256 for value in range(256))


def translate_tar(data, table, output):
    """Copies the files of a package; the content of larger ones outside etc/ goes through `table`."""
    with tarfile.open(fileobj=io.BytesIO(data)) as source, \
            tarfile.open(output, "w", format=tarfile.PAX_FORMAT) as target:
        for entry in source:
            if entry.name.startswith("."):
                continue  # apk installs no such file, and tarn packs none
            entry.pax_headers = {key: value for key, value in entry.pax_headers.items()
                                 if not key.startswith("APK-TOOLS.")}
            if not entry.isreg():
                target.addfile(entry)
                continue
            content = source.extractfile(entry).read()
            if entry.size > 512 and not entry.name.startswith("etc/"):
                content = content.translate(table)
            target.addfile(entry, io.BytesIO(content))


def simplified(words):
    """Names and versions with such versions as all tools read."""
    return SUFFIXES.sub(lambda found: ONE_OF_EACH.match(found[0])[0], words)


def is_simple(path):
    """Whether a package says nothing that simplified() would change."""
    lines, _, _ = read_package(path)
    return all(simplified(value) == value for name, value in lines
               if name in REPEATED or name == "pkgver")


def newer(version):
    """The version of the next build of the same source."""
    stem, _, release = version.rpartition("-r")
    return f"{stem}-r{int(release) + 1}"


def repack(path, folder, architecture, table, version=None):
    """Writes NAME-VERSION.apk for an architecture into a folder: the same files, with the same
    scripts and needs, but octets as `table` says. Gives its path."""
    lines, scripts, data = read_package(path)
    fields = dict(lines)
    version = version or simplified(fields["pkgver"])
    with tempfile.TemporaryDirectory(prefix="tarn-bench-") as temporary:
        tar = os.path.join(temporary, "payload.tar")
        translate_tar(data, table, tar)
        options = ["--tar", tar, "--name", fields["pkgname"], "--version", version,
                   "--arch", architecture, "--level", "9", "-d", folder]
        for name, value in lines:
            if name in REPEATED:
                options += [f"{REPEATED[name]}={simplified(word)}" for word in value.split()]
            elif name in SINGLE and value:
                options.append(f"{SINGLE[name]}={value}")
            elif name == "triggers":
                options += [f"--trigger={word}" for word in value.split()]
        for kind, content in scripts.items():
            script = Path(temporary, kind)
            script.write_bytes(content)
            options += ["--script", f"{kind}={script}"]
        tarn("apk", "pack", *options)
    return Path(folder) / f"{fields['pkgname']}-{version}.apk"
