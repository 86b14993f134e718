# Copyright: (c) 2026, slipway contributors
# SPDX-License-Identifier: BSD-2-Clause
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).with_name("app")))
from server import answer, load_settings


class Answers(unittest.TestCase):
    good = {"version": "v9", "message": "hi", "fail": False}

    def test_version_is_told(self):
        self.assertEqual(answer("/version", self.good), (200, {"version": "v9"}))

    def test_health_is_good_even_when_answers_fail(self):
        self.assertEqual(answer("/healthz", {**self.good, "fail": True})[0], 200)

    def test_the_switch_makes_answers_fail(self):
        self.assertEqual(answer("/", {**self.good, "fail": True})[0], 503)

    def test_unknown_paths_are_not_found(self):
        self.assertEqual(answer("/nothing", self.good)[0], 404)

    def test_settings_can_be_read(self):
        self.assertIn("version", load_settings({}))


if __name__ == "__main__":
    unittest.main()
