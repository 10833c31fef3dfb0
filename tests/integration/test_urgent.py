"""Urgent octets that come faster than they are taken."""

import socket

from harness import SockdTest, wait_until
from peers import Silent
from tunnels import behind_its_back
from wire import receive_exactly, socks5


class Several(SockdTest):
    """Only the last can be urgent still; the others keep their place."""

    CONFIG = {"workers": {"start": 2, "min_spare": 1, "park_after": "1h"}}

    def setUp(self):
        super().setUp()
        self.silent = Silent()
        self.addCleanup(self.silent.close)
        self.client = socks5(self.sockd.port(), self.silent.address).socket
        self.addCleanup(self.client.close)
        wait_until("it is connected", lambda: self.silent.connections)
        self.target = self.silent.connections[0]
        self.target.settimeout(20)

    def pass_on(self, source, sink):
        sink.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        with behind_its_back(self.sockd):
            for octets in (b"1", b"ab2", b"3", b"4", b"cd5"):
                source.send(octets, socket.MSG_OOB)
            source.sendall(b"end")
        self.assertEqual(receive_exactly(sink, 12), b"1ab234cd5end")

    def test_of_the_client(self):
        self.pass_on(self.client, self.target)

    def test_of_the_target(self):
        self.pass_on(self.target, self.client)
