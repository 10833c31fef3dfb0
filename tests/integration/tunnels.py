"""Tests of tunnels: what they open ends with them."""

import os
from contextlib import contextmanager
from signal import SIGCONT, SIGSTOP

from harness import SockdTest, wait_until
from peers import Echo, Silent
from wire import receive_exactly, socks5


@contextmanager
def behind_its_back(sockd):
    """What is done while its workers stand still they find all at once."""
    workers = sockd.children("worker")
    for pid in workers:
        os.kill(pid, SIGSTOP)
    try:
        yield
    finally:
        for pid in workers:
            os.kill(pid, SIGCONT)


class TunnelTest(SockdTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.addCleanup(self.echo.close)

    def tunnel(self, **how):
        s = socks5(self.sockd.port(), self.echo.address, **how)
        self.addCleanup(s.socket.close)
        return s

    def say(self, s, octets=b"x"):
        s.sendall(octets)
        self.assertEqual(receive_exactly(s, len(octets)), octets)


class SilentTunnelTest(SockdTest):
    """A tunnel both ends of which are the test's: .client and .target."""

    CONFIG = {"workers": {"start": 2, "min_spare": 1, "park_after": "1h"}}

    def setUp(self):
        super().setUp()
        silent = Silent()
        self.addCleanup(silent.close)
        self.client = socks5(self.sockd.port(), silent.address).socket
        self.addCleanup(self.client.close)
        wait_until("it is connected", lambda: silent.connections)
        self.target = silent.connections[0]
        self.target.settimeout(20)
