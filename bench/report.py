"""What bench/run found: a table, the goals, a plot."""

from dataclasses import dataclass

import quadrants
import svg
from limits import Limits

MIB = 2 ** 20
GOALS = """Wall clock, on every image with every number of architectures. The limit is SHA-256 of the layers'
tar and copying the layers, as measured in the same run."""


@dataclass
class Result:
    image: str
    architectures: int
    usages: dict  # (state, tool) -> Usage
    limits: Limits

    def title(self):
        return f"{self.image}, {self.architectures} arch{'s' * (self.architectures > 1)}"

    def of(self, state, tool):
        """The usage, and the mark of the note that says what was measured in its place."""
        if (state, tool) in self.usages:
            return self.usages[state, tool], ""
        if state == quadrants.SAME_LAYOUT and (quadrants.SAME, tool) in self.usages:
            return self.usages[quadrants.SAME, tool], " ²"
        return self.usages.get((quadrants.COLD, tool)), " ¹"

    def ratio(self, state, tool, figure="wall"):
        """How many times tarn's figure the tool's is; nothing where it was not measured."""
        usage, _ = self.of(state, tool)
        return usage and getattr(usage, figure) / getattr(self.usages[state, "tarn"], figure)


def time_text(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def table(results, tools):
    peers = tools[1:]
    lines = ["| image | state | tarn: wall | cpu | peak | of the limit |"
             + "".join(f" {peer}: wall | cpu | peak |" for peer in peers),
             "| --- | --- |" + " ---: |" * (4 + 3 * len(peers))]
    for result in results:
        for state in quadrants.ALL:
            own = result.usages[state, "tarn"]
            line = (f"| {result.title()} | {state} | {time_text(own.wall)} | {time_text(own.cpu)} | "
                    f"{own.peak:.0f} MiB | {own.wall / result.limits.warm():.2f} |")
            for peer in peers:
                usage, mark = result.of(state, peer)
                line += " — | — | — |" if usage is None else "".join(
                    f" × {result.ratio(state, peer, figure):.2f}{mark} |"
                    for figure in ("wall", "cpu", "peak"))
            lines.append(line)
    lines += ["", f"× n: n times what tarn takes. Of the limit: tarn's wall clock to SHA-256 of the tar "
              "and a copy of the layers. cpu: user and system time of all processes; peak: of the "
              "largest process."]
    if len(peers) > 0:
        lines += ["", "¹ a shell has no cache of layers: each time is its first, and the figure is that of "
                  "its cold build. ² into an archive. —: not measured; a shell makes two architectures as "
                  "two images, in twice the time."]
    lines += ["", "States:", ""] + [f"* {state}: {quadrants.MEANING[state]}"
                                    for state in quadrants.ALL]
    return lines


def limits_table(results):
    lines = ["| image | packages | tar | layer | SHA-256 of the tar | copying the layer | "
             "inflating the packages |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for result in results:
        found = result.limits
        lines.append(f"| {result.title()} | {found.packages} | {found.tar / 1e6:.1f} MB | "
                     f"{found.layer / 1e6:.1f} MB | {time_text(found.hash)} | {time_text(found.copy)} | "
                     f"{time_text(found.inflate)} |")
    return lines + ["", "Each on one processor, of bytes that lie in memory."]


def goals(results, tools):
    """Goal by goal the image that comes off worst."""
    shell = next((tool for tool in tools if tool.endswith("gzip -6")), None)
    same, other, changed = quadrants.SAME, quadrants.OTHER, quadrants.CHANGED

    def wall(state):
        return lambda result: result.usages[state, "tarn"].wall * 1000

    def peak_over(result):
        own = max(result.usages[state, "tarn"].peak for state in quadrants.ALL)
        return own - result.limits.largest / MIB

    def least_peak_ratio(result):
        ratios = [result.ratio(state, "apko", "peak") for state in quadrants.ALL]
        return None if None in ratios else min(ratios)

    wanted = [
        ("nothing changed, archive", wall(same), "≤", 15, "ms"),
        ("nothing changed, layout", wall(quadrants.SAME_LAYOUT), "≤", 15, "ms"),
        ("nothing changed, to apko", lambda result: result.ratio(same, "apko"), "≥", 50, "times"),
        ("new recipe, of the limit",
         lambda result: result.usages[other, "tarn"].wall / result.limits.warm(), "≤", 1.5, "times"),
        ("new recipe, to apko", lambda result: result.ratio(other, "apko"), "≥", 10, "times"),
        ("one package changed, to apko", lambda result: result.ratio(changed, "apko"), "≥", 10,
         "times"),
        ("cold, to apko", lambda result: result.ratio(quadrants.COLD, "apko"), "≥", 3, "times"),
        ("cold, to a shell with gzip -6",
         lambda result: result.ratio(quadrants.COLD, shell), "≥", 3, "times"),
        ("peak memory, to apko", least_peak_ratio, "≥", 4, "times"),
        ("peak memory without the largest package", peak_over, "≤", 64, "MiB"),
    ]
    lines = ["| | goal | worst | | met by |", "| --- | ---: | ---: | --- | ---: |"]
    for name, value, relation, goal, unit in wanted:
        found = [(value(result), result) for result in results]
        found = [(number, result) for number, result in found if number is not None]
        if not found:
            lines.append(f"| {name} | {relation} {goal:g} {unit} | not measured | | |")
            continue
        worst, result = (max if relation == "≤" else min)(found, key=lambda pair: pair[0])
        met = sum(number <= goal if relation == "≤" else number >= goal for number, _ in found)
        lines.append(f"| {name} | {relation} {goal:g} {unit} | {worst:.4g} {unit} | "
                     f"{result.title()} | {met} of {len(found)} |")
    return lines


def plot(path, results, tools):
    rows = []
    for result in results:
        for state in quadrants.ALL:
            row = {tool: result.usages[state, tool].wall for tool in tools
                   if (state, tool) in result.usages}
            row["SHA-256 + copy"] = result.limits.warm()
            rows.append((result.title() if state == quadrants.COLD else None, state, row))
    svg.dot_plot(path, "Wall clock of building an image", rows, [*tools, "SHA-256 + copy"])


def write(folder, results, tools, machine, rounds):
    text = "\n".join([
        "# Images, made by tarn and by others", "",
        f"Made by `make bench`; medians of {rounds} builds by each tool in turn, of the same packages "
        "from the same server on the same machine.", "", *machine, "",
        "![plot of the wall clock](images.svg)", "", *table(results, tools), "",
        "## The machine's own limits", "", *limits_table(results), "",
        "## Goals", "", GOALS, "", *goals(results, tools)]) + "\n"
    print(text)
    (folder / "images.md").write_text(text)
    plot(folder / "images.svg", results, tools)
