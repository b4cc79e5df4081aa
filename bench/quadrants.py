"""The states a cache can be in, and one round of builds through all of them."""

import json
import os
import shutil
from dataclasses import dataclass

from measure import fail, measure, run
from peers import Job, Tarn

COLD, SAME, SAME_LAYOUT, OTHER, CHANGED = (
    "cold", "nothing changed", "nothing changed, into a layout", "new recipe",
    "one package changed")
ALL = [COLD, OTHER, CHANGED, SAME, SAME_LAYOUT]
MEANING = {
    COLD: "the cache is empty",
    OTHER: "all packages are cached; one more than before is wanted, and a user and a folder",
    CHANGED: "the mirror has a newer version of one package",
    SAME: "as before, into an archive",
    SAME_LAYOUT: "as before, into a new OCI layout",
}


@dataclass
class Jobs:
    """What is built of one image."""

    same: Job
    extra: Job  # fills the cache with the package that `other` has besides
    other: Job


def write_jobs(image, mirror, url, architectures, folder):
    def write(name, world, **more):
        return Job.write(folder / f"{image.name}.{name}.yaml", mirror.key.public,
                         f"{url}/{image.name}", world, architectures, **more)
    # Exact versions are for the indexes that the packages came from.
    *world, extra = [word.partition("=")[0] for word in (*image.world, image.extra)]
    mirror.show(image, "before")
    return Jobs(write("same", world),
                write("extra", [extra]),
                write("other", [*world, extra],
                      accounts={"users": [{"username": "bench", "uid": 10001, "gid": 10001}],
                                "groups": [{"groupname": "bench", "gid": 10001}]},
                      paths=[{"path": "/srv/bench", "type": "directory", "uid": 10001,
                              "gid": 10001, "permissions": 0o750}]))


class Round:
    """Builds by one tool."""

    def __init__(self, tool):
        self.tool = tool
        self.folder = tool.folder
        self.usages = {}

    def build(self, job, name, measured_as=None):
        """The digest that tarn printed; empty for the others."""
        output = self.folder / name
        if output.exists():
            shutil.rmtree(output) if output.is_dir() else output.unlink()
        if not name.endswith(".tar") and not name.endswith(".gz"):
            output.mkdir()
        command = self.tool.command(job, output)
        os.sync()  # so that no earlier writing is paid for here
        usage = measure(command, self.folder, self.tool.environment)
        if measured_as is not None:
            self.usages[measured_as] = usage
        if not output.exists():
            fail(f"{self.tool.name} has not written {output}")
        if isinstance(self.tool, Tarn):
            return (self.folder / "output").read_text().strip()
        return ""


def run_round(tool, image, jobs, mirror):
    """The usages of one tool in each state."""
    one = Round(tool)
    tool.forget()
    mirror.show(image, "before")
    if not tool.caches:
        one.build(jobs.same, "image.tar.gz", COLD)
        return one.usages
    first = one.build(jobs.same, "image.tar", COLD)
    again = one.build(jobs.same, "again.tar", SAME)
    layout = again
    if isinstance(tool, Tarn):  # for others it is the same work
        layout = one.build(jobs.same, "layout", SAME_LAYOUT)
    one.build(jobs.extra, "extra.tar")
    other = one.build(jobs.other, "other.tar", OTHER)
    mirror.show(image, "after")
    changed = one.build(jobs.same, "changed.tar", CHANGED)
    if isinstance(tool, Tarn):
        if not first == again == layout or len({first, other, changed}) != 3:
            fail(f"{image.name}: the digests are not as they must be: {first}, {again}, {layout}, "
                 f"then others: {other}, {changed}")
    return one.usages
