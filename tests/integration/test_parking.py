"""Tunnels without data go to a keeper, and come back as they were."""

import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import time
import unittest

from harness import LISTEN, PASS_ALL, keepalive_s, sockets_of, wait_until
from pam_stack import RogueTest
from peers import Script, Server, Silent
from segment import may_write_segments, send_urgent_ahead
from tunnels import TunnelTest
from wire import receive_all, receive_exactly, receive_rest, socks5

PARK_SOON = {"workers": {"start": 2, "min_spare": 2, "max_spare": 4,
                         "max": 8, "park_after": "100ms"},
             "sessions": {"max": 1000}}


class ParkingTest(TunnelTest):
    CONFIG = PARK_SOON

    def tunnel(self):
        s = super().tunnel()
        self.say(s)
        return s

    def held(self):
        """Tunnels that keepers hold: two sockets each, beyond their own."""
        return sum(sockets_of(p, "tcp")
                   for p in self.sockd.children("keeper"))

    def count(self, word):
        """How many tunnels were parked, or woken, since the start."""
        told = len(self.sockd.lines("kind=tunnel"))
        self.sockd.signal(signal.SIGUSR1)
        lines = self.sockd.wait_line("kind=tunnel", told + 1)
        return int(re.search(rf" {word}=(\d+)", lines[-1]).group(1))

    def wait_parked(self, n):
        wait_until(f"{n} tunnels are parked", lambda: self.held() == 2 * n)


class Urgent(ParkingTest):
    def test_a_mark_that_is_known_before_its_octets_wakes_nobody(self):
        """Its segment has come, the one before it was lost."""
        def urgent(s):
            try:
                return s.recv(1, socket.MSG_OOB)
            except OSError:
                return b""

        def listen(s):
            heard.append(receive_exactly(s, 4))
            heard.append(wait_until("the mark", lambda: urgent(s)))

        def rests():
            """Far longer than park_after."""
            before = self.count("woken")
            select.select([], [], [], 0.5)
            return self.count("woken") == before

        heard = []
        with Script(listen) as target, \
                socks5(self.sockd.port(), target.address) as s:
            if not may_write_segments():
                self.skipTest("may not write segments by hand")
            send_urgent_ahead(s.socket, b"!", ahead=4)
            self.wait_parked(1)
            wait_until("it rests", rests)
            s.sendall(b"lost")
            s.send(b"!", socket.MSG_OOB)
            wait_until("all is heard", lambda: len(heard) == 2)
        self.assertEqual(heard, [b"lost", b"!"])


