"""Names in datagrams (RFC 1928, section 7): they wait for no name but
theirs."""

import itertools
import re
import time
import unittest

from harness import wait_until
from nameserver import NameServerTest
from peers import UdpEcho
from wire import Association


class Names(NameServerTest):
    """Names resolve beside the flow of everything else."""

    def setUp(self):
        super().setUp()
        self.echo = UdpEcho()
        self.addCleanup(self.echo.close)
        self.a = Association(self.sockd.port())
        self.addCleanup(self.a.close)

    def receive_all_of(self, n):
        return [self.a.receive() for _ in range(n)]

    def test_order_is_kept_while_a_name_waits(self):
        for i in range(8):
            self.a.send(b"%d" % i, ("slow.test", self.echo.port))
        self.assertEqual(self.a.exchange(b"meanwhile", self.echo.address)[1],
                         b"meanwhile")
        got = self.receive_all_of(8)
        self.assertEqual([p for _, p in got], [b"%d" % i for i in range(8)])
        self.a.send(b"known", ("slow.test", self.echo.port))
        self.assertEqual(self.a.receive()[1], b"known")
        self.assertEqual(self.server.asked.count("slow.test"), 2)

    def test_one_that_hangs(self):
        for i in range(3):
            self.a.send(b"lost", ("hang.test", self.echo.port))
            self.a.send(b"found%d" % i, (f"ok{i}.test", self.echo.port))
        for i in range(50):
            self.a.send(b"%d" % i, self.echo.address)
        self.assertEqual([p for _, p in self.receive_all_of(50)],
                         [b"%d" % i for i in range(50)])
        self.assertEqual(sorted(p for _, p in self.receive_all_of(3)),
                         [b"found0", b"found1", b"found2"])

    def test_one_that_hangs_lets_the_others_go_first(self):
        """They come in a fraction of resolver.timeout."""
        self.a.send(b"lost", ("hang.test", self.echo.port))
        began = time.monotonic()
        for i in range(3):
            self.a.send(b"found%d" % i, (f"ok{i}.test", self.echo.port))
        self.assertEqual([p for _, p in self.receive_all_of(3)],
                         [b"found0", b"found1", b"found2"])
        self.assertLess(time.monotonic() - began, 3)

    def test_those_that_went_make_room(self):
        """There is room for 16 that wait, whatever has gone since."""
        for i in range(10):
            self.a.send(b"%d" % i, ("slow.test", self.echo.port))
        self.a.send(b"lost", ("hang.test", self.echo.port))
        self.assertEqual([p for _, p in self.receive_all_of(10)],
                         [b"%d" % i for i in range(10)])
        for i in range(15):
            self.a.send(b"%d" % i, ("slow2.test", self.echo.port))
        self.assertEqual([p for _, p in self.receive_all_of(15)],
                         [b"%d" % i for i in range(15)])

    def test_more_names_than_can_wait(self):
        """A flood of names is bounded and stops nothing."""
        for i in range(300):
            self.a.send(b"x" * 1000, (f"hang{i}.test", self.echo.port))
            if i % 10 == 0:
                self.assertEqual(
                    self.a.exchange(b"%d" % i, self.echo.address)[1],
                    b"%d" % i)
        self.a.close()
        self.sockd.wait_rows(1)
        line = self.sockd.wait_line("udp dropped")[0]
        dropped = int(re.search(r"unresolved=(\d+)", line)[1])
        self.assertGreater(dropped, 200)

    def test_those_that_hang_hold_no_old_worker(self):
        """After a reload it is the new rules that are asked."""
        hanging = (f"hang{i}.test" for i in itertools.count())
        old = set(self.sockd.children("worker"))
        self.a.send(b"x", (next(hanging), self.echo.port))
        wait_until("it is asked", lambda: self.server.asked)
        self.sockd.reload()

        def are_gone():
            self.a.send(b"x", (next(hanging), self.echo.port))
            return old.isdisjoint(self.sockd.children("worker"))
        wait_until("the old workers are gone", are_gone)
        self.assertEqual(self.a.exchange(b"on", self.echo.address)[1], b"on")

    def test_a_name_that_is_none(self):
        for _ in range(5):
            self.a.send(b"x", ("none.test", self.echo.port))
            self.assertEqual(self.a.exchange(b"on", self.echo.address)[1],
                             b"on")
        wait_until("it was asked", lambda: "none.test" in self.server.asked)
        self.assertLessEqual(self.server.asked.count("none.test"), 2)

    def test_the_end_while_a_name_waits(self):
        self.a.send(b"x", ("slow.test", self.echo.port))
        wait_until("it is asked", lambda: self.server.asked)
        self.a.close()
        self.sockd.wait_rows(1)
        with Association(self.sockd.port()) as b:
            b.send(b"mine", ("ok.test", self.echo.port))
            self.assertEqual(b.receive(), (self.echo.address, b"mine"))


if __name__ == "__main__":
    unittest.main()
