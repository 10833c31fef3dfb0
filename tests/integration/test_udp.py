"""UDP ASSOCIATE (RFC 1928, section 7)."""

import os
import socket
import struct
import subprocess
import time
import unittest

from associations import AssociationTest
from harness import LISTEN, PASS_ALL, needs_ipv6, sockets_of, wait_until
from peers import UdpEcho, UdpServer
from wire import (UDP, header5, read_datagram5, receive_all, socks5,
                  udp_socket)


class UdpTest(AssociationTest):
    def setUp(self):
        super().setUp()
        self.echo = self.server(UdpEcho)

    def assert_echo(self, a, payload=b"hello", target=None, source=None):
        target = target or self.echo.address
        self.assertEqual(a.exchange(payload, target),
                         (source or target, payload))

    def row_of(self, a):
        """The row of an association that ends now."""
        a.close()
        return self.sockd.wait_rows(1)[0]


class Plain(UdpTest):
    def test_there_and_back(self):
        a = self.associate()
        self.assertEqual(a.relay[0], "127.0.0.1")
        self.assert_echo(a)
        row = self.row_of(a)
        self.assertEqual(
            (row["command"], row["reply"], row["outcome"], row["rule"]),
            ("udp", 0, "client-closed", "all"))
        self.assertEqual((row["bytes_up"], row["bytes_down"],
                          row["datagrams_up"], row["datagrams_down"]),
                         (5, 5, 1, 1))
        self.assertEqual((row["target_addr"], row["target_port"]),
                         self.echo.address)
        self.assertEqual((row["source_addr"], row["source_port"]),
                         self.echo.received[0][1])
        targets = self.sockd.rows("SELECT * FROM udp_target")
        self.assertEqual([(t["session"], t["host"], t["addr"], t["port"],
                           t["datagrams"], t["bytes"]) for t in targets],
                         [(row["id"], "", *self.echo.address, 2, 10)])

    def test_nothing_was_sent(self):
        row = self.row_of(self.associate())
        self.assertEqual((row["reply"], row["datagrams_up"],
                          row["target_addr"]), (0, 0, None))

    def test_an_empty_payload(self):
        a = self.associate()
        self.assert_echo(a, b"")
        row = self.row_of(a)
        self.assertEqual((row["bytes_up"], row["bytes_down"],
                          row["datagrams_up"], row["datagrams_down"]),
                         (0, 0, 1, 1))

    def test_every_size(self):
        a = self.associate()
        sizes = [1, 9, 10, 11, 512, 1400, 1472, 1473, 8192, 9000, 40000,
                 65507 - 10]
        for size in sizes:
            with self.subTest(size):
                self.assert_echo(a, os.urandom(size))
        row = self.row_of(a)
        self.assertEqual((row["bytes_up"], row["bytes_down"]),
                         (sum(sizes),) * 2)

    def test_what_does_not_fit_is_dropped(self):
        """An answer of 65,507 octets has no room for its header."""
        class Large(UdpServer):
            def answer(self, data, peer):
                self.socket.sendto(b"x" * int(data), peer)

        large = self.server(Large)
        a = self.associate()
        a.send(b"65507", large.address)
        a.send(b"65497", large.address)
        self.assertEqual(len(a.receive()[1]), 65497)
        row = self.row_of(a)
        self.assertEqual((row["bytes_down"], row["datagrams_down"]),
                         (65497, 1))
        self.sockd.wait_line("unsent=1")

    def test_several_targets_leave_from_one_port(self):
        others = [self.server(UdpEcho) for _ in range(5)]
        a = self.associate()
        for _ in range(3):
            for other in others:
                self.assert_echo(a, b"x", other.address)
        ports = {peer for o in others for _, peer in o.received}
        self.assertEqual(len(ports), 1)
        row = self.row_of(a)
        self.assertEqual(row["datagrams_up"], 15)
        rows = self.sockd.rows("SELECT * FROM udp_target")
        self.assertEqual({(r["port"], r["datagrams"]) for r in rows},
                         {(o.port, 6) for o in others})

    def test_more_targets_than_the_ledger_lists(self):
        others = [self.server(UdpEcho) for _ in range(20)]
        a = self.associate()
        for other in others:
            self.assert_echo(a, b"x", other.address)
        row = self.row_of(a)
        self.assertEqual((row["datagrams_up"], row["datagrams_down"]),
                         (20, 20))
        self.assertEqual(len(self.sockd.rows("SELECT * FROM udp_target")), 8)

    def test_a_name(self):
        a = self.associate()
        self.assert_echo(a, b"by name", ("localhost", self.echo.port),
                         self.echo.address)
        self.assert_echo(a, b"again", ("LOCALHOST", self.echo.port),
                         self.echo.address)
        self.row_of(a)
        rows = self.sockd.rows("SELECT * FROM udp_target")
        self.assertEqual([(r["host"], r["addr"], r["datagrams"])
                          for r in rows], [("localhost", "127.0.0.1", 4)])

    def test_a_literal_as_a_name_is_an_address(self):
        a = self.associate()
        a.socket.send(b"\0\0\0\x03\x09127.0.0.1" +
                      struct.pack("!H", self.echo.port) + b"x")
        self.assertEqual(a.receive(), (self.echo.address, b"x"))

    def test_a_mapped_address_is_ipv4(self):
        a = self.associate()
        a.socket.send(header5("::ffff:127.0.0.1", self.echo.port) + b"x")
        self.assertEqual(a.receive(), (self.echo.address, b"x"))

    @needs_ipv6
    def test_ipv6(self):
        echo6 = self.server(UdpEcho, "::1")
        a = self.associate()
        self.assert_echo(a, b"four")
        self.assert_echo(a, b"six", echo6.address)
        self.assert_echo(a, b"", echo6.address)
        self.assertEqual(self.row_of(a)["datagrams_down"], 3)

    @needs_ipv6
    def test_each_family_has_its_source(self):
        echo6 = self.server(UdpEcho, "::1")
        a = self.associate()
        self.assert_echo(a)
        self.assert_echo(a, target=echo6.address)
        self.row_of(a)
        rows = self.sockd.rows("SELECT * FROM udp_target ORDER BY first")
        self.assertEqual([(r["source_addr"], r["source_port"]) for r in rows],
                         [self.echo.received[0][1], echo6.received[0][1]])

    def test_another_port_of_a_known_address_answers(self):
        """The filter is by address."""
        class Other(UdpServer):
            def answer(self, data, peer):
                with udp_socket() as s:
                    s.sendto(b"from elsewhere", peer)

        other = self.server(Other)
        a = self.associate()
        source, payload = a.exchange(b"x", other.address)
        self.assertEqual(payload, b"from elsewhere")
        self.assertNotEqual(source, other.address)

    def test_octets_on_the_control_connection_mean_nothing(self):
        a = self.associate()
        a.control.sendall(b"x" * 100000)
        self.assert_echo(a)


