"""Whoever only waits, sleeps: in a worker, and in a keeper."""

import select
import socket
import unittest

from harness import SockdTest, cpu_s, wait_until
from peers import Silent, UdpEcho
from wire import BIND, Association, receive_all, reset, socks5


class InWorkers(SockdTest):
    CONFIG = {"workers": {"park_after": "1h"}}

    def setUp(self):
        super().setUp()
        self.target = Silent()
        self.addCleanup(self.target.close)

    def tunnel(self):
        s = socks5(self.sockd.port(), self.target.address)
        self.addCleanup(s.socket.close)
        wait_until("it connects", lambda: self.target.connections)
        return s, self.target.connections[0]

    def assert_sleep(self):
        pids = self.sockd.children("worker") + self.sockd.children("keeper")
        before = cpu_s(pids)
        select.select([], [], [], 0.5)
        self.assertLess(cpu_s(pids) - before, 0.05)

    def test_a_tunnel(self):
        self.tunnel()
        self.assert_sleep()

    def test_a_tunnel_whose_one_end_has_said_all(self):
        for speaker, listener in ((0, 1), (1, 0)):
            with self.subTest(speaker=speaker):
                self.target.connections.clear()
                ends = self.tunnel()
                ends[speaker].shutdown(socket.SHUT_WR)
                self.assertEqual(receive_all(ends[listener]), b"")
                self.assert_sleep()

    def test_a_tunnel_whose_one_end_does_not_read(self):
        s, _ = self.tunnel()
        s.setblocking(False)
        while select.select([], [s.socket], [], 0.2)[1]:
            s.send(bytes(1 << 16))
        self.assert_sleep()
        reset(s.socket)		# and what it sent is still there to pass on
        self.assert_sleep()

    def test_a_bind(self):
        s = socks5(self.sockd.port(), ("127.0.0.1", 0), command=BIND)
        self.addCleanup(s.socket.close)
        self.assert_sleep()

    def test_an_association(self):
        with UdpEcho() as echo, Association(self.sockd.port()) as a:
            a.exchange(b"x", echo.address)
            self.assert_sleep()


class InKeepers(InWorkers):
    CONFIG = {"workers": {"park_after": "50ms"}}


if __name__ == "__main__":
    unittest.main()
