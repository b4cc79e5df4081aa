"""The packages the mirror has that Debian has not: the ground others stand on."""

import io
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

# No clock: the files' time is that of Debian 12.
TIME = 1686355200

# As Alpine's busybox has it.
APPLET_LINKS = """#!/bin/busybox sh
/bin/busybox mkdir -p /bin /sbin /usr/bin /usr/sbin
exec /bin/busybox --install -s
"""

_FOLDERS = """
bin boot dev etc etc/profile.d home lib lib64 media mnt opt proc run sbin srv sys usr usr/bin
usr/lib usr/local usr/local/bin usr/local/lib usr/local/sbin usr/local/share usr/sbin usr/share var
var/cache var/lib var/log var/mail var/spool var/www
""".split()

_SPECIAL_FOLDERS = {"root": 0o700, "tmp": 0o1777, "var/tmp": 0o1777, "run/lock": 0o1777}

_LINKS = {"var/run": "/run", "var/lock": "/run/lock", "etc/os-release": "../usr/lib/os-release"}

# name, number, group's number, home, shell; as base-passwd has them
_USERS = """
root 0 0 /root /bin/sh
daemon 1 1 /usr/sbin /usr/sbin/nologin
bin 2 2 /bin /usr/sbin/nologin
sys 3 3 /dev /usr/sbin/nologin
games 5 60 /usr/games /usr/sbin/nologin
man 6 12 /var/cache/man /usr/sbin/nologin
lp 7 7 /var/spool/lpd /usr/sbin/nologin
mail 8 8 /var/mail /usr/sbin/nologin
news 9 9 /var/spool/news /usr/sbin/nologin
uucp 10 10 /var/spool/uucp /usr/sbin/nologin
proxy 13 13 /bin /usr/sbin/nologin
www-data 33 33 /var/www /usr/sbin/nologin
backup 34 34 /var/backups /usr/sbin/nologin
nobody 65534 65534 /nonexistent /usr/sbin/nologin
"""

_GROUPS = """
root 0 daemon 1 bin 2 sys 3 adm 4 tty 5 disk 6 lp 7 mail 8 news 9 uucp 10 man 12 proxy 13 kmem 15
dialout 20 cdrom 24 floppy 25 tape 26 sudo 27 audio 29 dip 30 www-data 33 backup 34 operator 37
src 40 shadow 42 utmp 43 video 44 sasl 45 plugdev 46 staff 50 games 60 users 100 nogroup 65534
"""


def _texts():
    users = [line.split() for line in _USERS.strip().splitlines()]
    words = _GROUPS.split()
    groups = list(zip(words[::2], words[1::2]))
    return {
        "etc/passwd": "".join(f"{name}:x:{uid}:{gid}:{name}:{home}:{shell}\n"
                              for name, uid, gid, home, shell in users),
        "etc/group": "".join(f"{name}:x:{gid}:\n" for name, gid in groups),
        "etc/shadow": "".join(f"{user[0]}:*:0:0:99999:7:::\n" for user in users),
        "etc/shells": "/bin/sh\n",
        "etc/hosts": "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n",
        "etc/hostname": "localhost\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
        "etc/profile": "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                       "umask 022\n",
        "usr/lib/os-release": 'NAME="Tarn Stand-in"\nID=tarn-stand-in\nID_LIKE=debian\n'
                              'VERSION_ID=12\nPRETTY_NAME="Tarn Stand-in 12"\n',
    }


def _add(tar, name, kind=tarfile.REGTYPE, mode=0o644, content=b"", target="", group="root"):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(content), target
    entry.uname, entry.gname, entry.gid = "root", group, 42 if group == "shadow" else 0
    entry.mtime = TIME
    tar.addfile(entry, io.BytesIO(content))


def write_baselayout(file):
    """The payload of stand-in-baselayout, as a tar archive."""
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
        for name in _FOLDERS:
            _add(tar, name, tarfile.DIRTYPE, 0o755)
        for name, mode in _SPECIAL_FOLDERS.items():
            _add(tar, name, tarfile.DIRTYPE, mode)
        for name, target in _LINKS.items():
            _add(tar, name, tarfile.SYMTYPE, 0o777, target=target)
        for name, text in _texts().items():
            secret = name == "etc/shadow"
            _add(tar, name, mode=0o640 if secret else 0o644, content=text.encode(),
                 group="shadow" if secret else "root")


def write_binsh(file):
    """The payload of stand-in-binsh: /bin/sh is busybox."""
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, "bin", tarfile.DIRTYPE, 0o755)
        _add(tar, "bin/sh", tarfile.SYMTYPE, 0o777, target="/bin/busybox")


def add_busybox_paths(file):
    """Adds etc/busybox-paths.d/busybox, the list of its applets, to busybox' own payload."""
    with tarfile.open(file) as tar:
        program = tar.extractfile("./bin/busybox").read()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "busybox"
        path.write_bytes(program)
        os.chmod(path, 0o700)
        paths = subprocess.run([path, "--list-full"], check=True, stdout=subprocess.PIPE,
                               timeout=60).stdout
    with tarfile.open(file, "a", format=tarfile.GNU_FORMAT) as tar:
        _add(tar, "./etc", tarfile.DIRTYPE, 0o755)
        _add(tar, "./etc/busybox-paths.d", tarfile.DIRTYPE, 0o755)
        _add(tar, "./etc/busybox-paths.d/busybox", content=paths)
