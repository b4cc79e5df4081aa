#!/usr/bin/env python3
"""Runs a program under a seccomp filter.

    restricted.py processes PROGRAM [ARGUMENT...]    the kernel kills it when it starts a process
    restricted.py namespaces PROGRAM [ARGUMENT...]   it and its children get no namespaces (EPERM)

"processes": execve, execveat, fork and vfork kill, clone does unless it makes a thread. In both,
clone3 does not exist (its flags cannot be seen; the C library takes clone then). Exit status 77
where the kernel has no such filters. x86_64 only.
"""

import ctypes
import os
import platform
import struct
import sys

LOAD, EQUAL, ANY_OF, RETURN = 0x20, 0x15, 0x45, 0x06  # BPF: ld [k]; jeq; jset; ret
KILL, ALLOW, REFUSED, NO_SUCH_CALL = 0x80000000, 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38
NUMBER, ARGUMENT = 0, 16  # offsets in struct seccomp_data
CLONE, FORK, VFORK, EXECVE, UNSHARE, EXECVEAT, CLONE3 = 56, 57, 58, 59, 272, 322, 435
CLONE_THREAD = 0x00010000
CLONE_NAMESPACES = 0x7E020000  # user, mount, pid, network, IPC, UTS, cgroup


def without_processes(path_address):
    """The one execve that is let through is the one from this very address: the program's own."""
    return [
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 10, 0, FORK),
        (EQUAL, 9, 0, VFORK),
        (EQUAL, 8, 0, EXECVEAT),
        (EQUAL, 8, 0, CLONE3),
        (EQUAL, 0, 2, CLONE),
        (LOAD, 0, 0, ARGUMENT),
        (ANY_OF, 6, 4, CLONE_THREAD),
        (EQUAL, 0, 5, EXECVE),
        (LOAD, 0, 0, ARGUMENT),
        (EQUAL, 4, 1, path_address & 0xFFFFFFFF),  # the high half is looked at below
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, NO_SUCH_CALL),
        (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, ARGUMENT + 4),
        (EQUAL, 0, 1, path_address >> 32),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, KILL),
    ]


def without_namespaces(_):
    return [
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 5, 0, CLONE3),
        (EQUAL, 1, 0, UNSHARE),
        (EQUAL, 0, 5, CLONE),
        (LOAD, 0, 0, ARGUMENT),
        (ANY_OF, 0, 3, CLONE_NAMESPACES),
        (RETURN, 0, 0, REFUSED),
        (RETURN, 0, 0, NO_SUCH_CALL),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, ALLOW),
    ]


def install(rules):
    if platform.machine() != "x86_64":
        sys.exit(77)
    libc = ctypes.CDLL(None, use_errno=True)
    octets = b"".join(struct.pack("HBBI", *rule) for rule in rules)
    code = ctypes.create_string_buffer(octets, len(octets))
    program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code))
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, program, 0, 0) != 0:
        sys.exit(77)
    return libc


def main():
    rules = {"processes": without_processes, "namespaces": without_namespaces}[sys.argv[1]]
    words = [os.fsencode(word) for word in sys.argv[2:]]
    path = ctypes.create_string_buffer(words[0])
    arguments = (ctypes.c_char_p * (len(words) + 1))(*words, None)
    settings = [os.fsencode(f"{name}={value}") for name, value in os.environ.items()]
    environment = (ctypes.c_char_p * (len(settings) + 1))(*settings, None)
    libc = install(rules(ctypes.addressof(path)))
    libc.execve(path, arguments, environment)
    sys.exit(f"restricted: {words[0].decode()}: {os.strerror(ctypes.get_errno())}")


main()
