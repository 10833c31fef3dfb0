"""BIND and UDP across real networks: a proxy with two addresses, behind NAT,
without IPv4, with a range of ports."""

import os
import shutil
import socket
import tempfile
import unittest

from harness import PASS_ALL, SockdTest, needs, needs_root
from netns import Nets
from peers import Echo, UdpEcho
from wire import (Association, BIND, CONNECT, Refused, read_reply5,
                  receive_exactly, socks5)


def listen(address):
    return f'listen "test" {{ address = "{address}" port = 1080 ' \
        'methods = { "none" } }\n'


class NetTest(SockdTest):
    NAMES = ("client", "proxy", "target")
    LISTEN_AT = "10.77.1.1"
    PROXY = "10.77.1.1"			# as clients see it
    TARGET = "10.77.2.2"
    CLIENT = "10.77.1.2"
    RULES = PASS_ALL

    @classmethod
    def setUpClass(cls):
        """One network for all tests of a class: making one takes time."""
        cls.nets = Nets(*cls.NAMES)
        cls.addClassCleanup(cls.nets.close)
        cls.wire()

    def setUp(self):
        self.own = tempfile.mkdtemp(prefix="sockd-netns-")
        self.addCleanup(shutil.rmtree, self.own, ignore_errors=True)
        sockd = os.environ["SOCKD"]
        self.addCleanup(os.environ.__setitem__, "SOCKD", sockd)
        os.environ["SOCKD"] = self.nets.wrapper("proxy", self.own, sockd)
        self.SECTIONS = listen(self.LISTEN_AT)
        super().setUp()
        with self.nets.inside("target"):
            self.echo = Echo(self.TARGET)
            self.udp_echo = UdpEcho(self.TARGET)
        self.addCleanup(self.echo.close)
        self.addCleanup(self.close_udp)

    def close_udp(self):
        with self.nets.inside("target"):
            self.udp_echo.close()

    @classmethod
    def wire(cls):
        cls.nets.join("client", "10.77.1.2/24", "proxy", "10.77.1.1/24")
        cls.nets.join("target", "10.77.2.2/24", "proxy", "10.77.2.1/24")
        cls.nets.route("proxy", "default", "10.77.2.2")

    def bind(self, target):
        with self.nets.inside("client"):
            s = socks5((self.PROXY, 1080), target, command=BIND)
        self.addCleanup(s.socket.close)
        return s

    def associate(self):
        with self.nets.inside("client"):
            a = Association((self.PROXY, 1080))
        self.addCleanup(a.close)
        return a

    def peer(self, to):
        with self.nets.inside("target"):
            s = socket.create_connection(to, 20, (self.TARGET, 0))
        self.addCleanup(s.close)
        return s

    def assert_connect(self):
        with self.nets.inside("client"):
            s = socks5((self.PROXY, 1080), self.echo.address)
        self.addCleanup(s.socket.close)
        s.sendall(b"connect")
        self.assertEqual(receive_exactly(s, 7), b"connect")

    def assert_bind(self, target, told):
        s = self.bind(target)
        self.assertEqual(s.bound[0], told)
        peer = self.peer(s.bound)
        self.assertEqual(read_reply5(s), (0, peer.getsockname()[:2]))
        peer.sendall(b"from the peer")
        self.assertEqual(receive_exactly(s, 13), b"from the peer")
        s.sendall(b"to the peer")
        self.assertEqual(receive_exactly(peer, 11), b"to the peer")
        return s

    def assert_udp(self, told, seen_as):
        """Returns the association, which has talked to the target."""
        a = self.associate()
        self.assertEqual(a.relay[0], told)
        for payload in (b"", b"x", b"y" * 1400, b"z" * 20000):
            self.assertEqual(a.exchange(payload, self.udp_echo.address),
                             (self.udp_echo.address, payload))
        burst = [b"%03d" % i * 300 for i in range(60)]
        for payload in burst:
            a.send(payload, self.udp_echo.address)
        self.assertEqual([a.receive()[1] for _ in burst], burst)
        self.assertEqual({peer[0] for _, peer in self.udp_echo.received},
                         {seen_as})
        return a


