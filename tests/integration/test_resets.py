"""Resets: what a peer said before its own still reaches the other side."""

from harness import SockdTest, wait_until
from peers import Silent
from tunnels import behind_its_back
from wire import receive_exactly, reset, socks5


class LastWords(SockdTest):
    """Its last words and its reset are there when the worker looks, and so
    are octets for it: they are found to be refused first, or last."""

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

    def leave(self, who, other):
        """Say why and reset, while the other goes on to send."""
        with behind_its_back(self.sockd):
            who.sendall(b"I take no more")
            reset(who)
            other.sendall(b"and this?")
        self.assertEqual(receive_exactly(other, 14), b"I take no more")
        with self.assertRaises(ConnectionResetError):
            other.recv(1)
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["outcome"], "reset")
        return row["bytes_up"], row["bytes_down"]

    def test_of_the_target(self):
        self.assertEqual(self.leave(self.target, self.client), (0, 14))

    def test_of_the_client(self):
        self.assertEqual(self.leave(self.client, self.target), (14, 0))
