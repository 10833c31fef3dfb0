"""Resets: what a peer said before its own still reaches the other side."""

from tunnels import SilentTunnelTest, behind_its_back
from wire import receive_exactly, reset


class LastWords(SilentTunnelTest):
    """Its last words and its reset are there when the worker looks, and so
    are octets for it: they are found to be refused first, or last."""

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
