#!/usr/bin/env python3
"""Looks at the page of `tarn size --html` in Chromium.

    size_page.py PAGE REPORT [--screenshots FOLDER]     all it can do; REPORT is the JSON of the same
    size_page.py --time PAGE TILES                      how long it takes; at least so many tiles
"""

import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from webdriver import DOWN, ENTER, ESCAPE, LEFT, RIGHT, Browser

SLOWEST = 5000  # milliseconds; it should be below 1000, but a busy machine is no fault of the page


def check(holds, *what):
    if not holds:
        sys.exit("not so: " + " ".join(map(str, what)))


class Page:
    def __init__(self, browser, report):
        self.browser, self.report = browser, report

    def tiles(self):
        return self.browser.run("""return [...document.querySelectorAll('#map > .tile')].map(tile => {
            const box = tile.getBoundingClientRect();
            return {name: tile.querySelector('b')?.textContent ?? '', label: tile.ariaLabel,
                    octets: Number(tile.dataset.octets), deep: tile.classList.contains('deep'),
                    x: box.x + box.width / 2, y: box.y + box.height / 2, area: box.width * box.height};
        })""")

    def rows(self):
        return self.browser.run("""return [...document.querySelectorAll('#rows tr')].map(row =>
            [...row.cells].map(cell => cell.textContent.trim()))""")

    def place(self):
        return self.browser.run("return document.getElementById('places').innerText.split('\\n')")

    def focused(self):
        return self.browser.run("return document.activeElement.ariaLabel ?? document.activeElement.id")

    def choose(self, value):
        self.browser.run("document.querySelector(`[data-value=${arguments[0]}]`).click()", value)

    def type_search(self, text):
        self.browser.run("document.getElementById('search').focus()")
        self.browser.press(*text)

    def check_tiles(self, whole):
        """They are as large as they should be, cover the map, and add up."""
        tiles = self.tiles()
        check(sum(tile["octets"] for tile in tiles) == whole, "the tiles add up to", whole, tiles)
        size = self.browser.run("const map = document.getElementById('map');"
                                "return map.clientWidth * map.clientHeight")
        for tile in tiles:
            ideal = size * tile["octets"] / whole
            check(abs(tile["area"] - ideal) <= max(4, 0.02 * ideal), "a tile's area", tile, ideal)
        return tiles

    # What it shows.

    def check_views(self):
        report = self.report
        shown = {"packages": [(p["name"], p) for p in report["packages"]],
                 "origins": [(o["name"], o) for o in report["origins"] if o["name"]],
                 "types": [(t["name"], t) for t in report["types"]]}
        for measure in ("compressed", "installed"):
            self.choose(measure)
            whole = report[measure] - report["hidden"][measure]
            for view, items in shown.items():
                self.choose(view)
                octets = {tile["label"].split(",")[0].split(" 1")[0]: tile["octets"]
                          for tile in self.check_tiles(whole)}
                name, largest = max(items, key=lambda item: item[1][measure])
                check(octets[name] == largest[measure], view, name, octets)
            self.choose("directories")
            self.check_tiles(whole)
        self.choose("savings")
        rows = self.rows()
        check([row[0] for row in rows] == [saving["what"] for saving in report["savings"]], rows)
        self.choose("packages")

    # How it is moved about in.

    def check_mouse(self):
        first = max(self.tiles(), key=lambda tile: tile["octets"])
        self.browser.click(first["x"], first["y"])
        check(self.place()[0] == "Image" and len(self.place()) == 2, self.place())
        self.check_tiles(first["octets"])
        self.browser.run("document.querySelector('#places button').click()")
        check(len(self.place()) == 1, self.place())

    def check_keys(self):
        browser = self.browser
        tiles = self.tiles()
        browser.run("document.querySelector('#map > .tile').focus()")
        check(browser.run("return document.querySelectorAll('#map [tabindex=\"0\"]').length") == 1,
              "one tile is a stop of Tab")
        browser.press(RIGHT)
        second = self.focused()
        check(second != tiles[0]["label"] and second in [tile["label"] for tile in tiles], second)
        browser.press(LEFT, DOWN, LEFT)
        while not next(tile for tile in tiles if tile["label"] == self.focused())["deep"]:
            browser.press(RIGHT)
        before = self.focused()
        browser.press(ENTER)
        check(len(self.place()) == 2, self.place())
        check(self.focused() in [tile["label"] for tile in self.tiles()], "the focus stays in the map")
        browser.press(ESCAPE)
        check(len(self.place()) == 1, self.place())
        check(self.focused() == before, "the focus comes back to", before, self.focused())

    def check_sorting(self):
        browser = self.browser
        names = [package["name"] for package in self.report["packages"]]

        def sort(column):
            browser.run("document.querySelector(`[data-column=${arguments[0]}] button`).click()", column)
            return [row[0].split(" ")[0] for row in self.rows() if not row[0].startswith("(")]

        check(sort("name") == sorted(names), "ascending names", self.rows())
        check(sort("name") == sorted(names, reverse=True), "descending names")
        by_size = sorted(self.report["packages"], key=lambda p: -p["compressed"])
        check(sort("compressed")[0] == by_size[0]["name"], "the most compressed octets first")
        state = browser.run("return document.querySelector('[data-column=compressed]').ariaSort")
        check(state == "descending", state)
        sort("installed")

    def check_search(self):
        browser = self.browser
        browser.press("/")
        check(self.focused() == "Search files, packages and types", self.focused())
        self.type_search("lib*.so.1")
        wanted = sum(p["installed"] for p in self.report["packages"] if p["name"] == "lib")
        check(sum(tile["octets"] for tile in self.tiles()) == wanted, self.tiles())
        check([row[0].split(" ")[0] for row in self.rows()] == ["lib"], self.rows())
        browser.press(ESCAPE)
        check(len(self.rows()) > 1, "Escape ends the search")
        self.type_search("no such thing")
        check(not self.tiles() and "Nothing matches" in self.rows()[0][0], self.rows())
        browser.press(ESCAPE)

    # How it looks.

    def check_colours(self):
        browser = self.browser
        theme = "return document.documentElement.dataset.theme"
        back = "return getComputedStyle(document.body).backgroundColor"
        press = "document.getElementById('theme').click()"
        backs = {}
        for scheme in ("dark", "light"):
            browser.prefer(scheme)
            check(browser.wait_for(theme, scheme) == scheme, "the colours follow the system")
            backs[scheme] = browser.run(back)
        check(backs["dark"] != backs["light"], "two sets of colours", backs)
        browser.run(press)
        check(browser.run(back) == backs["dark"], "the button changes them")
        browser.run(press)
        browser.prefer("dark")
        check(browser.wait_for(theme, "dark") == "dark", "they follow the system again")
        browser.prefer("light")
        check(browser.wait_for(theme, "light") == "light", "and back")

    def check_narrow(self, screenshots):
        self.browser.resize(380, 800)
        check(self.browser.wait_for("return innerWidth", 380) == 380, "a narrow screen")
        for view in ("savings", "types", "directories", "origins", "packages"):
            self.choose(view)
            wide = self.browser.run("return document.documentElement.scrollWidth - innerWidth")
            check(wide <= 0, "no scrolling aside at 380 pixels:", view, wide)
        self.check_tiles(self.report["installed"] - self.report["hidden"]["installed"])
        self.take(screenshots, "narrow")
        self.browser.resize(1280, 900)

    def take(self, folder, name):
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.browser.screenshot(Path(folder, name + ".png"))