class Request(UdpTest):
    """DST of the request is for the client's own port, and nothing else."""

    def test_what_clients_write_there(self):
        for dst in (("0.0.0.0", 0), ("0.0.0.0", 5353), ("::", 0),
                    ("192.0.2.1", 53), ("255.255.255.255", 1),
                    ("224.0.0.1", 0), ("127.0.0.1", 0),
                    ("does-not-exist.invalid", 53), ("*bad name*", 0)):
            with self.subTest(dst):
                self.assert_echo(self.associate(dst))
        self.assertEqual(self.sockd.lines("resolve"), [])

    def test_a_declared_port(self):
        with udp_socket() as declared, udp_socket() as other:
            s = socks5(self.sockd.port(), declared.getsockname(),
                       command=UDP)
            self.addCleanup(s.socket.close)
            datagram = header5(*self.echo.address)
            other.sendto(datagram + b"not mine", s.bound)
            declared.sendto(datagram + b"mine", s.bound)
            self.assertEqual(read_datagram5(declared.recv(1 << 16))[1],
                             b"mine")
            self.assertEqual([d for d, _ in self.echo.received], [b"mine"])
            s.socket.close()
            self.sockd.wait_line("foreign=1")

    def test_the_port_of_the_first_valid_datagram(self):
        a = self.associate()
        with udp_socket() as other:
            other.sendto(b"\0\0", a.relay)		# not valid
            self.assert_echo(a, b"first")
            other.sendto(header5(*self.echo.address) + b"no", a.relay)
            self.assert_echo(a, b"second")
        self.assertEqual([d for d, _ in self.echo.received],
                         [b"first", b"second"])
        self.row_of(a)
        self.sockd.wait_line("foreign=1 malformed=1")

    def test_no_socks4(self):
        from wire import request4, receive_exactly, open_proxy
        s = open_proxy(self.sockd.port())
        self.addCleanup(s.close)
        s.sendall(request4(UDP, self.echo.address))
        self.assertEqual(receive_exactly(s, 8)[:2], b"\x00\x5b")


