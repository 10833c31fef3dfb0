"""SIGHUP: a new configuration, or one error line and nothing changed."""

import os
import signal
import socket
import threading
import unittest

from harness import LISTEN, PASS_ALL, SockdTest, descriptors, wait_until
from peers import Echo
from wire import Refused, receive_exactly, socks5

BLOCK_ALL = 'rule "none" { action = "block" }\n'
BLOCK_LOCAL = 'rule "no" { action = "block" to = { "127.0.0.1" } }\n'


class Reload(SockdTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.addCleanup(self.echo.close)

    def check_serves(self, port=None, host="127.0.0.1"):
        with socks5((host, port or self.sockd.port()),
                    self.echo.address) as s:
            s.sendall(b"x")
            self.assertEqual(receive_exactly(s, 1), b"x")

    def test_a_new_rule_is_in_force(self):
        self.check_serves()
        self.sockd.reload(LISTEN + BLOCK_LOCAL + PASS_ALL)
        with self.assertRaises(Refused):
            socks5(self.sockd.port(), self.echo.address)

    def test_who_is_cut_keeps_the_rule_that_granted_it(self):
        with socks5(self.sockd.port(), self.echo.address) as s:
            self.sockd.wait_rows(1, "ended IS NULL AND reply = 0")
            self.sockd.reload(LISTEN + BLOCK_LOCAL + PASS_ALL)
            self.assertEqual(s.recv(1), b"")
        with self.assertRaises(Refused):
            socks5(self.sockd.port(), self.echo.address)
        self.assertEqual([(row["outcome"], row["rule"], row["reply"])
                          for row in self.sockd.wait_rows(2)],
                         [("blocked", "all", 0), ("blocked", "no", 2)])

    def test_a_broken_file_changes_nothing(self):
        for text in ('rule "x" { action = "perhaps" }\n', "what is this",
                     'listen "x" { address = "127.0.0.1" port = 99999 }\n',
                     'logoutput: stderr\n'):
            with self.subTest(text=text):
                line = self.sockd.reload(text, refused=True)
                self.assertIn("sockd.conf", line)
                self.check_serves()

    def test_a_pipe_is_not_waited_for(self):
        os.unlink(self.sockd.config)
        os.mkfifo(self.sockd.config)
        self.sockd.mark()
        self.sockd.signal(signal.SIGHUP)
        self.sockd.wait_line("reload refused")
        self.check_serves()
        self.assertEqual(self.sockd.stop(), 0)

    def test_a_link_is_followed_anew(self):
        link = os.path.join(self.sockd.dir, "link")
        os.symlink("sockd.conf", link)
        self.sockd.stop()
        self.sockd.config = link
        self.sockd.start()
        self.check_serves()
        self.sockd.config = os.path.join(self.sockd.dir, "next")
        self.sockd.configure(LISTEN + BLOCK_LOCAL + PASS_ALL)
        os.symlink("next", link + ".new")
        os.rename(link + ".new", link)
        self.sockd.reload()
        with self.assertRaises(Refused):
            socks5(self.sockd.port(), self.echo.address)

    def test_a_broken_file_opens_the_log_anew(self):
        old = self.sockd.log_file + ".1"
        os.rename(self.sockd.log_file, old)
        self.sockd.reload("what is this", refused=True)
        with open(old) as f:
            self.assertNotIn("reload refused", f.read())

    def test_an_unchanged_listener_keeps_its_port(self):
        port = self.sockd.port()
        self.sockd.reload()
        self.check_serves(port)

    def test_listeners_come_and_go(self):
        second = LISTEN.replace('"test"', '"second"')
        self.sockd.reload(LISTEN + second + PASS_ALL)
        port = self.sockd.port("second")
        self.check_serves(port)
        self.sockd.reload(LISTEN + PASS_ALL)
        wait_until("it is closed", lambda: self.is_closed(port))
        self.check_serves()

    @staticmethod
    def is_closed(port, host="127.0.0.1"):
        try:
            socket.create_connection((host, port), 5).close()
            return False
        except OSError:
            return True

    def move(self, port, address, sections="", refused=False):
        self.sockd.reload(
            f'listen "test" {{ address = "{address}" port = {port} '
            'methods = { "none" } }\n' + sections + PASS_ALL, refused)

    def test_a_listener_moves_to_all_addresses_and_back(self):
        port = self.sockd.port()
        self.move(port, "*")
        self.check_serves(port)
        self.check_serves(port, "127.0.0.3")
        self.move(port, "127.0.0.1")
        self.check_serves(port)
        self.assertTrue(self.is_closed(port, "127.0.0.3"))

    def test_a_move_that_fails_leaves_the_old_address(self):
        port = self.sockd.port()
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            taken = busy.getsockname()[1]
            self.move(port, "*", 'listen "taken" { address = "127.0.0.1" '
                      f'port = {taken} }}\n', refused=True)
        self.assertEqual(self.sockd.new_lines("listening"), [])
        self.assertEqual(len(self.sockd.new_lines("] err ")), 1)
        self.check_serves(port)
        self.assertTrue(self.is_closed(port, "127.0.0.3"))

    def test_nobody_else_comes_in_by_a_move(self):
        port = self.sockd.port()
        self.move(port, "*")
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with self.assertRaises(OSError):
                s.bind(("127.0.0.1", port))
                s.listen()

    def test_a_living_session_goes_on(self):
        with socks5(self.sockd.port(), self.echo.address) as s:
            for _ in range(5):
                self.sockd.reload()
                s.sendall(b"x")
                self.assertEqual(receive_exactly(s, 1), b"x")

    def test_old_processes_end(self):
        before = self.sockd.children()
        self.sockd.reload()
        wait_until("old ones end", lambda: not (
            set(before) & set(self.sockd.children())
            - set(self.sockd.children("keeper"))))

    def test_keys_that_need_a_restart_are_named(self):
        self.sockd.reload(sessions={"max": 300})
        self.sockd.wait_line("sessions.max")
        self.check_serves()


class Storm(SockdTest):
    """200 reloads, good and broken in turn, under 16 clients."""
    LIMIT_S = 400
    CONFIG = {"log": {"level": "info"}}

    def test_no_connection_fails(self):
        with Echo() as echo:
            stop = threading.Event()
            failures, done = [], [0] * 16

            def client(i):
                while not stop.is_set():
                    try:
                        with socks5(self.sockd.port(), echo.address) as s:
                            s.sendall(b"x")
                            receive_exactly(s, 1)
                        done[i] += 1
                    except Exception as e:
                        failures.append(repr(e))

            threads = [threading.Thread(target=client, args=(i,))
                       for i in range(16)]
            for t in threads:
                t.start()
            self.storm()
            stop.set()
            for t in threads:
                t.join()
        self.assertEqual(failures[:3], [])
        self.assertTrue(all(done), done)
        self.check_nothing_is_left()

    def storm(self):
        first = descriptors(self.sockd.pid)
        good = LISTEN + PASS_ALL
        for i in range(200):
            self.sockd.mark()
            self.sockd.configure(good if i % 2 == 0 else BLOCK_ALL + "}")
            self.sockd.signal(signal.SIGHUP)
            wait_until("an answer", lambda: self.sockd.new_lines(
                "reloaded generation" if i % 2 == 0 else "reload refused"))
        self.assertLessEqual(descriptors(self.sockd.pid), first + 2)

    def check_nothing_is_left(self):
        wait_until("old generations end", lambda: len(
            self.sockd.children()) < 40)
        self.sockd.wait_all_ended()


if __name__ == "__main__":
    unittest.main()
