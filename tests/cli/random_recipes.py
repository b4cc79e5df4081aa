"""Builds random recipes from a cache that earlier builds filled, and from an empty one.

The images must be the same, whatever the cache holds, on any number of threads; and so they must
be when any bit of any file of the cache is turned, or a file cut short.

usage: random_recipes.py TARN REPOSITORY KEYS RECIPES DAMAGES
"""

import json
import pathlib
import random
import shutil
import subprocess
import sys

TARN, REPOSITORY, KEYS = sys.argv[1:4]
UNSATISFIABLE = 3  # an exit status
RECIPES, DAMAGES = int(sys.argv[4]), int(sys.argv[5])
PACKAGES = [
    "alpine-base", "busybox", "chrony", "dhcpcd", "doas", "e2fsprogs", "ifupdown-ng", "iw",
    "kbd-bkeymaps", "musl", "network-extras", "openntpd", "openrc", "openssh", "openssl", "partx",
    "ppp-daemon", "sfdisk", "tiny-cloud-alpine", "tzdata", "usb-modeswitch", "vlan", "wget",
    "wpa_supplicant", "yx",
]


def random_recipe(dice):
    recipe = {
        "contents": {"repositories": [REPOSITORY], "keyring": [KEYS],
                     "packages": dice.sample(PACKAGES, dice.randint(1, 6))},
        "archs": ["x86_64"],
        "environment": {"NUMBER": str(dice.randint(1, 3))},
    }
    if dice.random() < 0.4:
        recipe["files"] = [{"path": "/etc/motd", "content": f"{dice.randint(1, 4)}\n"}]
    if dice.random() < 0.3:
        recipe["accounts"] = {"users": [{"username": "app", "uid": dice.choice([2000, 3000])}]}
    if dice.random() < 0.3:
        # A package's own file gets another mode, or another owner's name.
        recipe["paths"] = [{"path": "/etc/hosts", "type": "empty-file", "uid": 0, "gid": 0,
                            "permissions": dice.choice([0o600, 0o644])}]
    if dice.random() < 0.2:
        recipe["prune"] = ["doc"]
    if dice.random() < 0.5:
        recipe["compression"] = dice.choice([
            {"codec": "gzip", "level": 1}, {"codec": "gzip", "level": 9},
            {"codec": "zstd", "level": 3}, {"codec": "none"}])
    if dice.random() < 0.15:
        recipe["layering"] = {"strategy": "origin", "budget": dice.randint(1, 6)}
    if dice.random() < 0.2:
        recipe["scripts"] = "skip"
    return recipe


def build(recipe, cache, threads):
    """The image's digest, whose layout is checked against it; None when it cannot be resolved."""
    layout = pathlib.Path("layout")
    shutil.rmtree(layout, ignore_errors=True)
    pathlib.Path("recipe.json").write_text(json.dumps(recipe))
    made = subprocess.run(
        [TARN, "-q", "--cache", str(cache), "--threads", str(threads), "build", "recipe.json",
         "random:test", str(layout) + "/"], capture_output=True, text=True)
    if made.returncode == UNSATISFIABLE:
        return None
    if made.returncode != 0:
        sys.exit(f"cannot build {json.dumps(recipe)}:\n{made.stderr}")
    for blob in (layout / "blobs/sha256").iterdir():
        digest = subprocess.run(["sha256sum", str(blob)], capture_output=True, text=True,
                                check=True).stdout.split()[0]
        if digest != blob.name:
            sys.exit(f"{blob} is {digest}, of {json.dumps(recipe)}")
    return made.stdout.strip()


def fresh(dice):
    """A recipe that can be resolved, and its image's digest from an empty cache."""
    while True:
        recipe = random_recipe(dice)
        shutil.rmtree("empty", ignore_errors=True)
        digest = build(recipe, "empty", 1)
        if digest is not None:
            return recipe, digest


def damage(dice, cache):
    """Turns a bit of a file of the cache, or cuts it short; gives what was done."""
    files = sorted(path for path in cache.rglob("*")
                   if path.is_file() and path.name != "CACHEDIR.TAG" and path.stat().st_size > 0)
    path = dice.choice(files)
    content = bytearray(path.read_bytes())
    if dice.random() < 0.1:
        del content[dice.randrange(len(content)):]
        what = f"cut {path} to {len(content)}"
    else:
        bit = dice.randrange(len(content) * 8)
        content[bit // 8] ^= 1 << bit % 8
        what = f"turned bit {bit} of {path}"
    path.write_bytes(content)
    return what


def main():
    dice = random.Random(20231207)
    cache = pathlib.Path("cache")
    for number in range(RECIPES):
        recipe, expected = fresh(dice)
        for threads in (dice.randint(1, 8), dice.randint(1, 8)):
            found = build(recipe, cache, threads)
            if found != expected:
                sys.exit(f"recipe {number} on {threads} threads: {found}, not {expected}:\n"
                         f"{json.dumps(recipe)}")
    recipe, expected = fresh(dice)
    shutil.rmtree(cache)
    for number in range(DAMAGES):
        build(recipe, cache, 2)
        what = damage(dice, cache)
        # The memo of builds, and layers as wholes, would answer before much else is looked at.
        for kind in dice.choice([[], ["build"], ["build", "layer"],
                                 ["build", "layer", "layer-prefixes"],
                                 ["build", "layer", "layer-prefixes", "segment"]]):
            shutil.rmtree(cache / "v1/entries" / kind, ignore_errors=True)
        found = build(recipe, cache, dice.randint(1, 4))
        if found != expected:
            sys.exit(f"after {what}: {found}, not {expected}")
    print(f"{RECIPES} recipes, {DAMAGES} damages: the same images")


main()
