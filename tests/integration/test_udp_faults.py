"""What is wrong with a datagram ends that datagram and nothing else: each
fault is dropped and counted."""

import contextlib
import os
import random
import re
import signal
import struct
import time
import unittest

from associations import AssociationTest
from harness import LISTEN, PASS_ALL, needs_ipv6, sockets_of, wait_until
from peers import UdpEcho, UdpServer
from wire import header5, receive_all, receive_rest, udp_socket


class FaultsTest(AssociationTest):
    def setUp(self):
        super().setUp()
        self.echo = self.server(UdpEcho)

    def assert_goes_on(self, a, n):
        """An echo, told from all before."""
        payload = b"still here %d" % n
        self.assertEqual(a.exchange(payload, self.echo.address),
                         (self.echo.address, payload))

    def drops_of(self, a):
        """What the log says of an association that ends now."""
        a.close()
        row = self.sockd.wait_rows(1)[0]
        line = self.sockd.wait_line(f"udp dropped id={row['id']} ")[0]
        return {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", line)
                if v != "0" and k != "id"}


class Header(FaultsTest):
    """Every fault of a header, one after another, on one association."""

    PORT = struct.pack("!H", 9)
    MALFORMED = [
        b"", b"\0", b"\0\0", b"\0\0\0",			# short
        b"\0\0\0\x01", b"\0\0\0\x01\x7f\0\0\x01", b"\0\0\0\x01\x7f\0\0\x01\0",
        b"\0\0\0\x04" + b"\0" * 17, b"\0\0\0\x03", b"\0\0\0\x03\x05abcd",
        b"\0\0\0\x03\x05abcde\0",
        b"\1\0\0\x01\x7f\0\0\x01" + PORT,		# RSV
        b"\0\1\0\x01\x7f\0\0\x01" + PORT,
        b"\0\0\0\0\x7f\0\0\x01" + PORT,			# ATYP
        b"\0\0\0\x02\x7f\0\0\x01" + PORT,
        b"\0\0\0\xff\x7f\0\0\x01" + PORT,
        b"\0\0\0\x01\x7f\0\0\x01\0\0", 			# port 0
        b"\0\0\0\x03\0" + PORT,				# names
        b"\0\0\0\x03\x03a b" + PORT, b"\0\0\0\x03\x03a\0b" + PORT,
        b"\0\0\0\x03\x01*" + PORT, b"\0\0\0\x03\x05127.1" + PORT,
        b"\0\0\0\x03\xff" + b"x" * 255 + PORT,
    ]

    def test_malformed(self):
        a = self.associate()
        self.assert_goes_on(a, 0)
        for i, datagram in enumerate(self.MALFORMED):
            a.socket.send(datagram)
            self.assert_goes_on(a, i + 1)
        self.assertEqual(len(self.echo.received), len(self.MALFORMED) + 1)
        self.assertEqual(self.drops_of(a),
                         {"malformed": len(self.MALFORMED)})

    def test_fragments(self):
        a = self.associate()
        for frag in (1, 2, 127, 128, 255):
            a.send(b"part", self.echo.address, frag=frag)
            self.assert_goes_on(a, frag)
        self.assertEqual(len(self.echo.received), 5)
        self.assertEqual(self.drops_of(a), {"fragment": 5})

    def test_random_octets(self):
        a = self.associate()
        for i in range(200):
            a.socket.send(os.urandom(i % 60))
        self.assert_goes_on(a, 0)
        self.assertEqual(sum(self.drops_of(a).values()), 200)


