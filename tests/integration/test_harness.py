"""The harness: what a test that fails leaves in its log."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))

FAILS = '''
import os
import unittest
from harness import Sockd, SockdTest

class Fails(SockdTest):
    def test_at_once(self):
        self.fail("on purpose")

    def test_in_a_subtest(self):
        with self.subTest("the first"):
            self.fail("on purpose")

    def test_not(self):
        pass

class Dirty(unittest.TestCase):
    def test_it(self):
        sockd = Sockd()
        self.addCleanup(sockd.close)
        sockd.start()
        with open(os.path.join(sockd.dir, "stderr"), "a") as f:
            f.write("x.c:1:2: runtime error: on purpose\\n")
'''


class Tap(unittest.TestCase):
    def run_tap(self, name):
        with tempfile.NamedTemporaryFile("w", suffix=".py") as f:
            f.write(FAILS)
            f.flush()
            return subprocess.run(
                [sys.executable, os.path.join(HERE, "tap.py"), f.name, name],
                env={**os.environ, "PYTHONPATH": HERE}, capture_output=True,
                text=True, timeout=60)

    def test_what_sockd_said_is_shown_of_a_test_that_fails(self):
        for name in "test_at_once", "test_in_a_subtest":
            with self.subTest(name):
                done = self.run_tap("Fails." + name)
                self.assertIn(f"not ok 1 - Fails.{name}\n", done.stdout)
                self.assertIn("on purpose", done.stderr)
                self.assertIn("info started version=", done.stderr)

    def test_what_a_sanitizer_found_fails_whatever_test_it_is(self):
        done = self.run_tap("Dirty")
        self.assertIn("not ok 1 - Dirty.test_it\n", done.stdout)
        self.assertIn("runtime error: on purpose", done.stderr)

    def test_nothing_is_shown_of_one_that_passes(self):
        done = self.run_tap("Fails.test_not")
        self.assertIn("ok 1 - Fails.test_not\n", done.stdout)
        self.assertNotIn("started", done.stderr)


if __name__ == "__main__":
    unittest.main()
