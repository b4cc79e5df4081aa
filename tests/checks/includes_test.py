#!/usr/bin/env python3
"""That includes.py finds what it is to find."""

import pathlib
import tempfile
import unittest

import includes


class IncludesTest(unittest.TestCase):
    def faults(self, files):
        with tempfile.TemporaryDirectory() as folder:
            top = pathlib.Path(folder)
            for path, text in files.items():
                (top / path).parent.mkdir(parents=True, exist_ok=True)
                (top / path).write_text(text)
            return includes.check(top)

    def test_the_allowed_direction(self):
        self.assertEqual([], self.faults({
            "apk/support/a.h": "#include <vector>\n",
            "apk/model/a.h": '#include "apk/support/a.h"\n',
            "builder/rootfs/a.cc": '#include "apk/model/a.h"\n',
            "builder/build.h": '#include "builder/rootfs/a.h"\n',
            "builder/cli/main.cc": '#include "builder/build.h"\n',
            "builder/terminal/a.h": '#include "apk/support/a.h"\n',
            "tests/unit/a.cc": '#include "unit/shared.h"\n',
        }))

    def test_against_the_order(self):
        self.assertEqual(
            ["apk/support/a.h:2: apk/support stands below apk/model, but includes apk/model/a.h"],
            self.faults({"apk/support/a.h": '\n#include "apk/model/a.h"\n'}))
        self.assertEqual(
            ["builder/sink/a.h:1: builder/sink stands below builder/build, but includes"
             " builder/build.h"],
            self.faults({"builder/sink/a.h": '#include "builder/build.h"\n'}))

    def test_apk_knows_nothing_of_builder(self):
        self.assertEqual(
            ["apk/database/a.h:1: apk knows nothing of builder, but includes builder/recipe/a.h"],
            self.faults({"apk/database/a.h": '# include "builder/recipe/a.h"\n'}))

    def test_terminal_knows_nothing_of_packages(self):
        self.assertEqual(1, len(self.faults({
            "builder/terminal/a.h": '#include "apk/model/a.h"\n'})))

    def test_places_without_order(self):
        self.assertEqual(1, len(self.faults({"apk/utils/a.h": ""})))
        self.assertEqual(1, len(self.faults({"apk/model/a.h": '#include "apk/utils/a.h"\n'})))
        self.assertEqual(1, len(self.faults({"apk/model/a.h": '#include "b.h"\n'})))

    def test_circles(self):
        faults = self.faults({
            "apk/model/a.h": '#include "apk/model/b.h"\n',
            "apk/model/b.h": '#include "apk/model/c.h"\n',
            "apk/model/c.h": '\n#include "apk/model/a.h"\n',
        })
        self.assertEqual(
            ["apk/model/c.h:2: includes in a circle: apk/model/a.h -> apk/model/b.h ->"
             " apk/model/c.h -> apk/model/a.h"], faults)

    def test_names(self):
        one = "namespace tarn::apk {\n\nstruct One {\n  struct Part {\n"
        self.assertEqual([], self.faults({
            "apk/model/a.h": one,
            "apk/model/b.h": "namespace tarn::apk {\nstruct One;\nstruct Part {\n",
            "builder/rootfs/a.h": one.replace("tarn::apk", "tarn::builder"),
            "apk/model/c.cc": one,
        }))
        self.assertEqual(
            ["apk/model/b.h:2: tarn::apk::One is in apk/model/a.h, too"],
            self.faults({"apk/model/a.h": one,
                         "apk/model/b.h": "namespace tarn::apk {\nenum class One : char {\n"}))

    def test_length(self):
        self.assertEqual([], self.faults({"apk/model/a.cc": "\n" * 800}))
        self.assertEqual(["apk/model/a.cc:801: 801 lines, more than 800"],
                         self.faults({"apk/model/a.cc": "\n" * 801}))


if __name__ == "__main__":
    unittest.main()