class Parking(ParkingTest):
    def test_a_parked_tunnel_wakes_for_either_side(self):
        s = self.tunnel()
        self.wait_parked(1)
        self.say(s)
        self.wait_parked(1)
        self.echo.connections[0].sendall(b"news")
        self.assertEqual(receive_exactly(s, 4), b"news")
        s.socket.close()
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["bytes_up"], row["bytes_down"]), (2, 6))
        self.assertEqual(row["outcome"], "client-closed")

    def test_more_tunnels_than_workers(self):
        tunnels = [self.tunnel() for _ in range(100)]
        self.wait_parked(100)
        self.assertLessEqual(len(self.sockd.children("worker")), 8)
        for s in tunnels:
            s.sendall(b"all at once")
        for s in tunnels:
            self.assertEqual(receive_exactly(s, 11), b"all at once")
        for s in tunnels:
            s.socket.close()
        rows = self.sockd.wait_rows(100)
        self.assertEqual({(r["bytes_up"], r["bytes_down"]) for r in rows},
                         {(12, 12)})

    def test_a_close_while_parked_is_seen(self):
        s = self.tunnel()
        self.wait_parked(1)
        s.socket.close()
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"],
                         "client-closed")

    def test_peers_of_a_parked_tunnel_are_asked_whether_they_live(self):
        """The kernel does: its timer runs out within two minutes."""
        s = self.tunnel()
        self.wait_parked(1)
        for end in (s, self.echo.connections[0]):
            due_s = wait_until("a keepalive",
                               lambda: keepalive_s(end.getpeername()))
            self.assertLessEqual(due_s, 120)

    def test_a_reset_while_parked_is_a_reset(self):
        s = self.tunnel()
        self.wait_parked(1)
        s.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
        s.socket.close()
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "reset")

    def test_half_closed_and_parked(self):
        """The client has said all; the target answers much later."""
        class Late(Server):
            def serve(self, s):
                receive_all(s)
                self.ended = True

        with Late() as late:
            late.ended = False
            with socks5(self.sockd.port(), late.address) as s:
                s.sendall(b"question")
                s.shutdown(socket.SHUT_WR)
                wait_until("the end arrives", lambda: late.ended)
                self.wait_parked(1)
                late.connections[0].sendall(b"answer")
                late.connections[0].close()
                self.assertEqual(receive_all(s), b"answer")
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["bytes_up"], row["bytes_down"]), (8, 6))

    def test_reload_keeps_parked_tunnels(self):
        tunnels = [self.tunnel() for _ in range(20)]
        self.wait_parked(20)
        for _ in range(3):
            self.sockd.reload()
        for s in tunnels:
            self.say(s)

    def test_reload_cuts_what_is_no_longer_allowed(self):
        s = self.tunnel()
        self.wait_parked(1)
        self.sockd.reload(LISTEN + 'rule "no" { action = "block" }\n')
        self.assertEqual(receive_all(s), b"")
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "blocked")

    def test_a_killed_keeper_loses_only_its_own(self):
        parked = [self.tunnel() for _ in range(10)]
        self.wait_parked(10)
        active = self.tunnel()
        pid = self.sockd.children("keeper")[0]
        self.say(active)
        os.kill(pid, signal.SIGKILL)
        for s in parked:
            self.assertEqual(receive_rest(s), b"")
        rows = self.sockd.wait_rows(10, "outcome = 'lost'")
        self.assertEqual({(r["bytes_up"], r["bytes_down"]) for r in rows},
                         {(1, 1)})
        again = self.tunnel()
        wait_until("another keeper", lambda: self.held() >= 2)
        self.say(again)

    def test_stop_waits_for_parked_tunnels_and_cuts_them(self):
        s = self.tunnel()
        self.wait_parked(1)
        self.sockd.signal(signal.SIGTERM)
        self.sockd.wait_line("stopping")
        self.say(s)
        self.assertEqual(self.sockd.process.wait(20), 0)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "stopped")


class Keepers(ParkingTest):
    """Few descriptors a process: one keeper cannot hold them all."""
    NOFILE = 96

    def test_another_keeper_is_forked_when_one_fills(self):
        tunnels = [self.tunnel() for _ in range(30)]
        self.wait_parked(30)
        wait_until("another keeper",
                   lambda: len(self.sockd.children("keeper")) >= 2)
        tunnels += [self.tunnel() for _ in range(30)]
        self.wait_parked(60)
        for s in tunnels:
            self.say(s)
        for s in tunnels:
            s.socket.close()
        self.sockd.wait_rows(60, "outcome = 'client-closed'")

    def test_one_that_is_killed_is_replaced_though_others_have_room(self):
        """The kernel may have told it alone of a tunnel that comes."""
        def keepers():
            return self.sockd.children("keeper")

        tunnels = [self.tunnel() for _ in range(30)]
        wait_until("another keeper", lambda: len(keepers()) == 2)
        for s in tunnels:
            s.socket.close()
        self.sockd.wait_rows(30)
        pid = keepers()[0]
        os.kill(pid, signal.SIGKILL)
        wait_until("it is replaced", lambda: pid not in keepers() and
                   len(keepers()) == 2)


