"""Accounts that maintainer scripts of Debian packages make, as apk pre-install scripts.

Only those that base-passwd (here: stand-in-baselayout) does not have. Debian's busybox has no
applets for accounts, so the scripts write the lines themselves.
"""

# package: (user, home, shell)
_USERS = {
    "dbus": ("messagebus", "/nonexistent", "/usr/sbin/nologin"),
    "mariadb-server": ("mysql", "/nonexistent", "/bin/false"),
    "memcached": ("memcache", "/nonexistent", "/bin/false"),
    "openssh-server": ("sshd", "/run/sshd", "/usr/sbin/nologin"),
    "postgresql-common": ("postgres", "/var/lib/postgresql", "/bin/bash"),
    "redis-server": ("redis", "/var/lib/redis", "/usr/sbin/nologin"),
}

# package: the group it makes
_GROUPS = {
    "openssh-client": "_ssh",
    "systemd": "systemd-journal",
}

_FREE_ID = """id=100
while grep -q "^[^:]*:[^:]*:$id:" /etc/passwd /etc/group; do id=$((id + 1)); done
"""


def pre_install(package):
    """The script for a package; nothing when it makes no account."""
    script = "#!/bin/sh\nset -e\n"
    if package in _GROUPS:
        group = _GROUPS[package]
        return script + _FREE_ID + f'echo "{group}:x:$id:" >>/etc/group\n'
    if package not in _USERS:
        return None
    user, home, shell = _USERS[package]
    return (script + _FREE_ID + f"""echo "{user}:x:$id:" >>/etc/group
echo "{user}:x:$id:$id:{user}:{home}:{shell}" >>/etc/passwd
echo "{user}:!:0:0:99999:7:::" >>/etc/shadow
""")
