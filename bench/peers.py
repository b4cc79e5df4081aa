"""The tools that are measured: each makes an image of the same packages."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from measure import SHARED, TARN, run, tarn

APKO_VERSION = "v1.2.9"
GO_AT_LEAST = (1, 26)
BOOT_MEDIA = SHARED / "mirror/alpine/v3.19.1-bootmedia"
QUIET = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")
         and key not in ("TARN_CACHE", "SOURCE_DATE_EPOCH")}


def put_aside(cache):
    """Makes a cache an empty one. The old one stays until the end of the run: for minutes ext4 is slow
    to make files where some were removed."""
    if cache.exists():
        number = sum(1 for _ in cache.parent.glob("old-cache.*"))
        cache.rename(cache.parent / f"old-cache.{number}")


class Tarn:
    name = "tarn"
    caches = True

    def __init__(self, scratch):
        self.folder = scratch / "tarn"
        self.cache = self.folder / "cache"
        self.environment = QUIET

    def version(self):
        return run(TARN, "--version").decode().split()[-1]

    def forget(self):
        put_aside(self.cache)

    def command(self, job, output):
        return [TARN, "-q", "--cache", self.cache, "build", job.recipe, "bench:latest", output]


class Apko:
    name = "apko"
    caches = True

    def __init__(self, scratch, program):
        self.program = program
        self.folder = scratch / "apko"
        self.cache = self.folder / "cache"
        self.environment = dict(QUIET, TMPDIR=str(self.folder))

    def version(self):
        return APKO_VERSION

    def forget(self):
        put_aside(self.cache)

    def command(self, job, output):
        return [self.program, "build", "--log-level", "error", "--sbom=false", "--vcs=false",
                "--cache-dir", self.cache, job.recipe, "bench:latest", output]


class Shell:
    """What is typed without an image builder: the packages are unpacked and the tree is packed. It has
    no cache of layers, so each time is its first; and no image is made of the tar.gz."""

    caches = False

    def __init__(self, scratch, name, pack, apk=None):
        self.folder = scratch / pack.split()[0]
        self.name = f"{'apk add' if apk else 'bsdtar'}, {name}"
        self.pack = pack
        self.apk = apk
        self.environment = QUIET

    def forget(self):
        pass

    def version(self):
        programs = [self.apk or ["bsdtar"], ["tar"], [self.pack.split()[0]]]
        return "; ".join(run(*words, "--version").decode().splitlines()[0] for words in programs)

    def command(self, job, output):
        lines = ["set -e", f"cd {self.folder}", "root=$(mktemp -d tree.XXXXXX)"]
        if self.apk:
            lines.append(" ".join(map(str, [
                *self.apk, "add --root $PWD/$root --initdb --no-cache --no-progress -q",
                "--arch", job.architectures[0], "--keys-dir", job.key.parent,
                "--repositories-file /dev/null -X", job.repository, *job.world, ">/dev/null"])))
        else:
            names = [url.rsplit("/", 1)[1] for url in job.urls]
            lines += ["mkdir $root.packages && cd $root.packages",
                      "curl -fsS -Z --remote-name-all " + " ".join(job.urls)]
            lines += [f"bsdtar -x -f {name} -C ../$root --exclude .PKGINFO --exclude '.SIGN.*' "
                      f"--exclude '.p*-install' --exclude .trigger 2>/dev/null" for name in names]
            lines.append("cd ..")
        # As with caches, the tree stays until the end of the run.
        lines.append(f"tar -C $root --sort=name -c . | {self.pack} > {output}")
        script = self.folder / f"{self.name.replace(' ', '-')}.sh"
        script.write_text("\n".join(lines) + "\n")
        return ["bash", script]


class Job:
    """One image to make."""

    def __init__(self, recipe, key, repository, world, architectures, urls):
        self.recipe = recipe
        self.key = key                # the public key
        self.repository = repository  # its URL
        self.world = world
        self.architectures = architectures
        self.urls = urls              # of the packages, in install order

    @staticmethod
    def write(path, key, repository, world, architectures, **more):
        path.write_text(json.dumps({
            "contents": {"repositories": [repository], "keyring": [str(key)],
                         "packages": list(world)},
            "archs": architectures, **more}))
        plan = json.loads(tarn("--cache", path.parent / "plan-cache", "plan", "--json", path))
        urls = [package["url"] for one in plan["architectures"] for package in one["packages"]]
        return Job(path, key, repository, world, architectures, urls)


def go_version():
    if shutil.which("go") is None:
        return (0, 0)
    words = run("go", "env", "GOVERSION").decode().strip().removeprefix("go").split(".")
    return tuple(int("".join(filter(str.isdigit, word)) or 0) for word in words[:2])


def find_apko(folder):
    """The pinned apko, built once; nothing, with a message, where that cannot be."""
    program = folder / f"apko-{APKO_VERSION}"
    if program.exists():
        return program
    if go_version() < GO_AT_LEAST:
        print("bench: apko is left out: it needs Go 1.26 or newer")
        return None
    print(f"bench: building apko {APKO_VERSION}; the first time this takes minutes", flush=True)
    module = folder / "apko-module"
    module.mkdir(exist_ok=True)
    # Not `go install PACKAGE@VERSION`: that asks for the list of all versions besides, which not every
    # proxy has.
    (module / "go.mod").write_text(f"module bench.invalid/peers\n\ngo 1.26\n\n"
                                   f"require chainguard.dev/apko {APKO_VERSION}\n")
    built = subprocess.run(["go", "build", "-mod=mod", "-o", str(program), "chainguard.dev/apko"],
                           cwd=module, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                           timeout=3600)
    if built.returncode != 0:
        print(f"bench: apko is left out: it cannot be built: {built.stderr.strip()[-300:]}")
        return None
    return program


def find_apk(folder):
    """The words that run apk: the one installed, else that of the test material's packages, which
    Alpine's own dynamic linker runs. Nothing where neither is, or this is not root, without which apk
    installs no owners and runs no scripts."""
    if os.getuid() != 0:
        return None
    if shutil.which("apk"):
        return ["apk"]
    loader = "lib/ld-musl-x86_64.so.1"
    root = folder / "apk-tools"
    if not (BOOT_MEDIA.exists() and os.uname().machine == "x86_64"):
        return None
    if not (root / loader).exists():
        root.mkdir(exist_ok=True)
        for name in ("apk-tools", "musl", "zlib", "libcrypto3", "libssl3"):
            package, = BOOT_MEDIA.glob(f"x86_64/{name}-[0-9]*.apk")
            subprocess.run(["bsdtar", "-x", "-f", package, "-C", root, "--exclude", ".*"],
                           stderr=subprocess.DEVNULL, check=True)
    return [root / loader, "--library-path", f"{root}/lib:{root}/usr/lib", root / "sbin/apk"]


def chosen(names, folder, scratch):
    """The tools by name, tarn first."""
    tools = [Tarn(scratch)]
    if "apko" in names and (program := find_apko(folder)):
        tools.append(Apko(scratch, program))
    apk = find_apk(folder)
    if "gzip" in names:
        tools.append(Shell(scratch, "gzip -6", "gzip -6", apk))
    if "pigz" in names and shutil.which("pigz"):
        tools.append(Shell(scratch, "pigz", "pigz", apk))
    elif "pigz" in names:
        print("bench: pigz is left out: it is not installed")
    for tool in tools:
        tool.folder.mkdir()
    return tools