class Hostile(FaultsTest):
    """Whatever it is sent, it stays alive, and so do the others."""

    def setUp(self):
        """Other ports of loopback belong to others."""
        super().setUp()
        self.sockd.reload(LISTEN + 'rule "here" { action = "pass" '
                          'to = { "127.0.0.0/8", "::1" } '
                          f'ports = {{ "{self.echo.port}" }} }}\n')

    def mutated(self, dice):
        """A good datagram with up to three octets wrong; never a name that
        a resolver would be asked for."""
        datagram = bytearray(header5("127.0.0.1", self.echo.port) +
                             bytes(dice.randrange(100)))
        for _ in range(dice.randrange(4)):
            datagram[dice.randrange(min(len(datagram), 12))] = \
                dice.randrange(256)
        return bytes(datagram[:dice.randrange(1, len(datagram) + 1)])

    def test_mutated_datagrams(self):
        dice = random.Random(7)
        a, b = self.associate(), self.associate()
        self.assert_goes_on(a, 0)
        workers = set(self.sockd.children("worker"))
        for i in range(10000):
            a.socket.send(self.mutated(dice))
            if i % 100 == 0:
                self.assert_goes_on(b, i)
        a.close()

        def is_told():
            return self.sockd.lines("udp dropped")
        wait_until("it ended", is_told)
        self.assert_goes_on(b, -1)
        self.assertEqual(self.sockd.rows(
            "SELECT * FROM session WHERE outcome = 'lost'"), [])
        self.assertTrue(workers & set(self.sockd.children("worker")))

    def test_thousands_of_targets(self):
        """More than are remembered: each is asked for, none goes wrong."""
        a = self.associate()
        for i in range(6000):
            a.send(b"%d" % i, (f"127.1.{i >> 8}.{i & 255}",
                               self.echo.port))
            if i % 50 == 0:
                self.assert_goes_on(a, i)
        self.assertEqual(len(self.echo.received), 120)


class Source(FaultsTest):
    """Datagrams from somebody else."""

    def test_another_host(self):
        a = self.associate()
        with udp_socket("127.0.0.2") as other:
            other.sendto(header5(*self.echo.address) + b"early", a.relay)
            self.assert_goes_on(a, 1)
            other.sendto(header5(*self.echo.address) + b"late", a.relay)
            self.assert_goes_on(a, 2)
        self.assertEqual(len(self.echo.received), 2)
        self.assertEqual(self.drops_of(a), {"foreign": 2})

    def test_another_port(self):
        a = self.associate()
        self.assert_goes_on(a, 1)
        with udp_socket() as other:
            for i in range(10):
                other.sendto(header5(*self.echo.address) + b"x", a.relay)
            self.assert_goes_on(a, 2)
        self.assertEqual(len(self.echo.received), 2)
        self.assertEqual(self.drops_of(a), {"foreign": 10})

    def test_a_target_never_contacted(self):
        a = self.associate()
        self.assert_goes_on(a, 1)
        outgoing = self.echo.received[0][1]
        with udp_socket("127.0.0.3") as stranger:
            stranger.sendto(b"may I?", outgoing)
            stranger.sendto(header5("127.0.0.1", 9) + b"may I?", outgoing)
            self.assert_goes_on(a, 2)
        self.assertEqual(self.drops_of(a), {"stranger": 2})

    def test_a_flood_from_elsewhere(self):
        a = self.associate()
        self.assert_goes_on(a, 1)
        with udp_socket("127.0.0.2") as other:
            for i in range(5000):
                other.sendto(b"x" * 100, a.relay)

        def answers():
            a.send(b"after the flood", self.echo.address)
            try:
                return a.receive(0.2)[1] == b"after the flood"
            except TimeoutError:
                return False		# its socket was full
        wait_until("it goes on", answers)
        self.assertEqual(set(self.drops_of(a)), {"foreign"})


