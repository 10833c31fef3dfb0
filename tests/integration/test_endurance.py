"""Many sessions at once, and one after another: nothing stays behind."""

import os
import re
import resource
import socket
import subprocess
import threading
import unittest

from harness import (IS_ROOT, LISTEN, PASS_ALL, Sockd, SockdTest, descriptors,
                     is_built_with, wait_until)
from peers import Echo
from wire import receive_exactly, socks5


def slots_in_use(sockd):
    """What sockctl says: (sessions, slots)."""
    told = subprocess.run([os.environ["SOCKCTL"], "-f", sockd.config,
                           "status"], check=True, capture_output=True,
                          text=True).stdout
    found = re.search(r"(\d+) of \d+ sessions, (\d+) of \d+ slots", told)
    return int(found[1]), int(found[2])


class AtOnce(SockdTest):
    CONFIG = {"workers": {"start": 8, "min_spare": 4, "max_spare": 8,
                          "max": 128, "park_after": "500ms"},
              "sessions": {"max": 1200}, "log": {"level": "info"}}
    LIMIT_S = 240

    def test_1000_at_once(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 6000:
            self.skipTest(f"{hard} descriptors are too few for 1,000 "
                          "sessions")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        with Echo() as echo:
            sessions = [socks5(self.sockd.port(), echo.address)
                        for _ in range(1000)]
            for turn in (b"first", b"again"):
                for s in sessions:
                    s.sendall(turn)
                for s in sessions:
                    self.assertEqual(receive_exactly(s, len(turn)), turn)
            for s in sessions:
                s.socket.close()
        rows = self.sockd.wait_rows(1000)
        self.assertEqual({(r["bytes_up"], r["bytes_down"]) for r in rows},
                         {(10, 10)})
        wait_until("no slot is in use",
                   lambda: slots_in_use(self.sockd) == (0, 0))
        wait_until("the surplus of workers is gone", lambda: len(
            self.sockd.children("worker")) <= 8, 40)


class OneAfterAnother(SockdTest):
    N = int(os.environ.get("TEST_SESSIONS", "20000"))
    LIMIT_S = 400
    # A disk may stall for some seconds: there is room for what ends meanwhile.
    CONFIG = {"log": {"level": "err"},
              "sessions": {"max": 8192},
              "workers": {"start": 4, "min_spare": 2, "max_spare": 8,
                          "max": 16}}

    def short_sessions(self, echo, n):
        for _ in range(n):
            with socks5(self.port, echo.address) as s:
                s.sendall(b"x")
                receive_exactly(s, 1)
                s.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    b"\x01\x00\x00\x00\x00\x00\x00\x00")

    def memory_kib(self):
        """Private memory of all processes."""
        total = 0
        for pid in [self.sockd.pid] + self.sockd.children():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as f:
                    total += sum(int(line.split()[1]) for line in f
                                 if line.startswith("Private_Dirty"))
            except OSError:
                pass
        return total

    def run_all(self, echo, n):
        threads = [threading.Thread(target=self.short_sessions,
                                    args=(echo, n // 4)) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def test_nothing_stays_behind(self):
        with Echo() as echo:
            self.run_all(echo, 2000)
            wait_until("the first rows", lambda: self.count() == 2000, 60)
            fds = descriptors(self.sockd.pid)
            memory = self.memory_kib()
            self.run_all(echo, self.N - 2000)
        wait_until(f"{self.N} rows", lambda: self.count() == self.N, 60)
        wait_until("no slot is used",
                   lambda: slots_in_use(self.sockd) == (0, 0))
        self.assertEqual(descriptors(self.sockd.pid), fds)
        # ASan keeps what was freed.
        if not is_built_with("SOCKD_SANITIZERS"):
            self.assertLess(self.memory_kib(), memory * 1.5 + 4096)
        if IS_ROOT:		# others may not look into a worker
            for pid in self.sockd.children("worker"):
                self.assertLess(descriptors(pid), 40)

    def setUp(self):
        # The log says too little at level err: the port is asked for.
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.sockd = Sockd(LISTEN.replace("port = 0", f"port = {self.port}")
                           + PASS_ALL, **self.CONFIG)
        self.addCleanup(self._finish)
        self.sockd.spawn()
        wait_until("sockd listens", self.listens)

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
            return True
        except OSError:
            return False

    def count(self):
        rows = self.sockd.rows("SELECT count(*) AS n FROM session "
                               "WHERE ended IS NOT NULL")
        return rows[0]["n"] if rows else 0


class FewDescriptors(unittest.TestCase):
    """RLIMIT_NOFILE 64: it starts, serves what fits, and recovers."""

    def test_serves_what_fits_and_recovers(self):
        sockd = Sockd(nofile=64, workers={
            "start": 2, "min_spare": 2, "max_spare": 4, "max": 8,
            "park_after": "50ms"}, timeouts={"idle": "1h"})
        self.addCleanup(sockd.close)
        sockd.start()
        sessions = []
        with Echo() as echo:
            try:
                for _ in range(60):
                    s = socks5(("127.0.0.1", sockd.port()), echo.address)
                    s.socket.settimeout(2)
                    s.sendall(b"x")
                    receive_exactly(s, 1)
                    sessions.append(s)
            except (OSError, EOFError):
                pass			# no more fit
            self.assertGreaterEqual(len(sessions), 8)
            for s in sessions:
                s.socket.close()
            sockd.wait_rows(len(sessions), "outcome = 'client-closed'")
            with socks5(sockd.port(), echo.address) as s:
                s.sendall(b"x")
                self.assertEqual(receive_exactly(s, 1), b"x")
        self.assertEqual(sockd.lines("child died"), [])


if __name__ == "__main__":
    unittest.main()
