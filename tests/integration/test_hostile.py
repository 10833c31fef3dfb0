"""Clients that mean no good: silent, slow, random, too many."""

import os
import random
import socket
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from harness import LISTEN, SockdTest
from peers import Echo
from wire import (address5, open_proxy, receive_exactly, receive_rest,
                  request4, socks5)


class HalfOpen(SockdTest):
    CONFIG = {"workers": {"start": 4, "min_spare": 2, "max_spare": 8,
                          "max": 32},
              "sessions": {"max": 1024},
              "timeouts": {"negotiate": "10s"}}

    def test_500_that_send_one_octet_do_not_keep_out_the_501st(self):
        silent = []
        self.addCleanup(lambda: [s.close() for s in silent])
        for _ in range(500):
            s = open_proxy(self.sockd.port())
            s.sendall(b"\x05")
            silent.append(s)
        with Echo() as echo:
            with socks5(("127.0.0.1", self.sockd.port()),
                        echo.address) as s:
                s.sendall(b"x")
                self.assertEqual(receive_exactly(s, 1), b"x")


class Slow(SockdTest):
    CONFIG = {"timeouts": {"negotiate": "2s"}}

    def test_an_octet_now_and_then_does_not_move_the_deadline(self):
        octets = b"\x05\x0a" + bytes(range(10)) + b"\x05\x01\x00"
        gone = threading.Event()
        with open_proxy(self.sockd.port()) as s:
            def drip():
                for i in range(len(octets)):
                    try:
                        s.sendall(octets[i:i + 1])
                    except OSError:
                        return
                    if gone.wait(0.7):
                        return
            thread = threading.Thread(target=drip)
            thread.start()
            receive_rest(s)
            gone.set()
            thread.join()
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["outcome"], "timeout")
        self.assertLess(row["ended"] - row["started"], 5)


class Random(SockdTest):
    """Handshakes that are nearly right, or not at all."""
    CONFIG = {"timeouts": {"negotiate": "2s", "connect": "2s",
                           "bind": "1s"},
              "log": {"level": "info"},
              "workers": {"start": 8, "min_spare": 4, "max_spare": 32,
                          "max": 64}}
    LIMIT_S = 400
    N = 10000
    # None is changed into one that a resolver would be asked for.
    NAMES = (b"localhost", b"a..b")

    def may_change(self, octets, i):
        """Is this no octet of a name, nor its length?"""
        return not any(name in octets and
                       -1 <= i - octets.find(name) < len(name)
                       for name in self.NAMES)

    def handshake(self, r, echo):
        """Octets of a handshake; some of them are changed, some missing."""
        if r.random() < 0.1:
            return r.randbytes(r.randrange(1, 600))
        if r.random() < 0.3:
            octets = request4(r.choice((1, 1, 2, 9)), echo.address,
                              r.randbytes(r.randrange(0, 10)).replace(
                                  b"\x00", b"a"),
                              r.choice((None, b"localhost", b"x" * 300)))
        else:
            octets = b"\x05" + r.choice((b"\x01\x00", b"\x02\x00\x02",
                                         b"\x00", b"\x01\x02"))
            if r.random() < 0.3:
                octets += b"\x01\x03ann\x03bad"
            octets += b"\x05" + bytes([r.choice((1, 1, 1, 2, 3, 7))]) + \
                b"\x00" + address5(*r.choice((
                    echo.address, ("localhost", echo.port),
                    ("::1", 9), ("0.0.0.0", 1), ("a..b", 80))))
        octets = bytearray(octets + r.randbytes(r.randrange(0, 40)))
        places = [i for i in range(len(octets)) if self.may_change(octets, i)]
        for i in r.sample(places, r.choice((0, 0, 1, 3))):
            octets[i] = r.randrange(256)
        return bytes(octets[:r.randrange(1, len(octets) + 1)])

    def one(self, r, echo):
        try:
            with socket.create_connection(
                    ("127.0.0.1", self.sockd.port()), 30) as s:
                s.sendall(self.handshake(r, echo))
                if r.random() < 0.5:
                    s.shutdown(socket.SHUT_WR)
                if r.random() < 0.3:
                    s.setblocking(False)
                s.recv(100)
        except OSError:
            pass

    def stay_here(self, echo):
        """Other ports of loopback, and other machines, belong to others."""
        self.sockd.reload(LISTEN + 'rule "here" { action = "pass" '
                          'to = { "127.0.0.0/8", "::1" } '
                          f'ports = {{ "1", "9", "{echo.port}" }} '
                          'commands = { "connect", "bind", "udp" } }\n')

    def test_every_process_lives_on(self):
        # Those that were there: none may die but by the master's will.
        seed = int.from_bytes(os.urandom(4), "big")
        print(f"seed {seed}")
        with Echo() as echo:
            self.stay_here(echo)
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(lambda i: self.some(random.Random(seed + i),
                                                  echo), range(16)))
            with socks5(self.sockd.port(), echo.address) as s:
                s.sendall(b"x")
                self.assertEqual(receive_exactly(s, 1), b"x")
        self.assertEqual(self.sockd.lines("child died"), [])
        self.assertEqual(self.sockd.lines("child failed"), [])
        self.sockd.wait_all_ended(60)

    def some(self, r, echo):
        for _ in range(self.N // 16):
            self.one(r, echo)


if __name__ == "__main__":
    unittest.main()
