"""The images that are measured, and where their packages come from."""

import json
import os
import subprocess
from dataclasses import dataclass

from measure import ROOT, SHARED, TARN, fail, tarn

# Debian packages of some 300 packages and 500 MB with all they depend on.
STAND_IN_WORLD = """apache2-utils git gnuplot-nox graphviz imagemagick-6.q16 irssi lynx mc mutt
    nginx nmap openssh-server php8.2-fpm python3 redis-server rsync ruby screen subversion
    sysvinit-utils tmux vim-nox""".split()


@dataclass(frozen=True)
class Image:
    name: str
    repositories: tuple
    keys: object      # folder of public keys
    world: tuple
    changed: str      # the package that gets a newer version
    extra: str        # a package that the new recipe has besides (and its version there)
    trusted: bool     # whether all indexes are signed by one of the keys

    def recipe(self, **more):
        """The recipe with its packages where they come from, as data."""
        return {"contents": {"repositories": list(map(str, self.repositories)),
                             "keyring": [str(self.keys)], "packages": list(self.world)},
                "archs": ["x86_64"], "skeleton": "none", **more}

    def trust_options(self):
        return [] if self.trusted else ["--allow-untrusted"]

    def plan(self, folder, world):
        """The files of the packages, in install order."""
        path = folder / f"{self.name}.plan.yaml"
        recipe = self.recipe()
        recipe["contents"]["packages"] = list(world)
        path.write_text(json.dumps(recipe))
        shown = json.loads(tarn("--cache", folder / "plan-cache", "plan", "--json",
                                *self.trust_options(), path))
        return [package["url"] for package in shown["architectures"][0]["packages"]]


def alpine_image(name, changed, extra="tzdata=2023d-r0"):
    """An image of real Alpine packages, whose world lies beside the packages."""
    inputs = json.loads((SHARED / "oracle" / name / "inputs.json").read_text())
    return Image(name, tuple(SHARED / "mirror" / path for path in inputs["repositories"]),
                 SHARED / "keys", tuple(inputs["world"]), changed, extra,
                 not inputs["allow_untrusted"])


def stand_in_image(folder):
    """The image of Debian's packages; makes their repository, or completes it."""
    mirror = folder / "stand-in"
    extra = "less"
    if not (mirror / "complete").exists():
        print("bench: making a repository out of Debian's packages", flush=True)
        made = subprocess.run([str(ROOT / "tests/stand-in/make-mirror"), str(mirror),
                               *STAND_IN_WORLD, extra], env=dict(os.environ, TARN=str(TARN)))
        if made.returncode != 0:
            fail("the repository of Debian's packages cannot be made; leave the image out with "
                 "--images")
        (mirror / "complete").touch()
    return Image("stand-in", (mirror / "main",), mirror / "keys",
                 ("stand-in-baselayout", "busybox-static", "stand-in-binsh", *STAND_IN_WORLD),
                 "libssl3", extra, True)


ALL = {
    "base": lambda folder: alpine_image("base", "musl"),
    "alpine-base": lambda folder: alpine_image("alpine-base", "libcrypto3"),
    "git": lambda folder: alpine_image("git", "libcrypto3"),
    "nginx-php": lambda folder: alpine_image("nginx-php", "libcrypto3"),
    "stand-in": stand_in_image,
}


def chosen(names, folder):
    """Images by name; those whose packages are missing are left out with a message."""
    images = []
    for name in names:
        if name not in ALL:
            fail(f"there is no image '{name}'; there are {', '.join(ALL)}")
        if name != "stand-in" and not (SHARED / "oracle" / name / "inputs.json").exists():
            print(f"bench: {name} is left out: no packages at {SHARED}")
            continue
        images.append(ALL[name](folder))
    return images
