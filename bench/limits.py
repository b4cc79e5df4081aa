"""What the machine itself needs for the bytes of an image."""

import json
import shutil
import statistics
import tarfile
from dataclasses import dataclass

from measure import BUILD, run

ROUNDS = 5


@dataclass(frozen=True)
class Limits:
    tar: int          # octets of the layers, unpacked
    layer: int        # octets of the layers
    packages: int     # number of packages
    largest: int      # octets of the largest package
    hash: float       # seconds for SHA-256 of the tars, which lie in memory
    copy: float       # seconds to copy the layers
    inflate: float    # seconds to inflate the packages, on one processor

    def warm(self):
        return self.hash + self.copy


def layers_of(archive, blobs, tars):
    """Writes the layers of an image's archive, one after the other, as they are and unpacked."""
    with tarfile.open(archive) as image, open(blobs, "wb") as packed:
        for one in json.load(image.extractfile("manifest.json")):
            for name in one["Layers"]:
                shutil.copyfileobj(image.extractfile(name), packed)
    with open(blobs, "rb") as packed, open(tars, "wb") as unpacked:
        unpacked.write(run("gzip", "-dc", stdin=packed))


def seconds(*arguments):
    """The median of the milliseconds that the program prints, in seconds."""
    return statistics.median(float(run(BUILD / "tarn-limits-bench", *arguments))
                             for _ in range(ROUNDS)) / 1000


def measure_limits(archive, packages, folder):
    blobs, tars = folder / "layers", folder / "layers.tar"
    layers_of(archive, blobs, tars)
    found = Limits(tars.stat().st_size, blobs.stat().st_size, len(packages),
                   max(package.stat().st_size for package in packages),
                   seconds("hash", tars), seconds("copy", blobs, folder / "copy"),
                   seconds("inflate", *packages))
    blobs.unlink()
    tars.unlink()
    return found
