"""Tests of tunnels to an echo: what they open ends with them."""

import os
from contextlib import contextmanager
from signal import SIGCONT, SIGSTOP

from harness import SockdTest
from peers import Echo
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
