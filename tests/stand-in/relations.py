"""Debian's relations between packages as apk dependencies.

An alternative becomes the package of the closure that satisfies it; so does a virtual package,
because apk installs no unversioned provider by itself. Recommends, Suggests, Breaks and Conflicts
have no counterpart: a closure is consistent as it is.
"""

import re

from versions import apk_version, compare_apk, compare_debian

_OPERATORS = {"<<": "<", "<=": "<=", "=": "=", ">=": ">=", ">>": ">"}
_FORM = re.compile(r"([a-z0-9][a-z0-9+.-]+)(?::\w+)?(?:\s*\(\s*(<<|<=|=|>=|>>)\s*([^\s)]+)\s*\))?$")


def parse(text):
    """'a (>= 1) | b, c' -> [[('a', '>=', '1'), ('b', None, None)], [('c', None, None)]]"""
    groups = []
    for group in filter(None, (part.strip() for part in text.split(","))):
        alternatives = []
        for one in group.split("|"):
            match = _FORM.match(one.strip())
            if not match:
                raise ValueError(f"not a relation: '{one}'")
            alternatives.append(match.groups())
        groups.append(alternatives)
    return groups


def _holds(order, operator):
    return {"<<": order < 0, "<=": order <= 0, "=": order == 0, ">=": order >= 0,
            ">>": order > 0}[operator]


class Closure:
    """The packages at hand, by what they are called and what they provide."""

    def __init__(self, debs):
        self.versions = {deb.name: deb.version for deb in debs}
        self.providers = {}
        for deb in debs:
            for ((name, _, version),) in parse(deb.fields.get("Provides", "")):
                self.providers.setdefault(name, []).append((deb.name, version))

    def depends(self, deb):
        """The dependencies of a package, each once."""
        found = {}
        for key in ["Pre-Depends", "Depends"]:
            for alternatives in parse(deb.fields.get(key, "")):
                found[self._choose(alternatives, deb)] = None
        return [dependency for dependency in found if dependency != deb.name]

    def _choose(self, alternatives, deb):
        for name, operator, version in alternatives:
            have = self.versions.get(name)
            if have and (not operator or _holds(compare_debian(have, version), operator)):
                return self._relation(name, operator, version)
        for name, operator, version in alternatives:
            for provider, provided in self.providers.get(name, []):
                if not operator or (provided
                                    and _holds(compare_debian(provided, version), operator)):
                    return provider
        raise ValueError(f"{deb.name}: nothing at hand satisfies {alternatives}")

    def _relation(self, name, operator, version):
        """The relation with its version, where apk's order of the mapped ones agrees."""
        if not operator:
            return name
        have, wanted = apk_version(self.versions[name]), apk_version(version)
        if not _holds(compare_apk(have, wanted), operator):
            return name
        return f"{name}{_OPERATORS[operator]}{wanted}"


def provides(deb):
    found = []
    for ((name, _, version),) in parse(deb.fields.get("Provides", "")):
        found.append(f"{name}={apk_version(version)}" if version else name)
    return found


def replaces(deb):
    found = []
    for ((name, operator, version),) in parse(deb.fields.get("Replaces", "")):
        found.append(f"{name}{_OPERATORS[operator]}{apk_version(version)}" if operator else name)
    return found
