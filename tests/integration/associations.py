"""Tests of associations: what they open ends with them."""

import hashlib
import struct

from harness import SockdTest
from wire import Association


def sealed(number, size):
    """A payload that tells its number and whether it is whole."""
    body = struct.pack("!IH", number, size) + bytes([number % 251]) * size
    return hashlib.md5(body).digest() + body


def unseal(payload):
    """The number; None if an octet is wrong."""
    digest, body = payload[:16], payload[16:]
    if hashlib.md5(body).digest() != digest:
        return None
    number, size = struct.unpack("!IH", body[:6])
    return number if len(body) == 6 + size else None


class AssociationTest(SockdTest):
    def server(self, kind, *where):
        """One of peers' datagram servers."""
        server = kind(*where)
        self.addCleanup(server.close)
        return server

    def associate(self, *args, **kwargs):
        a = Association(self.sockd.port(), *args, **kwargs)
        self.addCleanup(a.close)
        return a
