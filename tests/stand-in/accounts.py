"""Accounts that maintainer scripts of Debian packages make, as apk pre-install scripts.

Only those that base-passwd (here: stand-in-baselayout) does not have.
"""

# package: (user, home, shell, further groups)
_USERS = {
    "dbus": ("messagebus", "/nonexistent", "/usr/sbin/nologin", []),
    "mariadb-server": ("mysql", "/nonexistent", "/bin/false", []),
    "memcached": ("memcache", "/nonexistent", "/bin/false", []),
    "openssh-server": ("sshd", "/run/sshd", "/usr/sbin/nologin", []),
    "postgresql-common": ("postgres", "/var/lib/postgresql", "/bin/bash", []),
    "redis-server": ("redis", "/var/lib/redis", "/usr/sbin/nologin", []),
}

# package: groups it makes
_GROUPS = {
    "openssh-client": ["_ssh"],
    "systemd": ["systemd-journal"],
}


def pre_install(package):
    """The script for a package; nothing when it makes no account."""
    lines = []
    for group in _GROUPS.get(package, []):
        lines.append(f"addgroup -S {group} 2>/dev/null")
    if package in _USERS:
        user, home, shell, groups = _USERS[package]
        lines.append(f"addgroup -S {user} 2>/dev/null")
        lines.append(f"adduser -S -D -H -h {home} -s {shell} -G {user} -g {user} {user} 2>/dev/null")
        for group in groups:
            lines.append(f"addgroup {user} {group} 2>/dev/null")
    if not lines:
        return None
    return "\n".join(["#!/bin/sh", "", *lines, "", "exit 0", ""])
