"""SOCKS5 as RFC 1928 has it: what is sent, octet by octet, and what is said."""

import socket
import struct
import unittest

from harness import PASS_ALL, SockdTest, needs_ipv6
from peers import Echo
from tunnels import TunnelTest
from wire import (BIND, CONNECT, Refused, address5, greet5, open_proxy,
                  read_reply5, receive_all, receive_exactly, receive_rest,
                  socks5, start5)


def closed_port():
    """A port of loopback on which nobody listens."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Granted(TunnelTest):
    """Requests that are granted."""

    def test_ipv4(self):
        with socks5(self.sockd.port(), self.echo.address) as s:
            self.say(s, b"hello")

    def test_name(self):
        with socks5(self.sockd.port(), ("localhost", self.echo.port)) as s:
            self.say(s, b"hello")

    def test_name_with_trailing_dot_and_capitals(self):
        with socks5(self.sockd.port(), ("LocalHost.", self.echo.port)) as s:
            self.say(s, b"hello")
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["target_host"], "localhost")

    @needs_ipv6
    def test_ipv6(self):
        with Echo(host="::1") as echo:
            with socks5(self.sockd.port(), ("::1", echo.port)) as s:
                self.say(s, b"hello")

    @needs_ipv6
    def test_literals_sent_as_names_are_addresses(self):
        with Echo(host="::1") as echo:
            for text, port in ((b"127.0.0.1", self.echo.port),
                               (b"::1", echo.port), (b"[::1]", echo.port),
                               (b"::ffff:127.0.0.1", self.echo.port)):
                with self.subTest(text=text), start5(self.sockd.port()) as s:
                    s.sendall(b"\x05\x01\x00\x03" + bytes([len(text)]) +
                              text + struct.pack("!H", port))
                    self.assertEqual(read_reply5(s)[0], 0)
                    self.say(s, b"hello")

    def test_mapped_address_is_the_ipv4_address(self):
        with start5(self.sockd.port()) as s:
            s.sendall(b"\x05\x01\x00\x04" + b"\x00" * 10 + b"\xff\xff" +
                      socket.inet_aton("127.0.0.1") +
                      struct.pack("!H", self.echo.port))
            self.assertEqual(read_reply5(s)[0], 0)
            self.say(s, b"hello")
        self.assertEqual(self.sockd.wait_rows(1)[0]["target_addr"],
                         "127.0.0.1")

    def test_bound_address_is_our_side(self):
        with socks5(self.sockd.port(), self.echo.address) as s:
            self.say(s, b"hello")
            self.assertEqual(s.bound, self.echo.peers[0])

    def test_reserved_octet_is_ignored(self):
        with start5(self.sockd.port()) as s:
            s.sendall(b"\x05\x01\x7f" + address5(*self.echo.address))
            self.assertEqual(read_reply5(s)[0], 0)

    def test_octet_by_octet(self):
        octets = b"\x05\x02\x02\x00" + b"\x05\x01\x00" + \
            address5("localhost", self.echo.port)
        with open_proxy(self.sockd.port()) as s:
            for i in range(len(octets)):
                s.sendall(octets[i:i + 1])
                if i == 3:
                    self.assertEqual(receive_exactly(s, 2), b"\x05\x00")
            self.assertEqual(read_reply5(s)[0], 0)
            self.say(s, b"hello")

    def test_all_in_one_segment_with_payload_and_end(self):
        with open_proxy(self.sockd.port()) as s:
            s.sendall(b"\x05\x01\x00\x05\x01\x00" +
                      address5(*self.echo.address) + b"payload")
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_exactly(s, 2), b"\x05\x00")
            self.assertEqual(read_reply5(s)[0], 0)
            self.assertEqual(receive_all(s), b"payload")
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["bytes_up"], row["bytes_down"]), (7, 7))

    def test_row(self):
        with socks5(self.sockd.port(), self.echo.address) as s:
            self.say(s, b"hello")
            client = s.getsockname()
            source = self.echo.peers[0]
        row = self.sockd.wait_rows(1)[0]
        for key, value in {
                "protocol": 5, "user": None,
                "principal": "ip:127.0.0.1",
                "client_addr": "127.0.0.1", "client_port": client[1],
                "target_addr": "127.0.0.1",
                "target_port": self.echo.port,
                "source_addr": source[0], "source_port": source[1],
                "listen": "test", "rule": "all", "bytes_up": 5,
                "bytes_down": 5, "reply": 0,
                "outcome": "client-closed"}.items():
            if key == "protocol":
                self.assertIn("5", str(row[key]))
            else:
                self.assertEqual(row[key], value, key)


class Refusals(SockdTest):
    """Requests that are not, and why."""

    def code(self, request):
        """Send a raw request after the greeting: REP, then the end."""
        with start5(self.sockd.port()) as s:
            s.sendall(request)
            rep, bound = read_reply5(s)
            self.assertEqual(bound, ("0.0.0.0", 0))
            self.assertEqual(receive_all(s), b"")
            return rep

    def test_refused_is_05(self):
        self.assertEqual(self.code(
            b"\x05\x01\x00" + address5("127.0.0.1", closed_port())), 5)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "refused")

    def test_unresolvable_is_04(self):
        self.assertEqual(self.code(
            b"\x05\x01\x00" + address5("no.such.name.invalid", 80)), 4)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "unresolved")

    def test_unknown_command_is_07_as_soon_as_it_is_there(self):
        self.assertEqual(self.code(b"\x05\x09"), 7)

    def test_unknown_atyp_is_08_as_soon_as_it_is_there(self):
        self.assertEqual(self.code(b"\x05\x01\x00\x02"), 8)

    def test_other_version_in_the_request_is_01(self):
        self.assertEqual(self.code(b"\x04"), 1)

    def test_port_0_is_01(self):
        self.assertEqual(
            self.code(b"\x05\x01\x00" + address5("127.0.0.1", 0)), 1)

    def test_bad_names_are_01(self):
        for name in (b"", b"a\x00b", b"*", b"a b", b"-\x01", b"fe80::1%lo",
                     b"127.1", b"0x7f000001", b"0177.0.0.1", b"2130706433",
                     b"a" * 64 + b".org", b"a..b", b".", b"\xc3\xa4.org",
                     b"x." * 126 + b"xyz"):
            with self.subTest(name=name):
                self.assertEqual(self.code(
                    b"\x05\x01\x00\x03" + bytes([len(name)]) + name +
                    b"\x00\x50"), 1)

    def test_never_allowed_targets_are_02(self):
        for host in ("0.0.0.0", "::", "224.0.0.1", "255.255.255.255",
                     "ff02::1"):
            with self.subTest(host=host):
                self.assertEqual(
                    self.code(b"\x05\x01\x00" + address5(host, 80)), 2)

    def test_link_local_without_its_link_is_03(self):
        """No fault of this machine: there is no room for a zone."""
        for command in (CONNECT, BIND):
            self.assertEqual(self.code(
                bytes([5, command, 0]) + address5("fe80::1", 80)), 3)
        self.assertEqual([r["outcome"] for r in self.sockd.wait_rows(2)],
                         ["unreachable"] * 2)

    def test_our_own_listener_is_02(self):
        self.assertEqual(self.code(
            b"\x05\x01\x00" + address5("127.0.0.1", self.sockd.port())), 2)

    def test_no_acceptable_method(self):
        with open_proxy(self.sockd.port()) as s:
            self.assertEqual(greet5(s, 1, 2, 0x80), 0xff)
            self.assertEqual(receive_all(s), b"")

    def test_no_methods_at_all(self):
        with open_proxy(self.sockd.port()) as s:
            self.assertEqual(greet5(s), 0xff)
            self.assertEqual(receive_all(s), b"")

    def test_something_else_is_closed_and_named(self):
        for octets, word in ((b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP"),
                             (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                              "TLS"),
                             (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH")):
            with self.subTest(word=word), open_proxy(self.sockd.port()) as s:
                s.sendall(octets)
                self.assertEqual(receive_rest(s), b"")
                self.sockd.wait_line(word)


class Silence(SockdTest):
    CONFIG = {"timeouts": {"negotiate": "1s", "connect": "1s"}}

    def test_a_client_that_says_nothing_leaves_no_row(self):
        open_proxy(self.sockd.port()).close()
        with Echo() as echo, socks5(self.sockd.port(), echo.address):
            pass
        self.sockd.wait_rows(1)
        self.assertEqual(len(self.sockd.rows("SELECT id FROM session")), 1)

    def test_a_slow_client_is_gone_at_the_deadline(self):
        with open_proxy(self.sockd.port()) as s:
            s.sendall(b"\x05\x01")
            self.assertEqual(receive_all(s), b"")
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["outcome"], "timeout")

    def test_a_departure_during_the_handshake_ends_it(self):
        s = open_proxy(self.sockd.port())
        s.sendall(b"\x05\x01")
        s.close()
        row = self.sockd.wait_rows(1)[0]
        self.assertIn(row["outcome"], ("client-closed", "bad-request"))


class Blocked(SockdTest):
    RULES = 'rule "no" { action = "block" to = { "127.0.0.2" } }\n' \
        'rule "named" { action = "block" to = { "localhost" } }\n' + PASS_ALL

    def test_address(self):
        with self.assertRaises(Refused) as caught:
            socks5(self.sockd.port(), ("127.0.0.2", 80))
        self.assertEqual(caught.exception.code, 2)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "blocked")

    def test_name(self):
        with self.assertRaises(Refused) as caught:
            socks5(self.sockd.port(), ("localhost", 80))
        self.assertEqual(caught.exception.code, 2)


class NobodyPasses(SockdTest):
    RULES = 'rule "far" { action = "pass" from = { "192.0.2.0/24" } }\n'

    def test_a_client_that_no_rule_can_pass_is_dropped_at_accept(self):
        with open_proxy(self.sockd.port()) as s:
            s.sendall(b"\x05\x01\x00")
            self.assertEqual(receive_rest(s), b"")
        self.assertEqual(self.sockd.rows("SELECT id FROM session"), [])


if __name__ == "__main__":
    unittest.main()