def check_quiet(browser, paths):
    check(not browser.console(), "nothing on the console", browser.console())
    asked = [url for url in browser.requests() if not url.startswith(("chrome:", "data:"))]
    check(asked == [Path(path).resolve().as_uri() for path in paths], "no request but the page", asked)
    loaded = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    check(all(name.startswith("data:") for name in loaded), "nothing is loaded", loaded)
    refused = browser.run("""return fetch('http://127.0.0.1:1/').then(() => 'sent', () => 'refused')""")
    check(refused == "refused", "the page may not ask for anything")
    check("Content Security Policy" in browser.console()[0]["message"], "its policy forbids it")


def look(path, report, screenshots):
    with Browser() as browser:
        browser.prefer("light")
        browser.requests()
        browser.open(path)
        page = Page(browser, report)
        page.take(screenshots, "light")
        check(browser.run("return document.title") != "", "a title")
        page.check_views()
        page.check_mouse()
        page.check_keys()
        page.check_sorting()
        page.check_search()
        page.check_colours()
        browser.prefer("dark")
        browser.wait_for("return document.documentElement.dataset.theme", "dark")
        page.take(screenshots, "dark")
        browser.prefer("light")
        browser.wait_for("return document.documentElement.dataset.theme", "light")
        page.check_narrow(screenshots)
        check_quiet(browser, [path])


def time_it(path, tiles):
    with Browser() as browser:
        browser.open(path)
        took = browser.run("return performance.getEntriesByName('render')[0].duration")
        shown = browser.run("return document.querySelectorAll('#map > .tile').length")
        check(shown >= tiles, "as many tiles as there is room for", shown)
        check(took < SLOWEST, "it is drawn in time:", took)
        print(f"drawn in {took:.0f} ms, {shown} tiles")


if sys.argv[1] == "--time":
    time_it(sys.argv[2], int(sys.argv[3]))
else:
    look(sys.argv[1], json.loads(Path(sys.argv[2]).read_text())["images"][0],
         sys.argv[4] if len(sys.argv) > 4 else None)
