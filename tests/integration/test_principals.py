"""Limits of one principal with several clients, and limits of time."""

import select

from harness import PASS_ALL, wait_until
from peers import Echo, UdpEcho
from tunnels import TunnelTest
from wire import Association, Refused, socks5

ONE, TWO, THREE = "127.0.0.1", "127.0.0.2", "127.0.0.3"


class PrincipalTest(TunnelTest):
    def tunnel(self, come_from=ONE):
        return super().tunnel(come_from=come_from)

    def assert_refused(self, come_from=ONE):
        with self.assertRaises(Refused) as caught:
            self.tunnel(come_from)
        self.assertEqual(caught.exception.code, 2)


class Addresses(PrincipalTest):
    """All clients without a login are one principal."""

    RULES = PASS_ALL + 'limit "few" { addresses = 2 }\n'
    CONFIG = {"accounting": {"anonymous": "shared"}}

    def test_so_many_different_ones_at_once(self):
        tunnels = [self.tunnel(ONE), self.tunnel(TWO), self.tunnel(TWO)]
        self.assert_refused(THREE)
        self.tunnel(ONE)
        self.assert_refused(THREE)
        self.sockd.wait_rows(2, "outcome = 'limit' AND reply = 2")
        tunnels[1].socket.close()
        self.sockd.wait_rows(1, "outcome = 'client-closed'")
        self.assert_refused(THREE)
        tunnels[2].socket.close()
        self.sockd.wait_rows(2, "outcome = 'client-closed'")
        self.tunnel(THREE)
        self.assert_refused(TWO)
        line, = [l for l in self.sockd.wait_line("limit reached")
                 if f"client={TWO}:" in l]
        self.assertIn('principal="ip:*" limit=few what=addresses count=1',
                      line)

    def test_a_reload_that_raises_it(self):
        self.tunnel(ONE), self.tunnel(TWO)
        self.assert_refused(THREE)
        self.sockd.reload(self.SECTIONS + PASS_ALL +
                          'limit "more" { addresses = 3 }\n')
        self.tunnel(THREE)


class Apart(PrincipalTest):
    """Each address is a principal of its own."""

    RULES = PASS_ALL + 'limit "few" { sessions = 1 addresses = 1 ' \
        'bytes = { "1000B/day" } }\n'

    def test_nobody_is_held_to_what_another_has(self):
        self.say(self.tunnel(ONE), bytes(400))
        self.say(self.tunnel(TWO), bytes(400))
        self.assert_refused(ONE)
        self.assert_refused(TWO)
        self.tunnel(THREE)


class Shared(PrincipalTest):
    RULES = PASS_ALL + 'limit "all" { sessions = 2 ' \
        'bytes = { "1000B/day" } }\n'
    CONFIG = {"accounting": {"anonymous": "shared"}}

    def test_sessions(self):
        self.tunnel(ONE)
        two = self.tunnel(TWO)
        self.assert_refused(THREE)
        two.socket.close()
        self.sockd.wait_rows(1, "outcome = 'client-closed'")
        self.tunnel(THREE)

    def test_bytes(self):
        one, two = self.tunnel(ONE), self.tunnel(TWO)
        self.say(one, bytes(250))
        self.say(two, bytes(250))
        for s in (one, two):
            self.assertEqual(s.recv(1), b"")
        rows = self.sockd.wait_rows(2)
        self.assertEqual({r["outcome"] for r in rows}, {"quota"})
        self.assertEqual({r["principal"] for r in rows}, {"ip:*"})
        self.assert_refused(THREE)
        used, = self.sockd.rows("SELECT * FROM quota")
        self.assertEqual((used["principal"], used["left"]), ("ip:*", 0))


class SharedAndRefused(PrincipalTest):
    RULES = 'rule "no" { action = "block" from = { "127.0.0.2" } }\n' + \
        PASS_ALL + 'limit "one" { sessions = 1 }\n'
    CONFIG = {"accounting": {"anonymous": "shared"}}

    def test_by_a_rule_an_address_and_by_a_limit_all(self):
        self.tunnel(ONE)
        self.assert_refused(ONE)
        self.assert_refused(TWO)
        rows = self.sockd.wait_rows(2)
        self.assertEqual([(r["outcome"], r["principal"]) for r in rows],
                         [("limit", "ip:*"), ("blocked", "ip:127.0.0.2")])


class Room(PrincipalTest):
    CONFIG = {"accounting": {"principals": 16}}

    def test_one_too_many_is_told(self):
        for i in range(1, 18):
            self.tunnel(f"127.0.0.{i}")
        line, = self.sockd.wait_line("principals full")
        self.assertIn(" warning principals full accounting.principals=16 "
                      'why="new ones are held to no limit"', line)
        self.sockd.reload(accounting={"unknown": "block"})
        self.assert_refused("127.0.0.99")
        line, = self.sockd.wait_line("usage unknown client=127.0.0.99:")
        self.assertIn('principal="ip:127.0.0.99" count=1', line)


class Time(PrincipalTest):
    RULES = 'rule "free" { action = "pass" metered = false ' \
        'to = { "127.0.0.2" } }\n' + PASS_ALL + \
        'limit "short" { time = { "2s/day" } }\n'

    def go_on_until(self, what, say, is_over):
        """Octets move all the time, twenty times a second."""
        def once():
            say()
            select.select([], [], [], 0.05)
            return is_over()
        wait_until(what, once)

    def seconds(self, metered):
        rows = self.sockd.rows("SELECT sum(seconds) AS n FROM usage "
                               "WHERE metered = ?", metered)
        return rows and rows[0]["n"] or 0

    def use_up(self):
        s = self.tunnel()
        with self.assertRaises((EOFError, ConnectionError)):
            self.go_on_until("it is cut", lambda: self.say(s),
                             lambda: False)

    def test_a_quota_of_time_ends_a_session_and_refuses_the_next(self):
        self.use_up()
        row, = self.sockd.wait_rows(1)
        self.assertEqual(row["outcome"], "quota")
        # Of the wall clock, which somebody may be setting right.
        self.assertGreater(row["ended"] - row["started"], 1.5)
        self.assertLess(row["ended"] - row["started"], 10)
        self.assert_refused()
        self.assertIn("unit=seconds", self.sockd.wait_line("quota reached")[0])
        used, = self.sockd.rows("SELECT * FROM quota")
        self.assertEqual((used["unit"], used["left"]), ("seconds", 0))

    def test_unmetered_tunnels_use_none(self):
        with Echo(host=TWO) as free:
            s = socks5(self.sockd.port(), free.address)
            self.addCleanup(s.socket.close)
            self.go_on_until("three seconds", lambda: self.say(s),
                             lambda: self.seconds(0) >= 3)
            self.say(self.tunnel())
            self.say(s)

    def test_unmetered_associations_use_none(self):
        with UdpEcho(host=TWO) as free, Association(self.sockd.port()) as a:
            self.go_on_until(
                "three seconds", lambda: a.exchange(b"x", free.address),
                lambda: self.seconds(0) >= 3)
            self.say(self.tunnel())
