"""BIND of SOCKS 4, 4a and 5: a port for a peer that the client names."""

import os
import select
import socket
import struct
import time
import unittest

from binds import ANYBODY, HERE, BindTest, connect
from harness import LISTEN, needs_ipv6, wait_until
from wire import (BIND, Refused, read_reply4, read_reply5, receive_all,
                  receive_exactly, receive_rest, socks5)


class Both(BindTest):
    """What BIND promises."""

    def test_socks5(self):
        s = self.bind()
        self.assertEqual(s.bound[0], "127.0.0.1")
        self.assertGreater(s.bound[1], 0)
        peer = self.peer(s.bound)
        rep, who = read_reply5(s)
        self.assertEqual((rep, who), (0, peer.getsockname()))
        self.assert_talk(s, peer)
        self.assert_free(s.bound)
        peer.close()
        self.assertEqual(receive_all(s), b"")
        s.socket.close()
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["command"], row["reply"]), ("bind", 0))
        self.assertEqual((row["bytes_up"], row["bytes_down"]), (5, 8))
        self.assertEqual((row["target_addr"], row["target_port"]), who)
        self.assertEqual((row["source_addr"], row["source_port"]), s.bound)
        self.assertEqual(row["outcome"], "target-closed")

    def test_socks4(self):
        s = self.bind4()
        peer = self.peer(s.bound)
        self.assertEqual(read_reply4(s), peer.getsockname())
        self.assert_talk(s, peer)

    def test_socks4a(self):
        s = self.bind4(("localhost", 0), name=b"localhost")
        peer = self.peer(s.bound)
        self.assertEqual(read_reply4(s), peer.getsockname())
        self.assert_talk(s, peer)

    def test_a_name(self):
        s = self.bind(("localhost", 0))
        peer = self.peer(s.bound)
        self.assertEqual(read_reply5(s)[1], peer.getsockname())
        self.assert_talk(s, peer)

    @needs_ipv6
    def test_ipv6(self):
        s = self.bind(("::1", 0))
        self.assertEqual(s.bound[0], "::1")
        peer = self.peer(s.bound, come_from="::1")
        self.assertEqual(read_reply5(s)[1], peer.getsockname()[:2])
        self.assert_talk(s, peer)

    def test_anybody(self):
        """An unspecified DST: the address told is one of this machine."""
        s = self.bind(ANYBODY)
        self.assertNotEqual(s.bound[0], "0.0.0.0")
        peer = self.peer(s.bound, come_from=s.bound[0])
        self.assertEqual(read_reply5(s)[1], peer.getsockname())
        self.assert_talk(s, peer)

    def test_what_the_client_sends_early_reaches_the_peer(self):
        s = self.bind()
        s.sendall(b"before you came")
        peer = self.peer(s.bound)
        read_reply5(s)
        self.assertEqual(receive_exactly(peer, 15), b"before you came")
        self.assert_talk(s, peer)

    def test_what_came_with_the_request_reaches_the_peer(self):
        s = self.bind_with(b"at once")
        peer = self.peer(s.bound)
        self.assertEqual(read_reply5(s), (0, peer.getsockname()))
        self.assertEqual(receive_exactly(peer, 7), b"at once")

    def test_a_half_close_is_carried_on(self):
        s = self.bind()
        peer = self.peer(s.bound)
        read_reply5(s)
        peer.sendall(b"all")
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(s), b"all")
        s.sendall(b"late")
        s.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(peer), b"late")


class Wrong(BindTest):
    """Who must not come in."""

    def test_others_are_closed_and_the_wait_goes_on(self):
        s = self.bind(HERE)
        for i in range(2, 102):
            with connect(s.bound, come_from=f"127.0.0.{i}") as wrong:
                self.assertEqual(receive_rest(wrong), b"")
        peer = self.peer(s.bound)
        self.assertEqual(read_reply5(s)[1], peer.getsockname())
        self.assert_talk(s, peer)

    def test_the_port_closes_when_the_peer_is_in(self):
        s = self.bind()
        peer = self.peer(s.bound)
        read_reply5(s)
        with self.assertRaises(ConnectionError):
            connect(s.bound)
        self.assert_talk(s, peer)

    def test_nobody_can_have_the_port_meanwhile(self):
        s = self.bind()
        with socket.socket() as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            with self.assertRaises(OSError):
                thief.bind(s.bound)
                thief.listen()

    def test_multicast_and_broadcast(self):
        for target in ("224.0.0.1", "255.255.255.255"):
            with self.subTest(target):
                with self.assertRaises(Refused) as refused:
                    self.bind((target, 0))
                self.assertEqual(refused.exception.code, 2)

    def test_a_name_that_is_none(self):
        with self.assertRaises(Refused) as refused:
            self.bind(("does-not-exist.invalid", 0))
        self.assertEqual(refused.exception.code, 4)


