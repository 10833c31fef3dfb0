"""Tests of associations: what they open ends with them."""

from harness import SockdTest
from wire import Association


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
