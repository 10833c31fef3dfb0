"""Addresses that fail to log in again and again, or come too often."""

import time
import unittest
from signal import SIGUSR1

from fail2ban_filter import banned
from harness import SockdTest, wait_until
from pam_stack import RogueTest
from peers import Echo
from wire import (Refused, greet5, login5, open_proxy, receive_all,
                  receive_exactly, reset, socks5)

BAD, GOOD = "127.0.0.5", "127.0.0.6"	# where clients come from


def greeted(s):
    """All that comes after a greeting, until the end."""
    try:
        s.sendall(b"\x05\x01\x02")
        return receive_all(s)
    except (BrokenPipeError, ConnectionResetError):
        return b""


class FailuresTest(RogueTest):
    ABUSE = {"failures": 3}

    def changes(self):
        return {"abuse": self.ABUSE}

    def fail(self, times, source=BAD):
        for _ in range(times):
            self.assertEqual(self.login("ann", "wrong", source), 1)

    def assert_turned_away(self, source=BAD):
        with self.open(source) as s:
            self.assertEqual(greeted(s), b"")

    def penalties(self):
        return self.sockd.lines("abuse penalty")


class Penalty(FailuresTest):
    """The third failure within the window brings a penalty."""

    def test_the_third_brings_a_penalty(self):
        self.fail(2)
        self.assertEqual(self.penalties(), [])
        self.fail(1)
        line, = self.sockd.wait_line("abuse penalty")
        self.assertRegex(line, r" info abuse penalty client=127\.0\.0\.5:\d+ "
                         r"failures=3 seconds=3600$")
        self.assert_turned_away()
        self.assertEqual(self.login("ann", source=GOOD), 0)
        self.assertEqual(len(self.penalties()), 1)

    def test_a_guess_counts_whose_client_did_not_wait(self):
        """Else a right password, which is answered sooner, would be told
        from a wrong one by who resets first."""
        for n in range(1, 4):
            s = self.open(BAD)
            greet5(s, 2)
            s.sendall(b"\x01\x04slow\x05wrong")
            wait_until("PAM is asked", lambda: len(self.asked()) == n)
            reset(s)
        self.sockd.wait_line("login failed", 3)
        self.sockd.wait_line("abuse penalty")
        self.assert_turned_away()

    def test_it_holds_for_those_who_came_before_it(self):
        early = self.open(BAD)
        self.addCleanup(early.close)
        greet5(early, 2)
        self.fail(3)
        asked = self.asked()
        self.assertEqual(login5(early, "ann", "right"), 1)
        self.assertEqual(self.asked(), asked)

    def test_it_holds_for_a_guess_that_is_being_looked_at(self):
        """Else as many guesses as there are workers may come at once."""
        with self.open(BAD) as early:
            greet5(early, 2)
            early.sendall(b"\x01\x04slow\x05right")
            wait_until("PAM is asked", self.asked)
            self.fail(3)
            self.assertEqual(early.recv(2), b"\x01\x01")
        self.sockd.wait_line('login failed client=127.0.0.5:', 4)

    def test_below_it_a_right_password_is_not_held_up(self):
        self.sockd.reload(pam={"fail_delay": "5s"})
        failing = [self.open(BAD) for _ in range(2)]
        for s in failing:
            self.addCleanup(s.close)
            greet5(s, 2)
            s.sendall(b"\x01\x03ann\x05wrong")
        self.sockd.wait_line("login failed", 2)
        began = time.monotonic()
        self.assertEqual(self.login("ann", source=BAD), 0)
        self.assertLess(time.monotonic() - began, 4)

    def test_a_right_password_takes_nothing_back(self):
        self.fail(2)
        self.assertEqual(self.login("ann", source=BAD), 0)
        self.fail(1)
        self.sockd.wait_line("abuse penalty")
        self.assert_turned_away()

    def test_a_reload_that_lowers_it(self):
        self.sockd.reload(abuse={"failures": 20})
        self.fail(5)
        self.sockd.reload(abuse={"failures": 3})
        self.assertEqual(self.penalties(), [])
        self.fail(1)
        self.sockd.wait_line("abuse penalty")
        self.assert_turned_away()

    def test_a_reload_that_switches_it_off(self):
        self.fail(3)
        self.assert_turned_away()
        self.sockd.reload(abuse={"failures": 0})
        self.fail(5)
        self.assertEqual(self.login("ann", source=BAD), 0)

    def test_a_reload_that_exempts_one_under_a_penalty(self):
        self.fail(3)
        self.assert_turned_away()
        self.sockd.reload(abuse={"exempt": [BAD + "/32"]})
        self.assertEqual(self.login("ann", source=BAD), 0)

    def test_fail2ban_finds_the_address(self):
        self.fail(3)
        self.assertEqual(self.login("ann", source=GOOD), 0)
        self.sockd.wait_line("abuse penalty")
        self.assertEqual(banned(self.sockd.lines("")), [BAD] * 4)


