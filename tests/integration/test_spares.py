"""How many workers there are, and which of them is woken."""

import os
import re
import signal
import socket
import subprocess
import time
import unittest

from harness import SockdTest, wait_until
from peers import Echo
from wire import open_proxy, receive_exactly, socks5


class Spares(SockdTest):
    CONFIG = {"workers": {"start": 2, "min_spare": 2, "max_spare": 4,
                          "max": 600, "park_after": "1h"},
              "sessions": {"max": 1024}}

    SURPLUS_S = 30		# 10 where no other test runs beside this

    def test_500_at_once_and_then_the_surplus_goes(self):
        begin = time.monotonic()
        clients = [socket.create_connection(
            ("127.0.0.1", self.sockd.port()), 20) for _ in range(500)]
        for c in clients:
            c.sendall(b"\x05\x01\x00")
        for c in clients:
            self.assertEqual(receive_exactly(c, 2), b"\x05\x00")
        print(f"500 clients in {time.monotonic() - begin:.3f} s")
        for c in clients:
            c.close()
        begin = time.monotonic()
        wait_until("the surplus is gone", lambda: len(
            self.sockd.children("worker")) <= 4, self.SURPLUS_S)
        print(f"the surplus went in {time.monotonic() - begin:.3f} s")


class Killed(SockdTest):
    CONFIG = {"workers": {"start": 4, "min_spare": 1, "max_spare": 4}}

    def test_one_that_is_killed_is_replaced_though_others_are_idle(self):
        """The kernel may have told it alone of a client that comes."""
        def workers():
            return self.sockd.children("worker")

        wait_until("all stand", lambda: len(workers()) == 4)
        pid = workers()[0]
        os.kill(pid, signal.SIGKILL)
        wait_until("it is replaced", lambda: pid not in workers() and
                   len(workers()) == 4)


class Most(SockdTest):
    CONFIG = {"workers": {"start": 1, "min_spare": 1, "max_spare": 1,
                          "max": 32000}}

    def test_the_board_has_room_for_the_most_that_may_be_asked_for(self):
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
        self.sockd.configure(workers={"max": 32001})
        self.assertEqual(subprocess.run(
            [os.environ["SOCKD"], "-t", "-f", self.sockd.config],
            capture_output=True).returncode, 1)


class Busy(SockdTest):
    CONFIG = {"workers": {"start": 1, "min_spare": 1, "max_spare": 1,
                          "max": 2},
              "timeouts": {"negotiate": "10m"}}		# a tenth of it here

    def take_a_worker(self):
        """A client in the middle of its greeting has one."""
        s = open_proxy(("127.0.0.1", self.sockd.port()))
        self.addCleanup(s.close)
        s.sendall(b"\5")
        return s

    def sees(self, figure):
        self.sockd.mark()
        self.sockd.signal(signal.SIGUSR1)
        line, = wait_until("a status", lambda: self.sockd.new_lines(
            "status kind=worker "))
        return f" {figure} " in line

    def sees_idle(self):
        return not self.sees("idle=0")

    def test_the_last_one_that_starts_is_not_busy(self):
        wait_until("one waits", self.sees_idle)
        self.take_a_worker()
        wait_until("another waits", lambda: self.sees("processes=2") and
                   self.sees("idle=1"))
        self.assertEqual(self.sockd.lines("all workers busy"), [])

    def test_it_is_told_once_and_its_end_when_it_lasts(self):
        """One that is idle for a moment is none."""
        clients = [self.take_a_worker() for _ in range(2)]
        self.sockd.wait_line("all workers busy")
        for _ in range(3):
            clients.pop(0).close()
            wait_until("the master sees that one is idle", self.sees_idle)
            clients.append(self.take_a_worker())
            wait_until("and that none is", lambda: not self.sees_idle())
        self.assertEqual(len(self.sockd.lines("all workers busy")), 1)
        for s in clients:
            s.close()
        begin, end = self.sockd.wait_line("all workers busy", 2)
        self.assertIn("workers.max=2", begin)
        self.assertRegex(end, r"count=\d+")


class Herd(SockdTest):
    """One client does not wake everybody who waits for one."""
    CONFIG = {"workers": {"start": 64, "min_spare": 4, "max_spare": 64,
                          "max": 64, "park_after": "1h"}}

    def status(self, kind, figure):
        self.sockd.mark()
        self.sockd.signal(signal.SIGUSR1)
        line = wait_until("a status", lambda: self.sockd.new_lines(
            f"status kind={kind} "))[-1]
        return int(re.search(rf" {figure}=(\d+)", line).group(1))

    def test_200_clients_in_turn_and_64_idle_workers(self):
        wait_until("all wait", lambda: self.status("worker", "idle") == 64)
        before = self.status("tunnel", "wakeups")
        with Echo() as echo:
            for _ in range(200):
                with socks5(self.sockd.port(), echo.address) as s:
                    s.sendall(b"x")
                    self.assertEqual(receive_exactly(s, 1), b"x")
        self.sockd.wait_rows(200)
        # One may be faster than the one that was woken; a herd are 63.
        self.assertLess(self.status("tunnel", "wakeups") - before, 2 * 200)


if __name__ == "__main__":
    unittest.main()
