"""make install, make uninstall, bootstrap and make run."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import unittest

from harness import wait_until

SRCDIR = os.environ["SRCDIR"]
BUILDDIR = os.environ["BUILDDIR"]
SOCKD = os.environ["SOCKD"]


def clean_environment():
    """Without what make told this test, for a make of its own."""
    return {k: v for k, v in os.environ.items()
            if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}


def variable(name):
    """What configure made of a directory."""
    text = subprocess.run(
        ["make", "-s", "-f", "-", f"show-{name}"], cwd=BUILDDIR, text=True,
        input=f"include Makefile\nshow-{name}:\n\t@echo '$({name})'\n",
        capture_output=True, env=clean_environment(), check=True).stdout
    return text.strip()


class Install(unittest.TestCase):
    def setUp(self):
        self.dest = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dest)

    def make(self, target):
        done = subprocess.run(["make", target, f"DESTDIR={self.dest}"],
                              cwd=BUILDDIR, capture_output=True, text=True,
                              env=clean_environment())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def path(self, directory, name):
        return self.dest + variable(directory) + "/" + name

    def test_everything_is_there(self):
        self.make("install")
        for directory, name in [
                ("sbindir", "sockd"), ("sysconfdir", "sockd.conf"),
                ("sysconfdir", "pam.d/sockd"),
                ("systemdsystemunitdir", "sockd.service"),
                ("mandir", "man8/sockd.8"), ("mandir", "man8/sockctl.8"),
                ("mandir", "man5/sockd.conf.5"),
                ("mandir", "man5/sockd.db.5"),
                ("pkgdatadir", "fail2ban/filter.d/sockd.conf"),
                ("pkgdatadir", "logrotate.d/sockd"),
                ("pkgdatadir", "queries/who-used.sql")]:
            self.assertTrue(os.path.exists(self.path(directory, name)), name)

    def test_what_is_there_stays(self):
        for name in "sockd.conf", "pam.d/sockd":
            path = self.path("sysconfdir", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write("mine\n")
        self.make("install")
        self.make("uninstall")
        for name in "sockd.conf", "pam.d/sockd":
            with open(self.path("sysconfdir", name), encoding="utf-8") as f:
                self.assertEqual(f.read(), "mine\n")

    def test_uninstall_leaves_nothing(self):
        self.make("install")
        self.make("uninstall")
        left = [os.path.join(d, f) for d, _, names in os.walk(self.dest)
                for f in names]
        self.assertEqual(left, [])

    def test_installed_file_is_right(self):
        self.make("install")
        done = subprocess.run(
            [SOCKD, "-t", "-f", self.path("sysconfdir", "sockd.conf")],
            capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rotation_tells_the_daemon_that_is_installed(self):
        self.make("install")
        with open(self.path("pkgdatadir", "logrotate.d/sockd"),
                  encoding="utf-8") as f:
            self.assertEqual(
                set(re.findall(r"[^\s\"]+/sockd\.pid\b", f.read())),
                {variable("runstatedir") + "/sockd/sockd.pid"})

    def test_unit_names_what_is_installed(self):
        self.make("install")
        with open(self.path("systemdsystemunitdir", "sockd.service"),
                  encoding="utf-8") as f:
            unit = f.read()
        self.assertIn(f"ExecStart={variable('sbindir')}/sockd ", unit)
        self.assertNotRegex(unit, r"@\w+@")
        check = (f"={variable('sbindir')}/sockd -t "
                 f"-f {variable('sysconfdir')}/sockd.conf\n")
        self.assertIn("ExecStartPre" + check, unit)
        self.assertIn("ExecReload" + check + "ExecReload=/bin/kill -HUP "
                      "$MAINPID\n", unit)
        for key in ("RuntimeDirectoryPreserve=yes", "TasksMax=",
                    "LimitNOFILE=", "StartLimitIntervalSec=0"):
            self.assertIn(key, unit)

    def test_unit_has_room_for_all_processes(self):
        """By the defaults, and with those from before a reload."""
        self.make("install")
        with open(self.path("systemdsystemunitdir", "sockd.service"),
                  encoding="utf-8") as f:
            room = int(re.search(r"^TasksMax=(\d+)$", f.read(), re.M)[1])
        conf = subprocess.run(
            [SOCKD, "-T", "-f", self.path("sysconfdir", "sockd.conf")],
            capture_output=True, text=True, check=True).stdout
        helpers = [int(n) for n in re.findall(r"\shelpers_max = (\d+)",
                                              conf)]
        workers = int(re.search(r"workers \{[^}]*\smax = (\d+)", conf)[1])
        keepers, others = 64, 8
        self.assertEqual(len(helpers), 2)
        self.assertGreaterEqual(room, 2 * (workers + sum(helpers)) +
                                keepers + others)

    def test_pam_lets_the_group_in_and_never_root(self):
        with open(os.path.join(SRCDIR, "etc/pam.d/sockd"),
                  encoding="utf-8") as f:
            lines = [line.split() for line in f
                     if line.strip() and not line.startswith("#")]
        for kind in "auth", "account":
            mine = [" ".join(line[1:]) for line in lines if line[0] == kind]
            self.assertIn("required pam_succeed_if.so quiet uid != 0", mine)
            self.assertIn("required pam_succeed_if.so quiet user ingroup "
                          "sockd-users", mine)


class Bootstrap(unittest.TestCase):
    """On a machine that has only what is linked into one directory."""

    TOOLS = ["sh", "dirname", "awk", "mkdir", "id", "env", "echo", "cat",
             "sed", "true"]

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.bin = os.path.join(self.dir, "bin")
        os.mkdir(self.bin)
        for tool in self.TOOLS:
            os.symlink(shutil.which(tool), os.path.join(self.bin, tool))
        shutil.copy(os.path.join(SRCDIR, "bootstrap"), self.dir)

    def script(self, name, text):
        path = os.path.join(self.bin, name)
        if os.path.islink(path):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n" + text)
        os.chmod(path, 0o755)

    def run_it(self, *arguments):
        return subprocess.run(
            [os.path.join(self.bin, "sh"), os.path.join(self.dir, "bootstrap"),
             *arguments], env={"PATH": self.bin}, capture_output=True,
            text=True, timeout=60)

    def test_no_install_only_names(self):
        self.script("apt-get", f'echo called >"{self.dir}/called"\n')
        done = self.run_it("--no-install")
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt-get install", done.stdout)
        self.assertIn("libconfuse-dev", done.stdout)
        self.assertIn("still missing:", done.stderr)
        self.assertFalse(os.path.exists(f"{self.dir}/called"))

    def test_help_only_tells(self):
        self.script("apt-get", f'echo called >"{self.dir}/called"\n')
        done = self.run_it("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--no-install", done.stdout)
        self.assertFalse(os.path.exists(f"{self.dir}/called"))

    def test_apt_get_is_asked_for_what_is_missing(self):
        log = os.path.join(self.dir, "asked")
        self.script("apt-get", f'echo "$*" >>"{log}"\n')
        self.script("sudo", f'echo sudo >>"{log}"\nexec "$@"\n')
        done = self.run_it()
        self.assertIn("installing with apt-get:", done.stdout)
        with open(log, encoding="utf-8") as f:
            asked = f.read()
        self.assertIn("libpam0g-dev", asked)
        self.assertIn("libcriterion-dev", asked)
        self.assertEqual("sudo\n" in asked, os.geteuid() != 0)

    def test_an_ordinary_user_goes_on_without_what_is_optional(self):
        self.script("id", "echo 1000\n")
        self.script("apt-get", f'echo called >"{self.dir}/called"\n')
        self.script("pkg-config", '[ "$2" != criterion ]\n')
        for tool in ("cc", "make", "autoconf", "automake", "python3",
                     "autoreconf", "../configure"):
            self.script(tool, "exit 0\n")
        for sudo in None, "exit 1\n":
            with self.subTest(sudo=sudo):
                if sudo:
                    self.script("sudo", f'echo >>"{self.dir}/sudo"\n{sudo}')
                done = self.run_it()
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("install with: apt-get install xz-utils "
                              "libcriterion-dev", done.stdout)
                self.assertIn("going on without", done.stdout)
                self.assertFalse(os.path.exists(f"{self.dir}/called"))
        self.assertEqual(os.path.getsize(f"{self.dir}/sudo"), 1)

    def test_others_are_named(self):
        for manager, package in [
                ("dnf", "libconfuse-devel"), ("apk", "linux-pam-dev"),
                ("pacman", "confuse"), ("zypper", "sqlite3-devel"),
                ("pkg", "libsodium")]:
            with self.subTest(manager=manager):
                self.script(manager, f'echo called >"{self.dir}/called"\n')
                done = self.run_it()
                os.unlink(os.path.join(self.bin, manager))
                self.assertEqual(done.returncode, 1)
                self.assertIn(manager + " ", done.stdout)
                self.assertRegex(done.stdout, rf" {package}\b")
                self.assertFalse(os.path.exists(f"{self.dir}/called"))


class MakeRun(unittest.TestCase):
    """etc/run-here: a sockd of one's own, and two lines that work."""

    def setUp(self):
        self.dir = os.path.join(tempfile.mkdtemp(), "run")
        self.addCleanup(shutil.rmtree, os.path.dirname(self.dir))

    def start(self):
        with open(self.dir + ".out", "w", encoding="utf-8") as out:
            sockd = subprocess.Popen(
                ["sh", os.path.join(SRCDIR, "etc/run-here"), SOCKD, self.dir],
                stdout=out, stderr=out)
        self.addCleanup(self.end, sockd)
        return wait_until("it serves", lambda: self.serving(sockd))

    def serving(self, sockd):
        """Its port and what it said, once it answers."""
        with open(self.dir + ".out", encoding="utf-8") as f:
            text = f.read()
        found = re.search(r"serves SOCKS on 127.0.0.1:(\d+)", text)
        if found and self.answers(int(found[1])):
            return int(found[1]), text
        self.assertIsNone(sockd.poll(), text)
        return None

    @staticmethod
    def end(sockd):
        sockd.send_signal(signal.SIGTERM)
        try:
            sockd.wait(20)
        except subprocess.TimeoutExpired:
            sockd.kill()
            sockd.wait()

    @staticmethod
    def answers(port):
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as s:
                s.sendall(b"\x05\x01\x00")
                return s.recv(2) == b"\x05\x00"
        except OSError:
            return False

    def test_a_session_and_its_row(self):
        port, text = self.start()
        with socket.create_server(("127.0.0.1", 0)) as target:
            to = target.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port), 10) as s:
                s.sendall(b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01" +
                          to.to_bytes(2, "big"))
                peer, _ = target.accept()
                peer.close()
                while s.recv(100):
                    pass
        query = re.search(r"sqlite3 -box (\S+) '(.*)'", text)
        self.assertIsNotNone(query, text)

        def rows():
            db = sqlite3.connect(f"file:{query[1]}?mode=ro", uri=True)
            found = [r for r in db.execute(query[2]) if to in r]
            db.close()
            return found
        self.assertEqual(len(wait_until("its row", rows)), 1)

    def test_the_next_free_port(self):
        first, _ = self.start()
        self.dir += "2"
        second, text = self.start()
        self.assertGreater(second, first)
        self.assertIn(f"this is {second}", text)


if __name__ == "__main__":
    unittest.main()