class End(UdpTest):
    def assert_free(self, a):
        def is_free():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                try:
                    s.bind(a.relay)
                    return True
                except OSError:
                    return False
        wait_until("the port is free", is_free)

    def test_with_its_control_connection(self):
        a = self.associate()
        self.assert_echo(a)
        a.control.shutdown(socket.SHUT_WR)
        self.assert_free(a)
        self.assertEqual(receive_all(a.control), b"")
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"],
                         "client-closed")

    def test_by_a_reset(self):
        a = self.associate()
        self.assert_echo(a)
        a.control.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        a.control.socket.close()
        self.assert_free(a)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "reset")

    def test_when_the_rules_change(self):
        a = self.associate()
        self.assert_echo(a)
        self.sockd.reload(LISTEN + 'rule "no" { action = "block" }\n')
        self.assertEqual(receive_all(a.control), b"")
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "blocked")
        self.assert_free(a)

    def test_when_the_rules_change_for_one_target(self):
        a = self.associate()
        self.assert_echo(a)
        self.sockd.reload(LISTEN + 'rule "no" { action = "block" ports = '
                          '{ "%d" } }\n' % self.echo.port + PASS_ALL)
        self.assertEqual(receive_all(a.control), b"")
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "blocked")

    def reload_workers(self, sections):
        old = set(self.sockd.children("worker"))
        self.sockd.reload(sections)
        wait_until("the old workers are gone",
                   lambda: old.isdisjoint(self.sockd.children("worker")))

    def test_a_new_target_meets_the_new_rules(self):
        other = self.server(UdpEcho)
        a = self.associate()
        self.assert_echo(a)
        self.reload_workers(LISTEN + 'rule "no" { action = "block" ports = '
                            '{ "%d" } }\n' % other.port + PASS_ALL)
        self.assert_echo(a)
        a.send(b"not any more", other.address)
        self.assert_echo(a)
        self.assertEqual(other.received, [])

    def test_an_old_target_meets_them_when_it_answers(self):
        """One beyond those whom the ledger counts, and who is cut for."""
        a = self.associate()
        for _ in range(8):
            self.assert_echo(a, target=self.server(UdpEcho).address)
        late = self.server(UdpEcho, "127.0.0.20")
        self.assert_echo(a, target=late.address)
        source = late.received[0][1]
        self.reload_workers(LISTEN + 'rule "no" { action = "block" '
                            'to = { "127.0.0.20" } }\n' + PASS_ALL)
        self.assert_echo(a)
        late.socket.sendto(b"not any more", source)
        self.assert_echo(a)


class Idle(UdpTest):
    CONFIG = {"timeouts": {"udp": "1s"}, "workers": {"park_after": "100ms"}}

    def test_without_traffic(self):
        a = self.associate()
        self.assert_echo(a)
        self.assertEqual(receive_all(a.control), b"")
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "idle")

    def test_dropped_datagrams_are_no_traffic(self):
        a = self.associate()
        a.control.settimeout(0.05)

        def has_ended():
            a.socket.send(b"junk")
            try:
                return a.control.recv(1) == b""
            except TimeoutError:
                return False
            except ConnectionError:
                return True
        wait_until("it ends all the same", has_ended, 10)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "idle")