class FailedLogins(RogueTest):
    """Clients whose login failed wait in a keeper, not in workers."""
    FAIL_DELAY_S = 2

    def pam_keys(self):
        return {"fail_delay": f"{self.FAIL_DELAY_S}s"}

    def setUp(self):
        super().setUp()
        self.sockd.reload(workers={"start": 2, "min_spare": 1,
                                   "max_spare": 2, "max": 3})

    def test_others_are_served_meanwhile(self):
        failing = []
        began = time.monotonic()
        for i in range(30):
            s = self.open()
            self.addCleanup(s.close)
            s.sendall(b"\x05\x01\x02\x01\x03ann\x05wrong")
            failing.append(s)
        self.sockd.wait_line("login failed", 30)
        self.assertLess(time.monotonic() - began, 30 * self.FAIL_DELAY_S / 4)
        self.assertEqual(self.login("ann"), 0)
        for s in failing:
            self.assertEqual(receive_all(s), b"\x05\x02\x01\x01")
        self.assertGreaterEqual(time.monotonic() - began, self.FAIL_DELAY_S)

    def test_it_takes_its_time_and_leaves_a_row(self):
        began = time.monotonic()
        self.assertEqual(self.login("ann", "wrong"), 1)
        took = time.monotonic() - began
        self.assertGreaterEqual(took, self.FAIL_DELAY_S)
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["user"], row["outcome"]),
                         ("ann", "auth-failed"))

    def test_one_that_leaves(self):
        with self.open() as s:
            s.sendall(b"\x05\x01\x02\x01\x03ann\x05wrong")
            self.sockd.wait_line("login failed")
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"],
                         "auth-failed")


class Deadlines(ParkingTest):
    CONFIG = {**PARK_SOON, "timeouts": {"idle": "1s", "half_closed": "1s"}}

    def test_idle(self):
        s = self.tunnel()
        self.assertEqual(receive_all(s), b"")
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "idle")
        self.assertGreaterEqual(self.count("parked"), 1)

    def test_half_closed(self):
        with Silent() as deaf:
            with socks5(self.sockd.port(), deaf.address) as s:
                s.shutdown(socket.SHUT_WR)
                self.assertEqual(receive_rest(s), b"")
        self.assertIn(self.sockd.wait_rows(1)[0]["outcome"],
                      ("idle", "timeout"))


class Quota(ParkingTest):
    RULES = PASS_ALL + 'limit "small" { bytes = { "1000B/day" } }\n'

    def test_a_parked_session_ends_when_another_uses_the_quota_up(self):
        parked = self.tunnel()
        self.wait_parked(1)
        with socks5(self.sockd.port(), self.echo.address) as greedy:
            greedy.sendall(b"x" * 5000)
            receive_rest(greedy)
        self.assertEqual(receive_rest(parked), b"")
        rows = self.sockd.wait_rows(2)
        self.assertEqual({r["outcome"] for r in rows}, {"quota"})


class Cut(ParkingTest):
    """More wake than the workers, and the channel to them, take."""
    CONFIG = {"workers": {"start": 1, "min_spare": 1, "max_spare": 1,
                          "max": 1, "park_after": "100ms"}}

    def cut(self, row):
        return subprocess.Popen(
            [os.environ["SOCKCTL"], "-f", self.sockd.config, "cut",
             str(row["id"])], stderr=subprocess.DEVNULL)

    def test_while_they_wait_for_a_worker(self):
        """Those in the channel are cut when a worker takes them."""
        tunnels = [self.tunnel() for _ in range(40)]
        self.wait_parked(40)
        worker, = self.sockd.children("worker")
        os.kill(worker, signal.SIGSTOP)
        self.addCleanup(os.kill, worker, signal.SIGCONT)
        for s in tunnels:
            s.sendall(b"wake")
        rows = self.sockd.wait_rows(40, "ended IS NULL")
        ends = [p.wait(20) for p in [self.cut(r) for r in rows[1::2]]]
        self.assertGreaterEqual(ends.count(0), 2)
        os.kill(worker, signal.SIGCONT)
        for s in tunnels[0::2]:
            self.assertEqual(receive_exactly(s, 4), b"wake")
        for row in self.sockd.wait_rows(20):
            self.assertEqual(row["outcome"], "cut")


class Many(ParkingTest):
    """As many as descriptors allow, 2,000 at most, each then used."""
    CONFIG = {**PARK_SOON, "sessions": {"max": 4000}}

    def test_each_is_all_right(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        n = min(2000, (hard - 100) // 4)
        tunnels = [self.tunnel() for _ in range(n)]
        self.wait_parked(n)
        for i, s in enumerate(tunnels):
            s.sendall(b"%d." % i)
        for i, s in enumerate(tunnels):
            octets = b"%d." % i
            self.assertEqual(receive_exactly(s, len(octets)), octets)
        for s in tunnels:
            s.socket.close()
        self.sockd.wait_all_ended()
        wait_until("keepers hold nothing", lambda: self.held() == 0)


if __name__ == "__main__":
    unittest.main()
