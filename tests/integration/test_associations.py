"""200 associations and 200 waiting BINDs at once; all gone without a trace.
More associations than the board has room for, with all their particulars."""

import os
import socket
import unittest

from associations import AssociationTest
from harness import LISTEN, PASS_ALL, SockdTest, sockets_of, wait_until
from peers import UdpEcho
from wire import Association, BIND, read_reply5, receive_exactly, socks5

COUNT = 200
# Below the ports that the system gives away by itself, some of which the next
# test would have as soon as they are free.
FIRST = 10000 + os.getpid() % 40 * 240
PORTS = f"{FIRST}-{FIRST + 239}"


class Many(SockdTest):
    CONFIG = {"workers": {"start": 4, "min_spare": 2, "max_spare": 4,
                          "max": 16, "park_after": "100ms"},
              "sessions": {"max": 2000},
              "udp": {"ports": PORTS}, "bind": {"ports": PORTS}}

    def setUp(self):
        super().setUp()
        self.echo = UdpEcho()
        self.addCleanup(self.echo.close)
        self.at_rest = self.sockets()

    def sockets(self):
        """Beside the listeners, which each process has."""
        return sum(max(0, sockets_of(p, "tcp", "udp") - 1)
                   for kind in ("worker", "keeper")
                   for p in self.sockd.children(kind))

    def open_all(self):
        associations = [Association(self.sockd.port()) for _ in range(COUNT)]
        binds = [socks5(self.sockd.port(), ("127.0.0.1", 0), command=BIND)
                 for _ in range(COUNT)]
        for a in associations:
            self.addCleanup(a.close)
        for b in binds:
            self.addCleanup(b.socket.close)
        return associations, binds

    def assert_gone(self, addresses):
        """No row lives, no socket is left, every port is free."""
        rows = self.sockd.wait_rows(2 * COUNT)
        self.assertEqual({r["reply"] for r in rows}, {0})
        wait_until("no socket is left",
                   lambda: self.sockets() <= self.at_rest)
        for kind, address in addresses:
            with socket.socket(socket.AF_INET, kind) as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(address)
        wait_until("the spare workers leave", lambda: len(
            self.sockd.children("worker")) <= 4)

    def test_used_and_left(self):
        associations, binds = self.open_all()
        for i, a in enumerate(associations):
            a.send(b"%d" % i, self.echo.address)
        for i, a in enumerate(associations):
            self.assertEqual(a.receive(), (self.echo.address, b"%d" % i))
        self.assertLessEqual(len(self.sockd.children("worker")), 16)
        peers = []
        for b in binds:
            peers.append(socket.create_connection(b.bound, 20))
            self.assertEqual(read_reply5(b)[1], peers[-1].getsockname())
            peers[-1].sendall(b"x")
        for b in binds:
            self.assertEqual(receive_exactly(b, 1), b"x")
        addresses = [(socket.SOCK_DGRAM, a.relay) for a in associations]
        for a in associations:
            a.close()
        for peer, b in zip(peers, binds):
            peer.close()
            b.socket.close()
        self.assert_gone(addresses)
        self.assertEqual(
            self.sockd.rows("SELECT count(*) AS n, sum(datagrams_up) AS up, "
                            "sum(datagrams_down) AS down FROM session "
                            "WHERE command = 'udp'"),
            [{"n": COUNT, "up": COUNT, "down": COUNT}])

    def test_left_unused(self):
        associations, binds = self.open_all()
        addresses = [(socket.SOCK_DGRAM, a.relay) for a in associations] + \
            [(socket.SOCK_STREAM, b.bound) for b in binds]
        self.assertEqual(len(set(addresses)), 2 * COUNT)
        for s in associations + binds:
            s.close()
        self.assert_gone(addresses)
        self.sockd.wait_line("session end", 2 * COUNT)
        self.assertEqual(self.sockd.rows("SELECT * FROM usage"), [])

    def test_cut_by_a_stop(self):
        self.open_all()
        self.sockd.stop()
        rows = self.sockd.wait_rows(2 * COUNT)
        self.assertEqual({r["outcome"] for r in rows}, {"stopped"})


class Beyond(AssociationTest):
    CONFIG = {"workers": {"park_after": "100ms"}, "sessions": {"max": 256}}

    def test_a_reload_is_for_them_as_well(self):
        echo, other = self.server(UdpEcho), self.server(UdpEcho)
        for _ in range(64):
            self.associate()
        a = self.associate()
        for target in (echo.address, other.address):
            self.assertEqual(a.exchange(b"hello", target)[0], target)
        a.socket.send(b"junk")
        old = set(self.sockd.children("worker"))
        self.sockd.reload(LISTEN + 'rule "no" { action = "block" ports = '
                          '{ "%d" } }\n' % other.port + PASS_ALL)
        wait_until("the old workers are gone",
                   lambda: old.isdisjoint(self.sockd.children("worker")))
        a.send(b"not any more", other.address)
        self.assertEqual(a.exchange(b"goes on", echo.address),
                         (echo.address, b"goes on"))
        self.assertEqual([d for d, _ in other.received], [b"hello"])
        a.close()
        for dropped in ("malformed=1", "blocked=1"):
            self.sockd.wait_line(dropped)
        row, = self.sockd.wait_rows(1)
        self.assertEqual((row["datagrams_up"], row["outcome"]),
                         (3, "client-closed"))


if __name__ == "__main__":
    unittest.main()
