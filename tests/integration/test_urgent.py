"""Urgent octets that come faster than they are taken."""

import socket

from tunnels import SilentTunnelTest, behind_its_back
from wire import receive_exactly


class Several(SilentTunnelTest):
    """Only the last can be urgent still; the others keep their place."""

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
