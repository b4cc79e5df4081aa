"""The repositories that all tools read from.

Each image has a repository of its own with the packages of its plan, for two architectures, below
MIRROR/IMAGE/ARCHITECTURE. The second architecture's packages have the same files as the first's, but
other octets. One package has a newer version; of the two indexes that lie beside, one lacks it. To make
the indexes as long as Alpine's own, they name all other packages of v3.19, too, as far as these
offer nothing that the image's do.
"""

import functools
import hashlib
import io
import json
import os
import shutil
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import repack
from measure import SHARED, fail, run, tarn

ARCHITECTURES = ["x86_64", "aarch64"]
FILLER = [SHARED / "mirror/alpine/v3.19" / name / "x86_64/APKINDEX.tar.gz"
          for name in ("main", "community")]


def index_text(path):
    """The blocks of an APKINDEX.tar.gz."""
    data = b"".join(repack.gzip_members(path.read_bytes()))
    with tarfile.open(fileobj=io.BytesIO(data), ignore_zeros=True) as archive:
        text = archive.extractfile("APKINDEX").read().decode()
    return [block for block in text.strip().split("\n\n") if block]


def fields_of(block):
    return {line[0]: line[2:] for line in block.splitlines() if line[1:2] == ":"}


def offered(block):
    fields = fields_of(block)
    words = fields.get("p", "").split()
    return {fields["P"], *(word.partition("=")[0].partition("~")[0] for word in words)}


@functools.cache
def other_packages():
    """What the packages of v3.19 offer, and their blocks without architecture and install_if."""
    found = []
    for path in FILLER:
        for block in index_text(path) if path.exists() else []:
            lines = [line for line in block.splitlines() if line[:2] not in ("i:", "A:")]
            found.append((offered(block), "\n".join(lines)))
    return found


def filler(taken, architecture):
    """Blocks of other packages that offer nothing of what is taken, and come in only by name."""
    return [f"{block}\nA:{architecture}" for offers, block in other_packages()
            if not offers & taken]


def gzip_tar(files, ends):
    """A compressed tar of (name, content); without the end-of-archive blocks where another follows."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
        length = archive.offset
    data = raw.getvalue() if ends else raw.getvalue()[:length]
    return run("gzip", "-6n", input=data)


class Key:
    """What the repositories are signed with; made when it is not there."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.private = folder / "bench.rsa"
        self.public = folder / "bench.rsa.pub"
        if not self.public.exists():
            self.private.unlink(missing_ok=True)
            tarn("apk", "keygen", "--bits", "2048", "-o", self.private)

    def write_index(self, blocks, path):
        """A signed APKINDEX.tar.gz."""
        text = ("\n\n".join(blocks) + "\n\n").encode()
        index = gzip_tar([("DESCRIPTION", b"benches"), ("APKINDEX", text)], True)
        signature = run("openssl", "dgst", "-sha1", "-sign", self.private, input=index)
        path.write_bytes(gzip_tar([(f".SIGN.RSA.{self.public.name}", signature)], False) + index)


class Mirror:
    """The repositories of the images; what is there already stays."""

    def __init__(self, folder):
        self.folder = folder / "mirror"
        self.key = Key(folder / "key")

    def add(self, image):
        """Makes the repository of an image, unless it is there as it would be made."""
        folder = self.folder / image.name
        folder.mkdir(parents=True, exist_ok=True)
        sources = image.plan(self.folder, [*image.world, image.extra])
        stamp = folder / "made-of"
        inputs = json.dumps([sources, image.changed, [
            hashlib.sha256(Path(module).read_bytes()).hexdigest()
            for module in (__file__, repack.__file__)], self.key.public.read_text()])
        if stamp.exists() and stamp.read_text() == inputs:
            return
        print(f"bench: making the packages of {image.name}", flush=True)
        stamp.unlink(missing_ok=True)
        for architecture in ARCHITECTURES:
            shutil.rmtree(folder / architecture, ignore_errors=True)
            (folder / architecture).mkdir()
            self._fill(folder / architecture, sources, image.changed)
        stamp.write_text(inputs)

    def _fill(self, folder, sources, changed):
        architecture = folder.name
        number = ARCHITECTURES.index(architecture)
        table = repack.other_bytes(number) if number > 0 else repack.SAME

        def take(source):
            if number == 0 and repack.is_simple(source):
                return Path(shutil.copy(source, folder))
            return repack.repack(source, folder, architecture, table)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            files = list(pool.map(take, sources))
        old = [file for file in files if file.name.startswith(changed + "-")
               and file.name[len(changed) + 1].isdigit()]
        if len(old) != 1:
            fail(f"{folder}: {len(old)} packages are called {changed}")
        version = old[0].name[len(changed) + 1:-len(".apk")]
        new = repack.repack(old[0], folder, architecture,
                            repack.other_bytes(len(ARCHITECTURES) + number), repack.newer(version))
        tarn("apk", "index", "--allow-untrusted", "--rewrite-arch", architecture,
             "-o", folder / "packages.tar.gz", *files, new)
        blocks = index_text(folder / "packages.tar.gz")
        taken = set().union(*map(offered, blocks))
        more = filler(taken, architecture)
        before = [block for block in blocks if f"\nP:{changed}\nV:{repack.newer(version)}\n"
                  not in block]
        self.key.write_index(before + more, folder / "index.before")
        self.key.write_index(blocks + more, folder / "index.after")

    def show(self, image, which):
        """Serves the indexes from `before` or from `after` the newer version of a package."""
        for architecture in ARCHITECTURES:
            folder = self.folder / image.name / architecture
            shutil.copy2(folder / f"index.{which}", folder / "index.next")
            os.replace(folder / "index.next", folder / "APKINDEX.tar.gz")
