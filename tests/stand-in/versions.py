"""Debian versions as apk versions.

    [EPOCH:]UPSTREAM[-REVISION]  ->  UPSTREAM'[-rN]

* The epoch is left out: it is the same for all versions a release has of a package.
* UPSTREAM': numbers keep their place, without leading zeros; a single letter after a number stays;
  '~text' becomes a suffix that sorts before the plain version (_alpha, _beta, _pre or _rc, by the
  text's first letter); '+text', and whatever else apk has no word for, becomes _p. A number within
  the text follows the suffix: 1.2~rc3 -> 1.2_rc3, 7.88+dfsg1 -> 7.88_p1.
* REVISION A[.B][+debXuY][+bZ] becomes A*1000000 + B*10000 + X*100 + Y (Z counts where there is no
  X): 9+deb12u4 -> r9001204. '~debXuY' sorts before the plain revision: 10000 less.

The order is kept but for rare forms; a relation for which both worlds would not agree loses its
version (see relations.py).
"""

import re
from itertools import zip_longest

_BEFORE = {"_alpha": 0, "_beta": 1, "_pre": 2, "_rc": 3}


def apk_version(version):
    version = version.split(":", 1)[-1]
    upstream, dash, revision = version.rpartition("-")
    if not dash:
        upstream, revision = revision, ""
    text = _upstream(upstream)
    return f"{text}-r{_revision(revision)}" if revision else text


def _suffix(mark, text):
    if not mark.startswith("~"):
        return "_p"
    first = text[:1].lower()
    if first == "a":
        return "_alpha"
    if first == "b":
        return "_beta"
    return "_rc" if "r" <= first <= "z" else "_pre"


def _upstream(text):
    parts = re.findall(r"\d+|[A-Za-z]+|[^A-Za-z\d]", text)
    out = ""
    in_suffixes = False
    mark = ""
    for place, part in enumerate(parts):
        if part.isdigit():
            number = str(int(part))
            if not out:
                out = number
            elif in_suffixes:
                # One number may follow a suffix; a further one needs a suffix of its own.
                out += number if re.search(r"_[a-z]+$", out) else "_p" + number
            elif mark == "." and out[-1].isdigit():
                out += "." + number
            else:
                out += _suffix(mark, "") + number
                in_suffixes = True
            mark = ""
        elif part.isalpha():
            following = parts[place + 1] if place + 1 < len(parts) else ""
            plain = not mark and not in_suffixes and out and out[-1].isdigit()
            if plain and len(part) == 1 and part.islower() and not following.isdigit():
                out += part
            else:
                out = (out or "0") + _suffix(mark, part)
                in_suffixes = True
            mark = ""
        else:
            mark += part
    return out or "0"


def _revision(text):
    plain = re.match(r"(\d*)(?:\.(\d+))?", text)
    number = int(plain[1] or 0) * 1000000 + min(int(plain[2] or 0), 99) * 10000
    update = re.search(r"([+~])(?:deb|bpo)(\d+)(?:u|\+)?(\d*)", text)
    if update:
        number += int(update[2]) % 100 * 100 + min(int(update[3] or 0), 99)
        if update[1] == "~":
            number -= 10000
    else:
        rebuild = re.search(r"\+b(\d+)", text)
        if rebuild:
            number += min(int(rebuild[1]), 99)
    return max(number, 0)


def compare_apk(left, right):
    """-1, 0 or 1: the order apk gives two versions that apk_version() made."""
    for one, other in zip_longest(_tokens(left), _tokens(right), fillvalue=(7, 0)):
        if one[0] == other[0]:
            if one[1] != other[1]:
                return -1 if one[1] < other[1] else 1
            continue
        if one[0] == 3 and one[1] < 4:
            return -1
        if other[0] == 3 and other[1] < 4:
            return 1
        return -1 if one[0] > other[0] else 1
    return 0


def _tokens(version):
    for rank, match in enumerate(re.findall(r"_[a-z]+|-r\d+|[a-z]|\.?\d+", version)):
        if match.startswith("_"):
            yield 3, _BEFORE.get(match, 4)
        elif match.startswith("-r"):
            yield 6, int(match[2:])
        elif match.startswith("."):
            yield 1, int(match[1:])
        elif match.isdigit():
            yield (4 if rank else 0), int(match)
        else:
            yield 2, ord(match)


def compare_debian(left, right):
    """-1, 0 or 1, as deb-version(7) has it."""

    def parts(version):
        epoch, colon, rest = version.partition(":")
        if not colon:
            epoch, rest = "0", version
        upstream, dash, revision = rest.rpartition("-")
        return (int(epoch), upstream, revision) if dash else (int(epoch), rest, "")

    def weigh(text):
        # Pairs of a run of other characters (weighed one by one, then the end) and a number.
        weighed = []
        for other, number in re.findall(r"(\D*)(\d*)", text):
            for char in other:
                weighed.append(-1 if char == "~" else ord(char) + (0 if char.isalpha() else 256))
            weighed.append(0)
            weighed.append(int(number or 0))
        return weighed

    def compare(one, other):
        one, other = weigh(one), weigh(other)
        for a, b in zip_longest(one, other, fillvalue=0):
            if a != b:
                return -1 if a < b else 1
        return 0

    left_epoch, left_upstream, left_revision = parts(left)
    right_epoch, right_upstream, right_revision = parts(right)
    if left_epoch != right_epoch:
        return -1 if left_epoch < right_epoch else 1
    return compare(left_upstream, right_upstream) or compare(left_revision, right_revision)
