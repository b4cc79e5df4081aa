"""Plots as SVG: an axis, marks, lines, words."""

import math
from html import escape

COLOURS = ["#1b6ca8", "#d1495b", "#66a182", "#edae49", "#6a4c93", "#777777"]
INK = "#333333"
GRID = "#e2e2e2"


class Axis:
    """Maps values to positions; linear from 0, or logarithmic."""

    def __init__(self, low, high, start, end, logarithmic=False):
        self.logarithmic = logarithmic
        if logarithmic:
            self.low, self.high = math.floor(math.log10(low)), math.ceil(math.log10(high))
            self.ticks = [10.0 ** power for power in range(self.low, self.high + 1)]
        else:
            step = 10 ** math.floor(math.log10(high / 4))
            step *= next(factor for factor in (1, 2, 2.5, 5, 10) if step * factor * 5 >= high)
            self.low, self.high = 0, math.ceil(high / step) * step
            self.ticks = [step * count for count in range(round(self.high / step) + 1)]
        self.start, self.end = start, end

    def place(self, value):
        value = math.log10(value) if self.logarithmic else value
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


class Drawing:
    def __init__(self, width, height, title):
        self.width, self.height = width, height
        self.parts = [f"<title>{escape(title)}</title>",
                      f'<rect width="{width}" height="{height}" fill="white"/>']

    def text(self, x, y, words, anchor="start", size=12, weight="normal", colour=INK):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
                          f'font-weight="{weight}" fill="{colour}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, colour=GRID, width=1.0, dashes=""):
        extra = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{colour}" stroke-width="{width}"{extra}/>')

    def dot(self, x, y, colour, radius=4.0):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>')

    def write(self, path):
        path.write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}" font-family="sans-serif">\n'
            + "\n".join(self.parts) + "\n</svg>\n")


def seconds_text(seconds):
    if seconds >= 1:
        return f"{seconds:g} s"
    return f"{seconds * 1e3:g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:g} µs"


def dot_plot(path, title, rows, names):
    """Rows are (heading or nothing, label, {name: seconds}); the axis is logarithmic."""
    values = [value for _, _, row in rows for value in row.values()]
    left, right, top, pitch = 330, 30, 70, 20
    headings = sum(1 for heading, _, _ in rows if heading)
    height = top + pitch * len(rows) + 26 * headings + 40
    drawing = Drawing(900, height, title)
    axis = Axis(min(values), max(values), left, 900 - right, logarithmic=True)
    drawing.text(12, 24, title, size=16, weight="bold")
    for number, name in enumerate(names):
        drawing.dot(18 + number * 175, 44, COLOURS[number])
        drawing.text(26 + number * 175, 48, name, size=11)
    for tick in axis.ticks:
        drawing.line(axis.place(tick), top - 8, axis.place(tick), height - 30)
        drawing.text(axis.place(tick), height - 14, seconds_text(tick), "middle", 11)
    y = top
    for heading, label, row in rows:
        if heading:
            y += 26
            drawing.text(12, y - 8, heading, weight="bold")
        places = [axis.place(value) for value in row.values()]
        drawing.line(min(places), y + 4, max(places), y + 4, "#bbbbbb")
        drawing.text(left - 12, y + 8, label, "end", 11)
        for name, value in row.items():
            drawing.dot(axis.place(value), y + 4, COLOURS[names.index(name)])
        y += pitch
    drawing.write(path)


def fit(points):
    """Slope, intercept and R² of the straight line nearest to the points."""
    count = len(points)
    mean_x, mean_y = (sum(values) / count for values in zip(*points))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    intercept = mean_y - slope * mean_x
    total = sum((y - mean_y) ** 2 for _, y in points)
    rest = sum((y - slope * x - intercept) ** 2 for x, y in points)
    return slope, intercept, 1 - rest / total if total > 0 else 1.0


def line_plots(path, title, panels):
    """Panels, two beside each other, of (heading, unit of x, unit of y, {name: points}); each series with
    the straight line nearest to it."""
    width, height = 440, 330
    drawing = Drawing(2 * width, height * ((len(panels) + 1) // 2) + 40, title)
    drawing.text(12, 24, title, size=16, weight="bold")
    for number, (heading, x_unit, y_unit, series) in enumerate(panels):
        points = [point for one in series.values() for point in one]
        left, top = number % 2 * width + 62, number // 2 * height
        bottom = top + height
        x_axis = Axis(0, max(x for x, _ in points), left, left + width - 82)
        y_axis = Axis(0, max(y for _, y in points), bottom - 20, top + 70)
        drawing.text(left, top + 54, f"{heading}, {y_unit}", weight="bold")
        for tick in y_axis.ticks:
            drawing.line(left, y_axis.place(tick), x_axis.end, y_axis.place(tick))
            drawing.text(left - 6, y_axis.place(tick) + 4, f"{tick:g}", "end", 11)
        for tick in x_axis.ticks:
            drawing.text(x_axis.place(tick), bottom - 2, f"{tick:g}", "middle", 11)
        drawing.text((left + x_axis.end) / 2, bottom + 18, x_unit, "middle", 11)
        for index, (name, one) in enumerate(series.items()):
            colour = COLOURS[index]
            slope, intercept, _ = fit(one)
            start, end = min(x for x, _ in one), max(x for x, _ in one)
            drawing.line(x_axis.place(start), y_axis.place(max(0, slope * start + intercept)),
                         x_axis.place(end), y_axis.place(max(0, slope * end + intercept)), colour,
                         1.0, "4 3")
            for x, y in one:
                drawing.dot(x_axis.place(x), y_axis.place(y), colour, 3.5)
            drawing.dot(left + 12, top + 80 + 16 * index, colour)
            drawing.text(left + 20, top + 84 + 16 * index, name, size=11)
    drawing.write(path)
