"""Who may be killed while 50 sessions move data, and what the ledger says.

Each session is in the ledger once; its octets are never below what arrived,
and above it by no more than sockd.db(5) allows.  Sessions that outlive the
death agree to the octet.
"""

import os
import signal
import socket
import threading
import time
import unittest

from harness import SockdTest, comm, wait_until
from peers import Server
from wire import socks5

CHUNK = bytes(32768)
PAUSE_S = 0.05		# a pump's rate is no matter; the machine's load is


def count_until_end(s, add):
    """Read to the end, which may be a reset."""
    try:
        while True:
            data = s.recv(1 << 18)
            if not data:
                return
            add(len(data))
    except OSError:
        pass


def pump(s, ending, add, pause_s=PAUSE_S):
    """Send until told to end, then half-close; whoever is gone ends it."""
    try:
        while not ending.wait(pause_s):
            s.sendall(CHUNK)
            add(len(CHUNK))
        s.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def way(source_port, target_port):
    """What tells two connections of the proxy apart."""
    return source_port, target_port


class Target(Server):
    """Sends and receives on each connection, each by itself.

    What it got is counted by way(), for one port may connect to two targets
    at once.  It reads from when reading is set.
    """

    def __init__(self):
        self.got, self.sent = {}, {}
        self.ending = threading.Event()
        self.reading = threading.Event()
        super().__init__()

    def serve(self, s):
        key = way(s.getpeername()[1], s.getsockname()[1])
        self.got[key] = self.sent[key] = 0

        def add(counts, n):
            counts[key] += n
        threading.Thread(target=pump, daemon=True, args=(
            s, self.ending, lambda n: add(self.sent, n))).start()
        self.reading.wait()
        count_until_end(s, lambda n: add(self.got, n))


class Client:
    """Sends and receives; with eager it sends as much as buffers take."""

    def __init__(self, port, target, eager=False):
        self.socket = socks5(port, target).socket
        self.port = self.socket.getsockname()[1]
        self.got = self.sent = 0
        self.ending = threading.Event()
        self.threads = [
            threading.Thread(target=pump, daemon=True, args=(
                self.socket, self.ending, self.add_sent,
                0 if eager else PAUSE_S)),
            threading.Thread(target=count_until_end, daemon=True, args=(
                self.socket, self.add_got))]
        for thread in self.threads:
            thread.start()

    def add_sent(self, n):
        self.sent += n

    def add_got(self, n):
        self.got += n

    def wait(self):
        """Until both directions have ended."""
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive()
        self.socket.close()


