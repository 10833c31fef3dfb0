"""PAM for a test: a directory of services, and a module that misbehaves."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import LISTEN, PASS_ALL, SockdTest
from wire import greet5, login5, open_proxy

LOGIN = LISTEN.replace('"none"', '"password"')
COMPILER = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")


def build_rogue(directory):
    """pam_rogue.so, or a skip."""
    if not COMPILER:
        raise unittest.SkipTest("no C compiler for the test's own module")
    module = os.path.join(directory, "pam_rogue.so")
    source = os.path.join(os.path.dirname(__file__), "pam_rogue.c")
    subprocess.run([*COMPILER.split(), "-shared", "-fPIC", "-D_GNU_SOURCE",
                    "-o", module, source, "-lpam"], check=True)
    return module


class PamTest(unittest.TestCase):
    """A directory for PAM's services, at self.pam, before sockd starts."""

    def setUp(self):
        self.pam = tempfile.mkdtemp(prefix="sockd-pam-")
        os.chmod(self.pam, 0o755)
        self.addCleanup(shutil.rmtree, self.pam, ignore_errors=True)
        for name, lines in self.services().items():
            self.service(name, lines)
        self.CONFIG = {**self.changes(),
                       "pam": {"confdir": self.pam, "fail_delay": "0s",
                               **self.pam_keys()}}
        super().setUp()

    def services(self):
        return {}

    def pam_keys(self):
        return {}

    def changes(self):
        """Sections beside pam."""
        return {}

    def service(self, name, lines):
        with open(os.path.join(self.pam, name), "w") as f:
            f.write("\n".join(lines) + "\n")

    def login(self, user, password="right", source=None):
        """A login of its own connection: STATUS."""
        with self.open(source) as s:
            self.assertEqual(greet5(s, 2), 2)
            return login5(s, user, password)

    def open(self, source=None):
        if source is None:
            return open_proxy(self.sockd.port())
        return socket.create_connection(("127.0.0.1", self.sockd.port()), 20,
                                        source_address=(source, 0))


class RogueTest(PamTest, SockdTest):
    """sockd with the module that does what the user's name says."""

    SECTIONS = LOGIN
    RULES = PASS_ALL

    def services(self):
        module = build_rogue(self.pam)
        self.count_file = os.path.join(self.pam, "count")
        return {"sockd": [f"auth required {module} {self.count_file}",
                          f"account required {module}"]}

    def asked(self):
        """What PAM was asked: [(user, rhost, service)]."""
        try:
            with open(self.count_file, "rb") as f:
                return [tuple(os.fsdecode(line).rsplit(" ", 2))
                        for line in f.read().split(b"\n")[:-1]]
        except FileNotFoundError:
            return []
