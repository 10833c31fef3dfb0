"""Starts: what is waited for, what ends one, and what the starter left."""

import contextlib
import os
import signal
import socket
import subprocess
import unittest

from harness import LISTEN, PASS_ALL, Sockd, needs_root, wait_until
from peers import Echo
from wire import receive_exactly, socks5


@contextlib.contextmanager
def in_use():
    """A port that somebody listens at, and a listener that wants it."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        yield port, LISTEN.replace("port = 0", f"port = {port}")


class Starts(unittest.TestCase):
    def sockd(self, *args, **kwargs):
        s = Sockd(*args, **kwargs)
        self.addCleanup(s.close)
        return s

    def test_two_on_one_directory(self):
        first = self.sockd().start()
        second = subprocess.run([os.environ["SOCKD"], "-f", first.config],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 1)
        said = second.stderr + first.log()
        self.assertIn("another sockd runs here", said)
        self.assertIn(f"pid={first.pid}", said)

    @needs_root
    def test_workers_that_are_root_are_warned_of(self):
        for user, warned in ("root", True), ("nobody", False):
            with self.subTest(user=user):
                s = self.sockd(**{"": {"user": user}}).start()
                warning = f"warning workers are root user={user} why="
                self.assertEqual(warning in s.log(), warned)

    def test_an_address_in_use_is_waited_for(self):
        with in_use() as (port, text):
            s = self.sockd(text + PASS_ALL)
            s.mark()
            s.spawn()
            wait_until("it runs", lambda: os.path.exists(
                os.path.join(s.run, "board")))
        wait_until("it starts", s._has_started)
        self.assertEqual(s.port(), port)

    def test_an_address_in_use_for_good_is_named(self):
        with in_use() as (port, text):
            s = self.sockd(text + PASS_ALL).spawn()
            self.assertEqual(s.process.wait(30), 1)
            for said in s.log(), s.stderr():
                self.assertIn(f"err listen failed name=test address="
                              f"127.0.0.1:{port}", said)

    def test_an_address_in_use_for_good_is_named_to_who_waits(self):
        """-D, and a log that nobody looks at."""
        with in_use() as (port, text):
            s = self.sockd(text + PASS_ALL)
            done = subprocess.run([os.environ["SOCKD"], "-D", "-f", s.config],
                                  timeout=30, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"address=127.0.0.1:{port}", done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_standard_error_is_for_the_start_alone(self):
        s = self.sockd().start()
        with open(s.config, "a") as f:
            f.write("nonsense")
        s.signal(signal.SIGHUP)
        s.wait_line("err reload refused")
        self.assertEqual(s.stderr(), "")

    def test_in_the_background(self):
        """run() also waits until all three descriptors are given up."""
        for closed in "", "<&- >&- 2>&-":
            with self.subTest(closed=closed):
                s = self.sockd()
                done = subprocess.run(
                    ["sh", "-c", f'exec "$0" -D -f "$1" {closed}',
                     os.environ["SOCKD"], s.config], timeout=20,
                    stdin=subprocess.DEVNULL, capture_output=True)
                self.assertEqual(done.returncode, 0)
                self.check_it_serves_and_ends(s)

    def check_it_serves_and_ends(self, s):
        with open(os.path.join(s.run, "sockd.pid")) as f:
            pid = int(f.read())
        try:
            for fd in range(3):
                self.assertEqual(os.readlink(f"/proc/{pid}/fd/{fd}"),
                                 "/dev/null")
            with Echo() as echo, socks5(s.port(), echo.address) as c:
                c.sendall(b"x")
                self.assertEqual(receive_exactly(c, 1), b"x")
        finally:
            os.kill(pid, signal.SIGTERM)
            wait_until("it ends", lambda: s.lines("stopped"))

    def test_a_broken_file_ends_the_start(self):
        s = self.sockd('rule "x" { action = "perhaps" }\n').spawn()
        self.assertEqual(s.process.wait(30), 1)
        self.assertIn("action", s.stderr())
        self.assertIn("sockd.conf", s.stderr())

    @needs_root
    def test_a_user_that_is_missing_ends_the_start(self):
        """Also where state_dir is there: nobody could serve."""
        for section, key in [("", "user"), ("accounting", "user"),
                             ("pam", "user")]:
            with self.subTest(section=section):
                s = self.sockd(**{section: {key: "no-such-user"}})
                os.mkdir(s.state)
                s.spawn()
                self.assertEqual(s.process.wait(30), 1)
                self.assertIn('start failed why="no user no-such-user',
                              s.stderr())

    def test_a_link_in_the_place_of_run_dir_or_log_is_called_so(self):
        for place in "run", "log_file":
            with self.subTest(place=place):
                s = self.sockd()
                os.symlink(s.dir, getattr(s, place))
                s.spawn()
                self.assertEqual(s.process.wait(30), 1)
                self.assertIn("symbolic link", s.stderr())
                self.assertIn(getattr(s, place), s.stderr())

    def test_a_log_that_is_a_pipe_nobody_reads(self):
        s = self.sockd()
        os.mkfifo(s.log_file)
        self.addCleanup(os.unlink, s.log_file)
        s.spawn()
        self.assertEqual(s.process.wait(30), 1)
        self.assertIn(f"log not opened file={s.log_file}", s.stderr())

    def test_signals_that_the_starter_blocked(self):
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {
            signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD})
        try:
            s = self.sockd().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        s.reload()
        self.assertEqual(s.stop(), 0)

    @unittest.skipIf(os.path.exists("/dev/log"), "there is a syslog here")
    def test_a_syslog_that_is_not_there_is_told(self):
        s = self.sockd(log={"target": "syslog"}).spawn()
        wait_until("a word on it", lambda: 'warning log goes nowhere '
                   'file=/dev/log' in s.stderr())

    def test_few_descriptors(self):
        s = self.sockd(nofile=64).start()
        with Echo() as echo, socks5(s.port(), echo.address) as c:
            c.sendall(b"x")
            self.assertEqual(receive_exactly(c, 1), b"x")


if __name__ == "__main__":
    unittest.main()