class Parked(UdpTest):
    """The same while a keeper waits."""
    CONFIG = {"workers": {"start": 2, "min_spare": 1, "max_spare": 2,
                          "max": 4, "park_after": "50ms"},
              "sessions": {"max": 1000}}
    RULES = 'rule "slow" { action = "pass" to = { "127.0.0.20" } ' \
        'rate_down = "80kbit" }\n' + PASS_ALL

    def test_more_than_workers(self):
        many = [self.associate() for _ in range(60)]
        for turn in range(2):
            for i, a in enumerate(many):
                self.assert_echo(a, b"%d" % i)
        self.assertLessEqual(len(self.sockd.children("worker")), 4)
        for a in many:
            a.close()
        rows = self.sockd.wait_rows(60)
        self.assertEqual({(r["datagrams_up"], r["datagrams_down"])
                          for r in rows}, {(2, 2)})

    def wait_parked(self):
        wait_until("all are parked", lambda: all(
            self.idle(p) for p in self.sockd.children("worker")))

    @staticmethod
    def idle(pid):
        """Does a worker hold no datagram socket?"""
        return sockets_of(pid, "udp") == 0

    def test_late_answers_of_many_targets(self):
        """Answers are known by their addresses, also after a while."""
        servers = [self.server(UdpServer, f"127.0.1.{i}")
                   for i in range(1, 31)]
        a = self.associate()
        for s in servers:
            a.send(b"question", s.address)
        wait_until("all have it", lambda: all(s.received for s in servers))
        self.wait_parked()
        for s in servers:
            s.socket.sendto(b"answer", s.received[0][1])
        got = {a.receive()[0] for _ in servers}
        self.assertEqual(got, {s.address for s in servers})
        with udp_socket("127.0.2.1") as stranger:
            self.wait_parked()
            stranger.sendto(b"me too", servers[0].received[0][1])
            self.assert_echo(a)
        self.row_of(a)
        self.sockd.wait_line("stranger=1")

    def test_late_answers_at_the_rates_of_their_rule(self):
        """Of a target that the ledger lists, and of one beyond."""
        slow = self.server(UdpEcho, "127.0.0.20")
        for before in (1, 8):
            a = self.associate()
            for _ in range(before):
                self.assert_echo(a, target=self.server(UdpEcho).address)
            self.assert_echo(a, target=slow.address)
            self.wait_parked()
            began = time.monotonic()
            for _ in range(10):
                slow.socket.sendto(b"x" * 1000, slow.received[-1][1])
            for _ in range(10):
                self.assertEqual(a.receive()[0], slow.address)
            self.assertGreater(time.monotonic() - began, 0.5, before)

    def test_the_port_stays_latched(self):
        a = self.associate()
        self.assert_echo(a)
        self.wait_parked()
        with udp_socket() as other:
            other.sendto(header5(*self.echo.address) + b"no", a.relay)
            self.assert_echo(a, b"yes")
        self.assertNotIn(b"no", [d for d, _ in self.echo.received])
        self.wait_parked()
        self.row_of(a)
        self.sockd.wait_line("foreign=1")

    def test_a_close_while_parked(self):
        a = self.associate()
        self.assert_echo(a)
        self.wait_parked()
        self.assertEqual(self.row_of(a)["outcome"], "client-closed")

    def test_a_cut_while_parked_tells_what_was_dropped(self):
        a = self.associate()
        for _ in range(2):
            a.socket.send(b"no header")
            self.assert_echo(a)
            self.wait_parked()
        row, = self.sockd.wait_rows(1, "datagrams_down = 2")
        subprocess.run([os.environ["SOCKCTL"], "-f", self.sockd.config,
                        "cut", str(row["id"])], check=True)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "cut")
        line, = self.sockd.wait_line("udp dropped")
        self.assertIn(f"id={row['id']} ", line)
        self.assertIn("malformed=2", line)

    @needs_ipv6
    def test_both_families(self):
        echo6 = self.server(UdpEcho, "::1")
        a = self.associate()
        for _ in range(3):
            self.assert_echo(a)
            self.assert_echo(a, b"six", echo6.address)
            self.wait_parked()
        sources = {peer for _, peer in echo6.received}
        self.assertEqual(len(sources), 1)

    def test_reload_keeps_it(self):
        a = self.associate()
        self.assert_echo(a)
        for _ in range(3):
            self.sockd.reload()
            self.assert_echo(a)


if __name__ == "__main__":
    unittest.main()