class Target(FaultsTest):
    RULES = 'rule "no" { action = "block" to = { "127.0.0.66", ' \
        '".blocked.example" } }\n' + PASS_ALL

    def test_nobody_listens_there(self):
        """An ICMP error is no reason to end."""
        with udp_socket() as closed:
            nobody = closed.getsockname()
        a = self.associate()
        for i in range(20):
            a.send(b"anybody?", nobody)
            self.assert_goes_on(a, i)
        a.close()
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["datagrams_up"], row["datagrams_down"]),
                         (40, 20))

    def test_the_client_is_gone_for_a_while(self):
        """So are errors of what was sent to the client."""
        a = self.associate()
        self.assert_goes_on(a, 0)
        address = a.socket.getsockname()
        a.socket.close()
        for i in range(20):
            self.echo.socket.sendto(b"lost", self.echo.received[0][1])
        a.socket = udp_socket(*address)
        a.socket.connect(a.relay)

        def answers():
            a.send(b"back", self.echo.address)
            try:
                while a.receive(0.2)[1] != b"back":
                    pass
                return True
            except (TimeoutError, ConnectionError):
                return False
        wait_until("it goes on", answers)

    def test_blocked(self):
        a = self.associate()
        for host in ("127.0.0.66", "x.blocked.example", "X.Blocked.Example"):
            a.send(b"x", (host, self.echo.port))
            a.send(b"x", (host, self.echo.port))
        self.assert_goes_on(a, 0)
        self.assertEqual(len(self.echo.received), 1)
        drops = self.drops_of(a)
        self.assertEqual(drops.pop("blocked"), 2)
        # A name is blocked when somebody would resolve it.
        self.assertLessEqual(drops.get("unresolved", 0), 4)

    def test_never_allowed(self):
        """Whatever the rules say."""
        a = self.associate()
        targets = [("255.255.255.255", 9), ("224.0.0.1", 9), ("0.0.0.0", 9),
                   ("239.255.255.250", 1900),
                   ("127.0.0.1", self.sockd.port())]
        for target in targets:
            a.send(b"x", target)
            self.assert_goes_on(a, 0)
        self.assertEqual(self.drops_of(a), {"blocked": len(targets)})

    def test_subnet_broadcast(self):
        a = self.associate()
        a.send(b"x", ("127.255.255.255", self.echo.port))
        self.assert_goes_on(a, 0)
        self.assertEqual(self.drops_of(a), {"unsent": 1})

    @needs_ipv6
    def test_never_allowed_ipv6(self):
        a = self.associate()
        for host in ("::", "ff02::1", "ff0e::fb"):
            a.send(b"x", (host, 9))
        self.assert_goes_on(a, 0)
        self.assertEqual(self.drops_of(a), {"blocked": 3})


class FullCone(FaultsTest):
    CONFIG = {"udp": {"filter": "none"}}
    RULES = 'rule "no" { action = "block" to = { "127.0.0.66" } }\n' + \
        PASS_ALL

    def test_anybody_may_answer_whom_the_rules_allow(self):
        a = self.associate()
        self.assert_goes_on(a, 1)
        outgoing = self.echo.received[0][1]
        with udp_socket("127.0.0.3") as stranger, \
                udp_socket("127.0.0.66") as blocked:
            stranger.sendto(b"hello", outgoing)
            self.assertEqual(a.receive(), (stranger.getsockname(), b"hello"))
            blocked.sendto(b"hello", outgoing)
            self.assert_goes_on(a, 2)
        self.assertEqual(self.drops_of(a), {"stranger": 1})


def send_until_refused(association, count, payload, target):
    """So many datagrams; fewer if the quota ends the association first."""
    with contextlib.suppress(ConnectionRefusedError):
        for _ in range(count):
            association.send(payload, target)


class Quota(FaultsTest):
    """At most one datagram beyond it."""
    RULES = PASS_ALL + 'limit "small" { bytes = { "10000B/day" } }\n'

    def test_it_ends_the_association(self):
        from wire import Refused
        sink = self.server(UdpServer)
        a = self.associate()
        send_until_refused(a, 40, b"x" * 1000, sink.address)
        self.assertEqual(receive_all(a.control), b"")
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["outcome"], "quota")
        self.assertEqual(row["bytes_up"], 10000)
        wait_until("all ten have come", lambda: len(sink.received) >= 10)
        self.assertEqual(len(sink.received), 10)
        with self.assertRaises(Refused) as refused:
            self.associate()
        self.assertEqual(refused.exception.code, 2)

    def test_one_datagram_at_most(self):
        sink = self.server(UdpServer)
        a = self.associate()
        send_until_refused(a, 40, b"x" * 1024, sink.address)
        self.assertEqual(receive_all(a.control), b"")
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["bytes_up"], 10 * 1024)
        wait_until("all ten have come", lambda: len(sink.received) >= 10)
        self.assertEqual(len(sink.received), 10)