@needs_root
@needs("ip")
class TwoAddresses(NetTest):
    def test_connect(self):
        self.assert_connect()

    def test_bind(self):
        """The peer is told the address on its own side."""
        self.assert_bind((self.TARGET, 0), "10.77.2.1")

    def test_bind_for_anybody(self):
        """Of an unknown peer: where the default route leads."""
        self.assert_bind(("0.0.0.0", 0), "10.77.2.1")

    def test_bind_for_the_client_side(self):
        self.assertEqual(self.bind((self.CLIENT, 0)).bound[0], "10.77.1.1")

    def test_udp(self):
        """The client is told the address that it knows."""
        self.assert_udp("10.77.1.1", "10.77.2.1")

    def test_the_ledger_knows_our_addresses(self):
        s = self.assert_bind((self.TARGET, 0), "10.77.2.1")
        self.assert_udp("10.77.1.1", "10.77.2.1")
        rows = {r["command"]: r for r in self.sockd.wait_rows(
            2, "ended IS NULL AND target_addr IS NOT NULL")}
        self.assertEqual((rows["bind"]["source_addr"],
                          rows["bind"]["source_port"]), s.bound)
        self.assertEqual((rows["udp"]["source_addr"],
                          rows["udp"]["source_port"]),
                         self.udp_echo.received[0][1])


@needs_root
@needs("ip")
class WithoutIPv6(NetTest):
    """Turned off, as often."""

    @classmethod
    def wire(cls):
        super().wire()
        cls.nets.exec("proxy", "sh", "-c", "off=/proc/sys/net/ipv6/conf/all/"
                      "disable_ipv6; test ! -e $off || echo 1 > $off")

    def test_it_is_a_network_out_of_reach_and_no_failure(self):
        for command in (CONNECT, BIND):
            with self.assertRaises(Refused) as refused, \
                    self.nets.inside("client"):
                socks5((self.PROXY, 1080), ("2001:db8::1", 80),
                       command=command)
            self.assertEqual(refused.exception.code, 3)
        rows = self.sockd.wait_rows(2)
        self.assertEqual({(r["reply"], r["outcome"]) for r in rows},
                         {(3, "unreachable")})


@needs_root
@needs("ip")
class Source(NetTest):
    """A rule's source address, of two on the same side."""
    RULES = 'rule "all" { action = "pass" commands = { "connect", "bind", ' \
        '"udp" } source = { "10.77.2.9" } }\n'

    @classmethod
    def wire(cls):
        super().wire()
        cls.nets.ip("proxy", "address", "add", "10.77.2.9/32", "dev", "lo")
        cls.nets.route("target", "10.77.2.9", "10.77.2.1")

    def test_bind(self):
        self.assert_bind((self.TARGET, 0), "10.77.2.9")

    def test_udp(self):
        a = self.assert_udp("10.77.1.1", "10.77.2.9")
        a.close()
        row, = self.sockd.wait_rows(1)
        self.assertEqual((row["source_addr"], row["source_port"]),
                         self.udp_echo.received[0][1])


@needs_root
@needs("ip", "nft")
class Nat(NetTest):
    """Everybody sees the proxy at 198.51.100.7, which is not its address."""
    NAMES = ("client", "nat", "proxy", "target")
    LISTEN_AT = "10.77.3.2"
    PROXY = "198.51.100.7"
    CONFIG = {"udp": {"advertise": "198.51.100.7", "ports": "40000-40009"},
              "bind": {"advertise": "198.51.100.7", "ports": "50000-50009"}}

    @classmethod
    def wire(cls):
        nets = cls.nets
        nets.join("client", "10.77.1.2/24", "nat", "10.77.1.1/24")
        nets.join("target", "10.77.2.2/24", "nat", "10.77.2.1/24")
        nets.join("proxy", "10.77.3.2/24", "nat", "10.77.3.1/24")
        nets.ip("nat", "address", "add", "198.51.100.7/32", "dev", "lo")
        for name, via in (("client", "10.77.1.1"), ("target", "10.77.2.1"),
                          ("proxy", "10.77.3.1")):
            nets.route(name, "default", via)
        nets.exec("nat", "sh", "-c",
                  "echo 1 > /proc/sys/net/ipv4/ip_forward")
        nets.exec("nat", "nft", "-f", "-", text=True, input="""
table ip nat {
	chain in {
		type nat hook prerouting priority -100;
		ip daddr 198.51.100.7 tcp dport { 1080, 50000-50009 } \
			dnat to 10.77.3.2
		ip daddr 198.51.100.7 udp dport 40000-40009 dnat to 10.77.3.2
	}
	chain out {
		type nat hook postrouting priority 100;
		ip saddr 10.77.3.2 snat to 198.51.100.7
	}
}
""")

    def test_connect(self):
        self.assert_connect()

    def test_bind(self):
        s = self.assert_bind((self.TARGET, 0), "198.51.100.7")
        self.assertIn(s.bound[1], range(50000, 50010))

    def test_bind_for_anybody(self):
        self.assert_bind(("0.0.0.0", 0), "198.51.100.7")

    def test_udp(self):
        a = self.assert_udp("198.51.100.7", "198.51.100.7")
        self.assertIn(a.relay[1], range(40000, 40010))


