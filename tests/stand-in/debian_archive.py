"""Packages from Debian's archive: their closure, their files, what their control fields say.

apt does the work, with a state of its own in the cache folder: nothing of the system is read but
the archive's signing keys, nothing is changed, and no privilege is needed.
"""

import fcntl
import os
import re
import subprocess
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

SUITE = "bookworm"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LISTS_LIVE = 24 * 3600  # seconds
FIELDS = ["Package", "Version", "Depends", "Pre-Depends", "Provides", "Replaces", "Description",
          "Homepage", "Source", "Maintainer"]


@dataclass
class Deb:
    """One Debian package that lies in the cache."""

    path: Path
    fields: dict = field(default_factory=dict)

    @property
    def name(self):
        return self.fields["Package"]

    @property
    def version(self):
        return self.fields["Version"]


class Archive:
    def __init__(self, folder, mirror):
        self.folder = Path(folder)
        self.debs = self.folder / "debs"
        for name in ["lists/partial", "apt/archives/partial", "debs", "empty"]:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        mirror = mirror.rstrip("/")
        (self.folder / "sources.list").write_text(
            f"deb [signed-by={KEYRING}] {mirror}/debian {SUITE} main\n"
            f"deb [signed-by={KEYRING}] {mirror}/debian-security {SUITE}-security main\n")
        self._lock = open(self.folder / "lock", "w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._configure()

    def release(self):
        """Lets other processes use the cache folder."""
        self._lock.close()

    def _configure(self):
        """Writes apt's configuration: of the system's only the proxies are taken (its hooks, say,
        would clean the system's own cache)."""
        options = {
            "Dir::Etc::parts": self.folder / "empty",
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": self.folder / "empty",
            "Dir::Etc::preferencesparts": self.folder / "empty",
            "Dir::State::lists": self.folder / "lists",
            "Dir::State::status": "/dev/null",
            "Dir::State::extended_states": self.folder / "apt/extended_states",
            "Dir::Cache": self.folder / "apt",
            "Debug::NoLocking": "1",
            "APT::Sandbox::User": "root",
            "APT::Architecture": "amd64",
            "APT::Install-Recommends": "false",
            "APT::Install-Suggests": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Acquire::http::Timeout": "60",
        }
        lines = [f'{key} "{value}";\n' for key, value in options.items()]
        lines.append('APT::Architectures { "amd64"; };\n')
        shown = subprocess.run(["apt-config", "dump"], check=True, text=True,
                               stdout=subprocess.PIPE, timeout=60).stdout
        lines += [line + "\n" for line in shown.splitlines()
                  if re.match(r"Acquire::https?::Proxy\S* ", line)]
        (self.folder / "apt.conf").write_text("".join(lines))

    def _apt(self, *arguments, **more):
        environment = dict(os.environ, LC_ALL="C", APT_CONFIG=str(self.folder / "apt.conf"))
        return subprocess.run(["apt-get", "-qq", *arguments], check=True, text=True,
                              env=environment, stdin=subprocess.DEVNULL, timeout=3600, **more)

    def update(self):
        """Fetches the package lists, unless those at hand are from today."""
        stamp = self.folder / "lists-are-from"
        wanted = (self.folder / "sources.list").read_text()
        if (stamp.exists() and stamp.read_text() == wanted
                and time.time() - stamp.stat().st_mtime < LISTS_LIVE):
            return
        self._apt("update")
        stamp.write_text(wanted)

    def closure(self, names):
        """Fetches the packages and all they depend on; gives them in apt's order."""
        shown = self._apt("install", "-y", "--print-uris", *names, stdout=subprocess.PIPE).stdout
        wanted = re.findall(r"^'(\S+)' (\S+) (\d+)", shown, re.MULTILINE)
        missing = []
        for _, file, size in wanted:
            path = self.debs / file
            if not path.exists() or path.stat().st_size != int(size):
                name, version = file.split("_")[:2]
                missing.append(f"{name}={urllib.parse.unquote(version)}")
        if missing:
            self._apt("download", *missing, cwd=self.debs)
        return [self._read(self.debs / file) for _, file, _ in wanted]

    def _read(self, path):
        shown = subprocess.run(["dpkg-deb", "--field", path, *FIELDS], check=True, text=True,
                               stdout=subprocess.PIPE, timeout=60).stdout
        deb = Deb(path)
        for line in shown.splitlines():
            if line[:1].isspace():
                continue  # the long description
            key, _, value = line.partition(":")
            deb.fields[key] = value.strip()
        return deb
