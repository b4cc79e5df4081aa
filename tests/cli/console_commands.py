#!/usr/bin/env python3
"""Prints the commands of the `console` blocks in one section of a Markdown file, one a line.

Usage: console_commands.py FILE HEADING

A command is a line that begins with "$ "; other lines of a block are what it prints.
"""

import sys


def main():
    path, heading = sys.argv[1:]
    level = heading.split(" ")[0] + " "
    is_inside = is_console = False
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("```"):
                is_console = is_inside and line.strip() == "```console"
            elif not is_console and line.startswith(level):
                is_inside = line.strip() == heading
            elif is_console and line.startswith("$ "):
                print(line[2:], end="")


main()
