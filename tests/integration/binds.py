"""Tests of BIND: clients that wait, and peers that come."""

import socket

from harness import SockdTest, sockets_of, wait_until
from wire import (BIND, Granted, address5, open_proxy, read_reply5,
                  receive_exactly, socks4, socks5)

ANYBODY = ("0.0.0.0", 0)
HERE = ("127.0.0.1", 0)


def connect(to, come_from="127.0.0.1", port=0):
    """A peer that connects from this address."""
    family = socket.AF_INET6 if ":" in to[0] else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(20)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((come_from, port))
    s.connect(to)
    return s


class BindTest(SockdTest):
    def bind(self, target=HERE):
        s = socks5(self.sockd.port(), target, command=BIND)
        self.addCleanup(s.socket.close)
        return s

    def bind_with(self, payload):
        """One that sends greeting, request and payload in one segment."""
        s = open_proxy(self.sockd.port())
        self.addCleanup(s.close)
        s.sendall(b"\x05\x01\x00" b"\x05\x02\x00" + address5(*HERE) + payload)
        self.assertEqual(receive_exactly(s, 2), b"\x05\x00")
        return Granted(s, read_reply5(s)[1])

    def bind4(self, target=HERE, **how):
        s = socks4(self.sockd.port(), target, command=BIND, **how)
        self.addCleanup(s.socket.close)
        return s

    def peer(self, to, **how):
        s = connect(to, **how)
        self.addCleanup(s.close)
        return s

    def are_parked(self):
        """No worker holds more than its listener."""
        return all(sockets_of(p, "tcp") <= 1
                   for p in self.sockd.children("worker"))

    def wait_parked(self):
        wait_until("all are parked", self.are_parked)

    def assert_free(self, address):
        """Nobody listens there any more."""
        def is_refused():
            try:
                connect(address).close()
                return False
            except ConnectionError:
                return True
        wait_until(f"{address} is free", is_refused)

    def assert_talk(self, a, b):
        a.sendall(b"there")
        self.assertEqual(receive_exactly(b, 5), b"there")
        b.sendall(b"and back")
        self.assertEqual(receive_exactly(a, 8), b"and back")