class FreeTarget(FaultsTest):
    """A target that is not metered is no way around the quota."""
    RULES = 'rule "free" { action = "pass" to = { "127.0.0.5" } ' \
        'metered = "false" }\n' + PASS_ALL + \
        'limit "small" { bytes = { "10000B/day" } }\n'

    def test_metered_once_metered_always(self):
        free = self.server(UdpServer, "127.0.0.5")
        sink = self.server(UdpServer)
        a = self.associate()
        for _ in range(20):
            a.send(b"x" * 1000, free.address)
        wait_until("all pass", lambda: len(free.received) == 20)
        send_until_refused(a, 20, b"x" * 1000, sink.address)
        self.assertEqual(receive_all(a.control), b"")
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "quota")
        self.assertLessEqual(len(sink.received), 10)


class Shaped(FaultsTest):
    """A rate holds datagrams back, and drops none of a few."""
    RULES = PASS_ALL + 'limit "slow" { rate_up = "800kbit" ' \
        'rate_down = "800kbit" }\n'

    def test_up(self):
        sink = self.server(UdpServer)
        a = self.associate()
        began = time.monotonic()
        for i in range(100):
            a.send(b"%04d" % i + b"x" * 1396, sink.address)
        wait_until("all arrive", lambda: len(sink.received) == 100)
        took = time.monotonic() - began
        # 140,000 octets at 100,000 a second, less what was saved up
        self.assertGreater(took, 1.1)
        self.assertLess(took, 4)
        self.assertEqual([int(d[:4]) for d, _ in sink.received],
                         list(range(100)))

    def test_large_ones_pay_in_parts(self):
        """A datagram of more than the burst goes all the same."""
        a = self.associate()
        payload = os.urandom(50000)
        self.assertEqual(a.exchange(payload, self.echo.address)[1], payload)
        a.close()
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["bytes_up"], row["bytes_down"]),
                         (50000, 50000))


    def test_both_directions_hold_no_old_worker(self):
        """Though there is always more than may go."""
        target = self.server(UdpServer)
        a = self.associate()
        old = set(self.sockd.children("worker"))

        def flood():
            for _ in range(100):
                a.send(b"x" * 1000, target.address)
                if target.received:
                    target.socket.sendto(b"x" * 1000, target.received[0][1])

        def are_gone():
            flood()
            return old.isdisjoint(self.sockd.children("worker"))
        wait_until("it is known", lambda: flood() or target.received)
        flood()
        self.sockd.reload()
        wait_until("the old workers are gone", are_gone)


class Death(FaultsTest):
    CONFIG = {"workers": {"park_after": "1h"}}		# it is in a worker

    def owner(self):
        """The worker that has the association."""
        owner, = (p for p in self.sockd.children("worker")
                  if sockets_of(p, "udp") > 0)
        return owner

    def test_of_the_worker(self):
        a = self.associate()
        self.assert_goes_on(a, 1)
        os.kill(self.owner(), signal.SIGKILL)
        self.assertEqual(receive_rest(a.control), b"")
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["outcome"], row["datagrams_up"]), ("lost", 1))
        self.assert_goes_on(self.associate(), 2)

    def test_of_the_client_behind_its_last_word(self):
        """QUIC has one, for its peer not to wait in vain."""
        a = self.associate()
        self.assert_goes_on(a, 1)
        owner = self.owner()
        os.kill(owner, signal.SIGSTOP)
        a.send(b"bye", self.echo.address)
        a.control.socket.close()
        os.kill(owner, signal.SIGCONT)
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["outcome"], row["datagrams_up"]),
                         ("client-closed", 2))
        wait_until("it arrives", lambda: self.echo.received[-1][0] == b"bye")


if __name__ == "__main__":
    unittest.main()