@needs_root
@needs("ip")
class Ipv6Only(NetTest):
    LISTEN_AT = PROXY = "fd77:1::1"
    TARGET = "fd77:2::2"
    CLIENT = "fd77:1::2"

    @classmethod
    def wire(cls):
        cls.nets.join("client", "fd77:1::2/64", "proxy", "fd77:1::1/64")
        cls.nets.join("target", "fd77:2::2/64", "proxy", "fd77:2::1/64")
        cls.nets.route("proxy", "default", "fd77:2::2")

    def test_connect(self):
        self.assert_connect()

    def test_bind(self):
        self.assert_bind((self.TARGET, 0), "fd77:2::1")

    def test_bind_for_anybody(self):
        self.assert_bind(("::", 0), "fd77:2::1")

    def test_bind_ipv4_has_no_way(self):
        with self.assertRaises(Refused) as refused:
            self.bind(("10.77.2.2", 0))
        self.assertEqual(refused.exception.code, 3)

    def test_udp(self):
        self.assert_udp("fd77:1::1", "fd77:2::1")

    def test_udp_to_ipv4_is_dropped(self):
        a = self.associate()
        a.send(b"x", ("10.77.2.2", 9))
        self.assertEqual(a.exchange(b"six", self.udp_echo.address)[1],
                         b"six")
        a.close()
        self.sockd.wait_line("unsent=1")


@needs_root
@needs("ip")
class SourceLost(NetTest):
    RULES = 'rule "out" { action = "pass" source = { "10.77.2.9" } }\n'

    @classmethod
    def wire(cls):
        super().wire()
        cls.source("add")

    @classmethod
    def source(cls, verb):
        cls.nets.ip("proxy", "address", verb, "10.77.2.9/24", "dev", "wire2")

    def test_connect(self):
        self.assert_connect()
        self.source("del")
        with self.nets.inside("client"):
            for _ in range(20):
                with self.assertRaises(Refused) as refused:
                    socks5((self.PROXY, 1080), self.echo.address)
                self.assertEqual(refused.exception.code, 1)
        lines = self.sockd.wait_line("source missing rule=")
        self.assertIn("rule=out address=10.77.2.9", lines[0])
        workers = {line.split("[")[1].split("]")[0] for line in lines}
        self.assertEqual(len(lines), len(workers), "told more than once")
        self.source("add")
        self.assert_connect()


@needs_root
@needs("ip")
class PortRange(NetTest):
    CONFIG = {"udp": {"ports": "40000-40003"}, "bind": {"ports": "40000-40003"}}

    def test_udp(self):
        many = [self.associate() for _ in range(4)]
        self.assertEqual({a.relay[1] for a in many}, set(range(40000, 40004)))
        with self.assertRaises(Refused) as refused:
            self.associate()
        self.assertEqual(refused.exception.code, 1)
        for a in many:
            self.assertEqual(a.exchange(b"x", self.udp_echo.address)[1], b"x")

    def test_bind(self):
        many = [self.bind((self.TARGET, 0)) for _ in range(4)]
        self.assertEqual({s.bound[1] for s in many}, set(range(40000, 40004)))
        for s in many:
            peer = self.peer(s.bound)
            self.assertEqual(read_reply5(s)[1], peer.getsockname()[:2])


if __name__ == "__main__":
    unittest.main()
