"""200 associations and 200 waiting BINDs at once; all gone without a trace."""

import os
import socket
import unittest

from associations import AssociationTest
from harness import SockdTest, sockets_of, wait_until
from peers import Echo, UdpEcho
from wire import Association, BIND, Refused, read_reply5, receive_exactly, \
    socks5

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


class Room(AssociationTest):
    """More associations than the board has room for."""
    COUNT = 64
    CONFIG = {"workers": {"start": 2, "min_spare": 1, "max_spare": 2,
                          "max": 4, "park_after": "50ms"},
              "sessions": {"max": 200}}

    def test_one_beyond_is_refused_and_holds_no_worker(self):
        many = [self.associate() for _ in range(self.COUNT)]
        for _ in range(6):
            with self.assertRaises(Refused) as refused:
                self.associate()
            self.assertEqual(refused.exception.code, 2)
        rows = self.sockd.wait_rows(6)
        self.assertEqual({r["outcome"] for r in rows}, {"limit"})
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            s.sendall(b"x")
            self.assertEqual(receive_exactly(s, 1), b"x")
        many[0].close()
        self.associate()


class Turns(SockdTest):
    """What has ended makes room before accounting.interval is over."""
    CONFIG = {"sessions": {"max": 200}, "accounting": {"interval": "1h"}}

    def test_many_one_after_another(self):
        with UdpEcho() as echo:
            for i in range(3 * Room.COUNT):
                with Association(self.sockd.port()) as a:
                    self.assertEqual(a.exchange(b"%d" % i, echo.address)[1],
                                     b"%d" % i)


if __name__ == "__main__":
    unittest.main()