class Kills(SockdTest):
    CLIENTS, STUCK = 50, 5
    CONFIG = {"workers": {"start": 56, "max": 64, "max_spare": 64,
                          "park_after": "1h"}}

    def setUp(self):
        super().setUp()
        self.target, self.lazy = Target(), Target()
        self.target.reading.set()
        port = self.sockd.port()
        self.clients = [Client(port, self.target.address)
                        for _ in range(self.CLIENTS - self.STUCK)]
        self.clients += [Client(port, self.lazy.address, eager=True)
                         for _ in range(self.STUCK)]
        self.addCleanup(self.let_go)
        self.wait_moving(self.clients)
        self.wait_full(self.clients[-self.STUCK:])

    def let_go(self):
        for target in (self.target, self.lazy):
            target.reading.set()
            target.ending.set()
            target.close()
        for c in self.clients:
            c.ending.set()

    def wait_moving(self, clients):
        before = {c.port: c.got for c in clients}
        wait_until("octets move", lambda: all(
            c.got >= before[c.port] + 4 * len(CHUNK) for c in clients))

    @staticmethod
    def wait_full(clients):
        """Until nothing goes into the buffers of these any more."""
        sent, since = None, 0

        def stands():
            nonlocal sent, since
            now = [c.sent for c in clients]
            if now != sent:
                sent, since = now, time.monotonic()
            return time.monotonic() > since + 0.2
        wait_until("the buffers are full", stands)

    @staticmethod
    def bound():
        with open("/proc/sys/net/ipv4/tcp_wmem") as f:
            return (1 << 20) + int(f.read().split()[2])

    def end(self):
        """All is read, and who lives ends in order."""
        for target in (self.target, self.lazy):
            target.reading.set()
            target.ending.set()
        for c in self.clients:
            c.ending.set()
        for c in self.clients:
            c.wait()

    def have_read(self, rows):
        """A session ends when the last octet is in a target's kernel."""
        got = {**self.target.got, **self.lazy.got}
        return all(got[way(r["source_port"], r["target_port"])] >=
                   r["bytes_up"] for r in rows if r["outcome"] != "lost")

    def check(self, lost):
        """Each is there once; so many were lost, the others are exact."""
        rows = {r["client_port"]: r
                for r in self.sockd.wait_rows(self.CLIENTS)}
        self.assertEqual(len(rows), self.CLIENTS)
        self.assertEqual(sum(r["outcome"] == "lost"
                             for r in rows.values()), lost)
        wait_until("the targets have read what is there for them",
                   lambda: self.have_read(rows.values()))
        all_got = {**self.target.got, **self.lazy.got}
        all_sent = {**self.target.sent, **self.lazy.sent}
        for c in self.clients:
            row = rows[c.port]
            key = way(row["source_port"], row["target_port"])
            got = all_got[key]
            if row["outcome"] == "lost":
                self.check_bound(row["bytes_up"], got)
                self.check_bound(row["bytes_down"], c.got)
                continue
            self.assertEqual((row["bytes_up"], row["bytes_down"]),
                             (got, c.got))
            self.assertEqual((c.sent, all_sent[key]),
                             (got, c.got))
        self.check_usage(rows.values())

    def check_bound(self, counted, arrived):
        self.assertGreaterEqual(counted, arrived)
        self.assertLessEqual(counted, arrived + self.bound())

    def check_usage(self, rows):
        usage, = self.sockd.rows("SELECT sum(bytes_up) AS up, sum(bytes_down)"
                                 " AS down, sum(sessions) AS n FROM usage")
        self.assertEqual((usage["up"], usage["down"], usage["n"]),
                         (sum(r["bytes_up"] for r in rows),
                          sum(r["bytes_down"] for r in rows), self.CLIENTS))

    def kill_last(self, kind):
        """The last of a kind: of a family it is a helper."""
        pid = wait_until(f"a {kind}", lambda: self.sockd.children(kind))[-1]
        os.kill(pid, signal.SIGKILL)
        wait_until("it is gone", lambda: comm(pid) == "")

    def check_outlived(self, kind):
        self.kill_last(kind)
        wait_until(f"another {kind}", lambda: self.sockd.children(kind))
        self.wait_moving(self.clients)
        self.end()
        self.check(lost=0)

    def test_an_auth_helper(self):
        self.check_outlived("auth")

    def test_a_resolver(self):
        self.check_outlived("resolver")

    def test_the_accountant(self):
        self.check_outlived("account")

    def test_a_worker(self):
        def lost():
            return self.sockd.rows(
                "SELECT client_port FROM session WHERE outcome = 'lost'")
        for pid in self.sockd.children("worker"):
            os.kill(pid, signal.SIGKILL)
            wait_until("it is gone", lambda: comm(pid) == "")
            wait_until("the master knows", lambda: self.sockd.lines(
                f"child died kind=worker pid={pid} "))
            line, = self.sockd.lines(f"child died kind=worker pid={pid} ")
            if "lost=1" in line:
                break
        wait_until("it is in the ledger", lost)
        ports = {r["client_port"] for r in lost()}
        self.wait_moving([c for c in self.clients if c.port not in ports])
        self.end()
        self.check(lost=1)

    def restart(self):
        self.end()
        self.sockd.start()
        self.check(lost=self.CLIENTS)

    def test_the_master(self):
        self.sockd.kill()
        self.restart()

    def test_all_at_once(self):
        for pid in [self.sockd.pid] + self.sockd.children():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.sockd.process.wait()
        self.restart()


if __name__ == "__main__":
    unittest.main()
