"""BINDs that a keeper waits for in a worker's place."""

import os
import select
import socket
import time
import unittest

from binds import HERE, BindTest, connect
from harness import LISTEN
from wire import read_reply5, receive_all, receive_exactly, receive_rest


class Strangers(BindTest):
    CONFIG = {"workers": {"start": 4, "min_spare": 1, "max_spare": 4,
                          "max": 8, "park_after": "1s"}}

    def test_they_do_not_hold_it_off(self):
        """They come far more often than it takes to park."""
        s = self.bind()
        began = time.monotonic()
        while True:
            connect(s.bound, come_from="127.0.0.3").close()
            select.select([s.socket], [], [], 0.02)
            if self.are_parked():
                break
            self.assertLess(time.monotonic() - began, 10)
        peer = self.peer(s.bound)
        self.assertEqual(read_reply5(s)[1], peer.getsockname())


class Parked(BindTest):
    """The same while a keeper waits."""
    CONFIG = {"workers": {"start": 2, "min_spare": 1, "max_spare": 2,
                          "max": 4, "park_after": "50ms"}}

    def wait(self, target=HERE, n=1):
        """n BINDs that are all parked."""
        waiting = [self.bind(target) for _ in range(n)]
        self.wait_parked()
        return waiting

    def test_more_than_workers(self):
        waiting = self.wait(n=50)
        for s in reversed(waiting):
            peer = self.peer(s.bound)
            self.assertEqual(read_reply5(s)[1], peer.getsockname())
            self.assert_talk(s, peer)

    def test_at_once_while_workers_are_short(self):
        """After 10 ms, and not when a worker happens to look."""
        began = time.monotonic()
        for _ in range(200):
            self.bind()
        self.assertLess(time.monotonic() - began, 8)

    def test_a_name(self):
        s = self.wait(("localhost", 0), n=10)[0]
        with connect(s.bound, come_from="127.0.0.9") as wrong:
            self.assertEqual(receive_rest(wrong), b"")
        peer = self.peer(s.bound)
        self.assertEqual(read_reply5(s)[1], peer.getsockname())

    def test_others_are_closed(self):
        s = self.wait(n=10)[0]
        for i in range(5):
            with connect(s.bound, come_from="127.0.0.3") as wrong:
                self.assertEqual(receive_rest(wrong), b"")
        peer = self.peer(s.bound)
        self.assertEqual(read_reply5(s)[1], peer.getsockname())
        self.assert_talk(s, peer)

    def test_early_octets_wait_in_the_socket(self):
        waiting = self.wait(n=10)
        for s in waiting:
            s.sendall(b"early")
        for s in waiting:
            peer = self.peer(s.bound)
            read_reply5(s)
            self.assertEqual(receive_exactly(peer, 5), b"early")

    def test_what_came_with_the_request_waits_too(self):
        payload = os.urandom(12000)
        waiting = [self.bind_with(payload) for _ in range(10)]
        self.wait_parked()
        for s in waiting:
            with connect(s.bound, come_from="127.0.0.3") as wrong:
                self.assertEqual(receive_rest(wrong), b"")
        self.wait_parked()
        for s in waiting:
            s.sendall(b", and more")
            peer = self.peer(s.bound)
            self.assertEqual(read_reply5(s), (0, peer.getsockname()))
            self.assertEqual(receive_exactly(peer, 12010),
                             payload + b", and more")
            self.assert_talk(s, peer)

    def test_departure(self):
        waiting = self.wait(n=10)
        for s in waiting:
            s.sendall(b"early")
            s.shutdown(socket.SHUT_WR)
        for s in waiting:
            self.assert_free(s.bound)

    def test_stop(self):
        self.wait(n=10)
        self.sockd.stop()
        self.sockd.wait_rows(10, "outcome = 'stopped'")

    def test_reload_cuts_what_is_no_longer_allowed(self):
        waiting = self.wait(n=10)
        self.sockd.reload(LISTEN + 'rule "no" { action = "block" }\n')
        for s in waiting:
            self.assertEqual(receive_all(s), b"")
        self.sockd.wait_rows(10, "outcome = 'blocked'")


class ParkedDeadline(BindTest):
    CONFIG = {"timeouts": {"bind": "4s"}, "workers": {"park_after": "50ms"}}

    def test_it_comes(self):
        waiting = [self.bind() for _ in range(10)]
        for s in waiting:
            self.assertEqual(read_reply5(s)[0], 6)
            self.assertEqual(receive_all(s), b"")

    def test_it_does_not_come_for_those_who_met(self):
        before = [self.bind() for _ in range(3)]
        s = self.bind()
        self.wait_parked()
        peer = self.peer(s.bound)
        self.assertEqual(read_reply5(s)[1], peer.getsockname())
        for other in before + [self.bind()]:
            self.assertEqual(read_reply5(other)[0], 6)
        self.sockd.wait_rows(4)
        self.assert_talk(s, peer)


if __name__ == "__main__":
    unittest.main()
