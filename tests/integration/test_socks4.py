"""SOCKS4 and SOCKS4a, as the memos have them."""

import socket
import struct
import unittest

from harness import PASS_ALL, SockdTest, needs_ipv6
from peers import Echo
from tunnels import TunnelTest
from wire import (Refused, open_proxy, read_reply4, receive_all,
                   receive_exactly, request4, socks4)


class Granted(TunnelTest):
    def test_address(self):
        with socks4(self.sockd.port(), self.echo.address) as s:
            self.say(s, b"hello")
            self.assertEqual(s.bound, self.echo.peers[0])

    def test_name(self):
        with socks4(self.sockd.port(), ("0.0.0.1", self.echo.port),
                    name=b"localhost") as s:
            self.say(s, b"hello")
        self.assertEqual(self.sockd.wait_rows(1)[0]["target_host"],
                         "localhost")

    def test_literal_as_a_name(self):
        with socks4(self.sockd.port(), ("0.0.0.1", self.echo.port),
                    name=b"127.0.0.1") as s:
            self.say(s, b"hello")

    @needs_ipv6
    def test_reply_over_ipv6_is_zeros(self):
        with Echo(host="::1") as echo:
            with socks4(self.sockd.port(), ("0.0.0.1", echo.port),
                        name=b"::1") as s:
                self.say(s, b"hello")
                self.assertEqual(s.bound, ("0.0.0.0", 0))

    def test_userid_is_logged(self):
        for n in (3, 255):
            with self.subTest(n=n):
                with socks4(self.sockd.port(), self.echo.address,
                            userid=b"u" * n) as s:
                    self.say(s, b"hello")
        rows = self.sockd.wait_rows(2)
        self.assertEqual([r["user"] for r in rows], ["uuu", "u" * 255])
        self.assertEqual({r["principal"] for r in rows}, {"ip:127.0.0.1"})
        self.assertIn(' user="uuu" principal="ip:127.0.0.1" target=',
                      self.sockd.wait_line("session end")[0])

    def test_octet_by_octet(self):
        octets = request4(1, self.echo.address, b"ann", b"localhost")
        with open_proxy(self.sockd.port()) as s:
            for i in range(len(octets)):
                s.sendall(octets[i:i + 1])
            read_reply4(s)
            self.say(s, b"hello")

    def test_one_segment_with_payload_and_end(self):
        with open_proxy(self.sockd.port()) as s:
            s.sendall(request4(1, self.echo.address, b"ann") + b"payload")
            s.shutdown(socket.SHUT_WR)
            read_reply4(s)
            self.assertEqual(receive_all(s), b"payload")


class Refusals(SockdTest):
    def check_91(self, octets):
        with open_proxy(self.sockd.port()) as s:
            s.sendall(octets)
            self.assertEqual(receive_exactly(s, 8),
                             struct.pack("!BB", 0, 91) + b"\x00" * 6)
            self.assertEqual(receive_all(s), b"")

    def test_zero_address(self):
        self.check_91(request4(1, ("0.0.0.0", 80)))

    def test_unknown_command(self):
        self.check_91(request4(3, ("127.0.0.1", 80)))

    def test_userid_of_256(self):
        self.check_91(request4(1, ("127.0.0.1", 80), b"u" * 256))

    def test_name_of_256(self):
        self.check_91(request4(1, ("0.0.0.1", 80), b"", b"n" * 256))

    def test_bad_names(self):
        for name in (b"", b"*", b"a b", b"127.1", b"a..b"):
            with self.subTest(name=name):
                self.check_91(request4(1, ("0.0.0.1", 80), b"", name))

    def test_port_0(self):
        self.check_91(request4(1, ("127.0.0.1", 0)))

    def test_refused(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.check_91(request4(1, free.getsockname()))


class Blocked(SockdTest):
    RULES = 'rule "no" { action = "block" to = { "127.0.0.0/8" } }\n' + \
        PASS_ALL

    def test_blocked_is_91(self):
        with self.assertRaises(Refused) as caught:
            socks4(self.sockd.port(), ("127.0.0.1", 9))
        self.assertEqual(caught.exception.code, 91)


class WantsLogin(SockdTest):
    """A USERID is never believed: SOCKS4 is a client without a login."""
    SECTIONS = 'listen "test" { address = "127.0.0.1" port = 0 ' \
        'methods = { "password" } }\n'

    def test_userid_is_no_login(self):
        with open_proxy(self.sockd.port()) as s:
            s.sendall(request4(1, ("127.0.0.1", 80), b"root"))
            with self.assertRaises(Refused) as caught:
                read_reply4(s)
            self.assertEqual(caught.exception.code, 91)


class RulesWantLogin(SockdTest):
    RULES = 'rule "members" { action = "pass" users = { "*" } }\n'

    def test_userid_is_no_login(self):
        with open_proxy(self.sockd.port()) as s:
            s.sendall(request4(1, ("127.0.0.1", 80), b"root"))
            try:
                with self.assertRaises(Refused) as caught:
                    read_reply4(s)
                self.assertEqual(caught.exception.code, 91)
            except (EOFError, ConnectionResetError):
                pass	# no method offers a login: dropped at accept


class NoSocks4(SockdTest):
    SECTIONS = 'listen "test" { address = "127.0.0.1" port = 0 ' \
        'methods = { "none" } protocols = { "socks5" } }\n'

    def test_socks4_is_refused_where_it_is_not_listed(self):
        with open_proxy(self.sockd.port()) as s:
            s.sendall(request4(1, ("127.0.0.1", 80)))
            with self.assertRaises(Refused) as caught:
                read_reply4(s)
            self.assertEqual(caught.exception.code, 91)


if __name__ == "__main__":
    unittest.main()
