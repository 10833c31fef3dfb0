"""The resolvers, with a name server of the test's own."""

import os
import time
from signal import SIGKILL

from harness import wait_until
from nameserver import NameServer, NameServerTest
from peers import Echo
from wire import address5, greet5, open_proxy, read_reply5, socks5


class Mute(NameServer):
    def answer(self, question, peer):
        pass


class Dead(NameServerTest):
    """The first server of two says nothing, from the start."""

    OPTIONS = "attempts:2"

    def use_server(self, server):
        dead = Mute()
        self.addCleanup(dead.close)
        super().use_server(dead.address, server, options=self.OPTIONS)

    def answer(self):
        with Echo() as echo, socks5(self.sockd.port(),
                                    ("ok.test", echo.port)) as s:
            s.sendall(b"x")
            self.assertEqual(s.recv(1), b"x")


class DeadDefault(Dead):
    CONFIG = {}

    def test_the_second_is_asked_in_time(self):
        self.answer()


class DeadPatient(Dead):
    CONFIG = {"resolver": {"timeout": "4s"}}
    OPTIONS = "timeout:30 attempts:2"

    def test_the_second_is_asked_in_time(self):
        self.answer()


class DeadImpatient(Dead):
    CONFIG = {"resolver": {"timeout": "40s"}}
    OPTIONS = "timeout:1 attempts:2"

    def test_the_second_is_asked_as_soon_as_it_says(self):
        began = time.monotonic()
        self.answer()
        self.assertLess(time.monotonic() - began, 15, "half of timeout is 20")


class Resolver(NameServerTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.addCleanup(self.echo.close)

    def ask(self, name):
        """Send a request for a name; its reply comes later."""
        s = open_proxy(self.sockd.port())
        self.addCleanup(s.close)
        greet5(s, 0)
        s.sendall(b"\x05\x01\x00" + address5(name, self.echo.port))
        return s

    def reply(self, name):
        return read_reply5(self.ask(name))[0]

    def test_found_and_not_found(self):
        self.assertEqual(self.reply("ok.test"), 0)
        self.assertEqual(self.reply("none.test"), 4)
        self.assertEqual(self.reply("fail.test"), 4)
        self.assertEqual(self.reply("many.test"), 0)

    def test_what_is_no_name_is_never_asked(self):
        for name in ("*", "a b.test", "127.1", "0x7f.1", "a..test", "-\x00x",
                     "x" * 64 + ".test"):
            self.assertEqual(self.reply(name), 1, name)
        self.assertEqual(self.server.asked, [])

    def test_slow_names_are_asked_side_by_side(self):
        began = time.monotonic()
        waiting = [self.ask(f"slow{i}.test") for i in range(20)]
        for s in waiting:
            self.assertEqual(read_reply5(s)[0], 0)
        self.assertLess(time.monotonic() - began, 10)

    def test_one_that_hangs_delays_nobody_and_is_told(self):
        began = time.monotonic()
        hanging = self.ask("hang.test")
        for i in range(5):
            self.assertEqual(self.reply(f"ok{i}.test"), 0)
        self.assertEqual(read_reply5(hanging)[0], 4)
        self.assertGreater(time.monotonic() - began, 3.9)
        self.sockd.wait_line("helper overran family=resolver")
        self.assertEqual(self.reply("ok.test"), 0)

    def test_one_that_is_killed_is_replaced(self):
        s = self.ask("hang.test")
        wait_until("the server is asked", lambda: self.server.asked)
        for pid in self.sockd.children("resolver"):
            os.kill(pid, SIGKILL)
        began = time.monotonic()
        self.assertEqual(read_reply5(s)[0], 4)
        self.assertLess(time.monotonic() - began, 3, "not told at once")
        wait_until("a new one answers", lambda: self.reply("ok.test") == 0)

    def test_another_name_server_is_seen(self):
        self.assertEqual(self.reply("ok.test"), 0)
        second = NameServer()
        self.addCleanup(second.close)
        self.use_server(second.address)
        wait_until("the new server is asked",
                   lambda: self.reply("ok2.test") == 0 and second.asked)

    def test_a_reload_in_the_middle_loses_no_answer(self):
        waiting = [self.ask(f"slow{i}.test") for i in range(4)]
        wait_until("the server is asked", lambda: self.server.asked)
        self.sockd.reload()
        for s in waiting:
            self.assertEqual(read_reply5(s)[0], 0)
        self.assertEqual(self.reply("ok.test"), 0)