class Crowd(FailuresTest):
    """More addresses than there may be sessions, each guessing in turn."""

    def changes(self):
        return {**super().changes(), "sessions": {"max": 64}}

    def test_all_are_remembered(self):
        crowd = [f"127.0.{1 + n // 250}.{1 + n % 250}" for n in range(400)]
        for _ in range(3):
            for source in crowd:
                self.fail(1, source)
        self.sockd.wait_line("abuse penalty", len(crowd))


class Waiting(RogueTest):
    """Those that failed and wait for the answer take room."""

    def changes(self):
        return {"sessions": {"max": 64}, "workers": {"max": 8}}

    def pam_keys(self):
        return {"fail_delay": "60s"}

    def test_what_takes_all_room_is_not_laid_to_the_ledger(self):
        def fail():
            s = self.open()
            self.addCleanup(s.close)
            greet5(s, 2)
            s.sendall(b"\x01\x03ann\x05wrong")

        with self.assertRaises((OSError, EOFError)):
            for _ in range(400):
                fail()
        self.sockd.signal(SIGUSR1)	# the master may sleep for 30 s
        line, = self.sockd.wait_line("slots full")
        self.assertIn(" sessions.max=64 why=\"clients are dropped until "
                      "others have ended and ", line)


class Exempt(FailuresTest):
    """Not counted, not turned away."""

    ABUSE = {"failures": 3, "exempt": [BAD + "/32"]}

    def test_exempt(self):
        self.fail(5)
        self.assertEqual(self.login("ann", source=BAD), 0)
        self.fail(3, GOOD)
        line, = self.sockd.wait_line("abuse penalty")
        self.assertIn("client=" + GOOD, line)


class Brief(FailuresTest):
    ABUSE = {"failures": 3, "penalty": "1s"}

    def test_a_penalty_ends(self):
        self.fail(3)
        self.sockd.wait_line("abuse penalty")

        def is_let_in():
            try:
                return self.login("ann", source=BAD) == 0
            except (EOFError, ConnectionError):
                return False
        wait_until("the penalty ends", is_let_in)


class TooMany(SockdTest):
    """Addresses beyond their limits are told of, in a line a minute."""

    CONFIG = {"sessions": {"max_per_address": 3, "handshakes_per_address": 4}}

    def open_held(self):
        s = open_proxy(self.sockd.port())
        self.addCleanup(s.close)
        return s

    def wait_told(self, what, limit):
        line = self.sockd.wait_line("abuse " + what)[0]
        self.assertRegex(line, rf" info abuse {what} client=127\.0\.0\.1:\d+ "
                         rf"limit={limit} count=1$")

    def exceed_handshakes(self):
        for _ in range(4):
            s = self.open_held()
            s.sendall(b"\x05\x01\x00")
            receive_exactly(s, 2)
        for _ in range(20):
            self.assertEqual(greeted(self.open_held()), b"")
        self.wait_told("handshakes", 4)

    def exceed_sessions(self):
        with Echo() as echo:
            for _ in range(3):
                s = socks5(self.sockd.port(), echo.address)
                self.addCleanup(s.socket.close)
            for _ in range(20):
                with self.assertRaises(Refused):
                    socks5(self.sockd.port(), echo.address)
        self.wait_told("sessions", 3)

    def assert_few(self, what):
        """Not one a client; a minute may have turned meanwhile."""
        self.assertLessEqual(len(self.sockd.lines("abuse " + what)), 2)

    def test_handshakes(self):
        self.exceed_handshakes()
        self.assert_few("handshakes")

    def test_sessions(self):
        self.exceed_sessions()
        self.assert_few("sessions")

    def test_fail2ban_finds_both(self):
        self.exceed_sessions()
        self.exceed_handshakes()
        for what in ("sessions", "handshakes"):
            self.assertIn("127.0.0.1",
                          banned(self.sockd.lines("abuse " + what)))


if __name__ == "__main__":
    unittest.main()