class Departure(BindTest):
    """The client leaves while it waits: its port is free at once."""

    def test_fin(self):
        s = self.bind()
        s.shutdown(socket.SHUT_WR)
        self.assert_free(s.bound)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"],
                         "client-closed")
        line, = self.sockd.wait_line("session end")
        self.assertIn("outcome=client-closed", line)
        self.assertEqual(self.sockd.rows("SELECT * FROM usage"), [])

    def test_fin_behind_octets(self):
        s = self.bind()
        s.sendall(b"x" * 1000)
        s.shutdown(socket.SHUT_WR)
        self.assert_free(s.bound)

    def test_reset(self):
        s = self.bind()
        s.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
        s.socket.close()
        self.assert_free(s.bound)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "reset")


class Deadline(BindTest):
    CONFIG = {"timeouts": {"bind": "1s"}}

    def test_socks5(self):
        s = self.bind()
        self.assertEqual(read_reply5(s), (6, ("0.0.0.0", 0)))
        self.assertEqual(receive_all(s), b"")
        self.assert_free(s.bound)
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["reply"], row["outcome"]), (6, "timeout"))
        self.assertEqual((row["source_addr"], row["source_port"]), s.bound)

    def test_socks4(self):
        s = self.bind4()
        with self.assertRaises(Refused) as refused:
            read_reply4(s)
        self.assertEqual(refused.exception.code, 91)

    def test_strangers_do_not_hold_it_off(self):
        """One comes every 100 ms, until the port is closed."""
        s = self.bind()
        began = time.monotonic()
        while not select.select([s.socket], [], [], 0.1)[0]:
            self.assertLess(time.monotonic() - began, 10)
            try:
                connect(s.bound, come_from="127.0.0.3").close()
            except ConnectionError:
                pass
        self.assertEqual(read_reply5(s)[0], 6)


class Rules(BindTest):
    RULES = '''
rule "one" { action = "block" to = { "127.0.0.66" } commands = { "bind" } }
rule "late" { action = "block" to = { "127.0.0.2" } ports = { "1-1023" }
              commands = { "bind" } }
rule "few" { action = "pass" to = { "127.0.0.0/8" } commands = { "bind" } }
rule "rest" { action = "pass" commands = { "connect", "udp" } }
'''

    def test_dst_is_asked_at_once(self):
        with self.assertRaises(Refused) as refused:
            self.bind(("127.0.0.66", 0))
        self.assertEqual(refused.exception.code, 2)
        with self.assertRaises(Refused) as refused:
            self.bind(("192.0.2.1", 0))
        self.assertEqual(refused.exception.code, 2)
        with self.assertRaises(Refused) as refused:
            self.bind4(("192.0.2.1", 0))
        self.assertEqual(refused.exception.code, 91)

    def test_the_peer_is_asked_when_it_comes(self):
        """Anybody may be waited for, but not anybody may come."""
        s = socks5(self.sockd.port(), ANYBODY, command=BIND)
        self.addCleanup(s.socket.close)
        mine = s.bound[0]
        peer = self.peer(s.bound, come_from=mine)
        if mine.startswith("127."):
            self.assertEqual(read_reply5(s)[1], peer.getsockname())
        else:
            self.assertEqual(receive_rest(peer), b"")

    def test_the_default_is_no_bind(self):
        self.sockd.reload(LISTEN + 'rule "all" { action = "pass" }\n')
        with self.assertRaises(Refused) as refused:
            self.bind()
        self.assertEqual(refused.exception.code, 2)


class Source(BindTest):
    """A rule's source, also where only the peer will decide the rule."""
    RULES = '''
rule "far" { action = "pass" to = { "192.0.2.0/24" } commands = { "bind" }
             source = { "127.0.0.8" } }
rule "near" { action = "pass" to = { "127.0.0.0/8" } ports = { "1024-65535" }
              commands = { "bind" } source = { "127.0.0.9" } }
'''

    def test_source(self):
        for target, source in ((HERE, "127.0.0.9"),
                               (("localhost", 0), "127.0.0.9"),
                               (("192.0.2.1", 0), "127.0.0.8"),
                               (ANYBODY, "127.0.0.8")):
            with self.subTest(target):
                self.assertEqual(self.bind(target).bound[0], source)


class Ports(BindTest):
    """bind.ports, and bind.advertise."""
    # Below the ports that the system gives away by itself.
    FIRST = 20000 + os.getpid() % 2000 * 4
    CONFIG = {"bind": {"ports": f"{FIRST}-{FIRST + 3}",
                       "advertise": "198.51.100.7"}}

    def test_range(self):
        waiting = [self.bind() for _ in range(4)]
        self.assertEqual({s.bound[0] for s in waiting}, {"198.51.100.7"})
        self.assertEqual({s.bound[1] for s in waiting},
                         set(range(self.FIRST, self.FIRST + 4)))
        with self.assertRaises(Refused) as refused:
            self.bind()
        self.assertEqual(refused.exception.code, 1)
        peer = self.peer(("127.0.0.1", waiting[1].bound[1]))
        self.assertEqual(read_reply5(waiting[1])[1], peer.getsockname())
        # the tunnel keeps its port from nobody
        wait_until("the port is free again", self.can_bind)

    def can_bind(self):
        try:
            self.bind()
            return True
        except Refused:
            return False


if __name__ == "__main__":
    unittest.main()
