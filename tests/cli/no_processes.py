#!/usr/bin/env python3
"""Runs a program that the kernel kills when it starts a process.

    no_processes.py PROGRAM [ARGUMENT...]

Under a seccomp filter execve, execveat, fork and vfork kill, clone does unless it makes a thread,
and clone3 does not exist (its flags cannot be seen; the C library takes clone then). Exit status 77
where the kernel has no such filters. x86_64 only.
"""

import ctypes
import os
import platform
import struct
import sys

LOAD, EQUAL, MASKED, RETURN = 0x20, 0x15, 0x45, 0x06  # BPF: ld [k]; jeq; jset; ret
KILL, ALLOW, NO_SUCH_CALL = 0x80000000, 0x7FFF0000, 0x00050000 | 38
NUMBER, ARGUMENT = 0, 16  # offsets in struct seccomp_data
FORK, VFORK, EXECVE, EXECVEAT, CLONE, CLONE3 = 57, 58, 59, 322, 56, 435
CLONE_THREAD = 0x00010000


def filter_for(path_address):
    """The one execve that is let through is the one from this very address: the program's own."""
    low, high = path_address & 0xFFFFFFFF, path_address >> 32
    return [
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 10, 0, FORK),
        (EQUAL, 9, 0, VFORK),
        (EQUAL, 8, 0, EXECVEAT),
        (EQUAL, 8, 0, CLONE3),
        (EQUAL, 0, 2, CLONE),
        (LOAD, 0, 0, ARGUMENT),
        (MASKED, 6, 4, CLONE_THREAD),
        (EQUAL, 0, 5, EXECVE),
        (LOAD, 0, 0, ARGUMENT),
        (EQUAL, 4, 1, low),  # the high half is checked below
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, NO_SUCH_CALL),
        (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, ARGUMENT + 4),
        (EQUAL, 0, 1, high),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, KILL),
    ]


def install(path):
    if platform.machine() != "x86_64":
        sys.exit(77)
    libc = ctypes.CDLL(None, use_errno=True)
    rules = b"".join(struct.pack("HBBI", *rule) for rule in filter_for(ctypes.addressof(path)))
    code = ctypes.create_string_buffer(rules, len(rules))
    program = struct.pack("HxxxxxxP", len(rules) // 8, ctypes.addressof(code))
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, program, 0, 0) != 0:
        sys.exit(77)
    return libc


def main():
    words = [os.fsencode(word) for word in sys.argv[1:]]
    path = ctypes.create_string_buffer(words[0])
    libc = install(path)
    arguments = (ctypes.c_char_p * (len(words) + 1))(*words, None)
    settings = [os.fsencode(f"{name}={value}") for name, value in os.environ.items()]
    environment = (ctypes.c_char_p * (len(settings) + 1))(*settings, None)
    libc.execve(path, arguments, environment)
    sys.exit(f"no_processes: {sys.argv[1]}: {os.strerror(ctypes.get_errno())}")


main()
