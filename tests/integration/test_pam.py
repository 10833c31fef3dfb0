"""Logins through PAM: what modules may do to a helper, and what a client
sees of it."""

import os
import select
import time
from signal import SIGKILL

from harness import IS_ROOT, comm, descriptors, wait_until
from pam_stack import RogueTest
from peers import Echo
from wire import (Refused, greet5, login5, open_proxy, receive_rest,
                  socks5)


def is_readable(s):
    return bool(select.select([s], [], [], 0)[0])


class Login(RogueTest):
    def test_right_and_wrong(self):
        self.assertEqual(self.login("ann"), 0)
        self.assertEqual(self.login("ann", "wrong"), 1)
        self.assertEqual(self.login("ann", ""), 1)
        self.assertEqual(self.login("bob", "right"), 0)

    def test_nothing_after_a_failure_is_obeyed(self):
        with Echo() as echo, open_proxy(self.sockd.port()) as s:
            request = b"\x05\x01\x00\x01\x7f\x00\x00\x01" + \
                echo.port.to_bytes(2, "big")
            s.sendall(b"\x05\x01\x02\x01\x03ann\x05wrong" + request)
            data = b""
            while True:
                part = s.recv(100)
                if not part:
                    break
                data += part
            self.assertEqual(data, b"\x05\x02\x01\x01")
            self.assertEqual(echo.peers, [])

    def test_on_standard_error_v_is_heard_of_pam_as_well(self):
        self.sockd.stop()
        self.sockd.configure(log={"target": "stderr", "level": "info"})
        self.sockd.log_file = os.path.join(self.sockd.dir, "stderr")
        self.sockd.start("-v")
        self.login("ann", "wrong")
        self.sockd.wait_line("debug pam refused service=sockd user=\"ann\"")

    def test_what_pam_is_told(self):
        self.login("ann", source="127.0.0.9")
        self.assertEqual(self.asked(), [("ann", "127.0.0.9", "sockd")])

    def test_any_octet_goes_to_pam_and_quoted_to_the_log(self):
        name = bytes([c for c in range(1, 256) if c not in b"\n"])
        name = name.replace(b" ", b"")
        with open_proxy(self.sockd.port()) as s:
            greet5(s, 2)
            self.assertEqual(login5(s, name, b"wrong"), 1)
        user, _, _ = self.asked()[0]
        self.assertEqual(os.fsencode(user), name)
        line, = self.sockd.wait_line("login failed")
        self.assertRegex(line, r'login failed client=127\.0\.0\.1:\d+ '
                         r'user="[ -~]*" service=sockd$')
        self.assertIn(r"\x01\x02", line)

    def test_nul_is_refused_and_never_asked(self):
        for user, password in ((b"a\0n", b"right"), (b"ann", b"right\0")):
            with open_proxy(self.sockd.port()) as s:
                greet5(s, 2)
                self.assertEqual(login5(s, user, password), 1)
        self.assertEqual(self.asked(), [])

    def test_another_version_is_no_login(self):
        with self.open() as s:
            greet5(s, 2)
            s.sendall(b"\x05\x01")
            self.assertEqual(receive_rest(s), b"\x01\x01")
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "bad-request")
        self.assertEqual(self.asked(), [])

    def test_a_name_that_would_be_counted_as_an_address_is_none(self):
        self.assertEqual(self.login("ip:10.0.0.7"), 1)
        self.assertEqual(self.asked(), [])

    def test_longest_names(self):
        self.assertEqual(self.login("u" * 255, "p" * 255), 1)
        self.assertEqual(self.asked()[0][0], "u" * 255)

    def test_an_expired_password_is_a_refusal(self):
        self.assertEqual(self.login("expired"), 1)
        self.sockd.wait_line("why=password-expired")

    def test_pam_that_cannot_decide_is_an_error_and_no_failed_login(self):
        self.assertEqual(self.login("unavail"), 1)
        self.sockd.wait_line('pam failed service=sockd user="unavail"')
        self.assertEqual(self.sockd.lines("login failed"), [])

    def test_the_canonical_user_counts_and_the_typed_is_logged(self):
        with Echo() as echo:
            with socks5(self.sockd.port(), echo.address, "alias", "right"):
                pass
        row, = self.sockd.wait_rows(1)
        self.assertEqual((row["user"], row["principal"]),
                         ("alias", "daemon"))


class Groups(RogueTest):
    RULES = 'rule "g" { action = "pass" groups = { "daemon" } }\n'

    def test_groups_come_with_the_verdict(self):
        with Echo() as echo:
            port = self.sockd.port()
            for user in ("daemon", "alias", "daemon"):	# the last: cached
                with socks5(port, echo.address, user, "right"):
                    pass
            with self.assertRaises(Refused) as refused:
                socks5(port, echo.address, "bin", "right")
            self.assertEqual(refused.exception.code, 2)
            with self.assertRaises(Refused):
                socks5(port, echo.address, "nobody-knows-me", "right")


class Rogue(RogueTest):
    """A module hurts its own client only."""

    def pam_keys(self):
        return {"timeout": "6s", "helpers": 2, "cache": "0s"}

    def test_one_that_crashes(self):
        for _ in range(3):
            began = time.monotonic()
            self.assertEqual(self.login("crash"), 1)
            self.assertLess(time.monotonic() - began, 4, "not at once")
            self.assertEqual(self.login("ann"), 0)
        self.sockd.wait_line("helper died family=auth")

    def test_one_that_hangs(self):
        began = time.monotonic()
        hanging = self.open()
        greet5(hanging, 2)
        hanging.sendall(b"\x01\x04hang\x01x")
        for _ in range(5):
            self.assertEqual(self.login("ann"), 0)
        self.assertFalse(is_readable(hanging), "others had to wait")
        self.assertEqual(hanging.recv(2), b"\x01\x01")
        self.assertGreater(time.monotonic() - began, 5.9)
        hanging.close()
        self.sockd.wait_line("helper overran family=auth")
        self.assertEqual(self.login("ann"), 0)

    def test_ones_that_print_fork_leak(self):
        for user in ("print", "fork", "leak", "fsuid", "fork"):
            self.assertEqual(self.login(user), 0)
        self.assertEqual(self.login("ann"), 0)
        self.assertNotIn("printed by", self.sockd.stderr())
        self.assertEqual(self.sockd.lines("helper died"), [])

    def test_one_that_tidies_up_at_the_end(self):
        for password, status in (("right", 0), ("wrong", 1)):
            self.assertEqual(self.login("tidy", password), status)
            self.assertFalse(os.path.exists(self.count_file + ".tidy"))
        self.assertEqual(len(self.asked()), 2)

    def test_one_that_signals_its_group(self):
        self.assertEqual(self.login("signal"), 0)
        self.assertEqual(self.login("ann"), 0)
        self.assertEqual(self.sockd.lines("stopping"), [])

    def test_a_leak_is_bounded(self):
        for _ in range(60):
            self.assertEqual(self.login("leak"), 0)
        self.sockd.wait_line("helper retires family=auth")
        for pid in self.sockd.children("auth") if IS_ROOT else []:
            self.assertLess(descriptors(pid), 60)

    def helpers(self):
        """Those of the family that the master has not forked."""
        family = self.sockd.children("auth")
        with open(f"/proc/{self.sockd.pid}/task/{self.sockd.pid}/children") \
                as f:
            return set(family) - {int(pid) for pid in f.read().split()}

    def test_helpers_die_with_their_parent_though_a_module_changed_ids(self):
        for _ in range(8):
            self.assertEqual(self.login("fsuid"), 0)
        helpers = self.helpers()
        parent, = set(self.sockd.children("auth")) - helpers
        os.kill(parent, SIGKILL)
        wait_until("the helpers end", lambda: not any(
            comm(p) == "sockd-auth" for p in helpers))
        wait_until("a new family stands", lambda: self.login("ann") == 0)

    def test_a_helper_that_is_killed(self):
        for pid in wait_until("there is a helper", self.helpers):
            os.kill(pid, SIGKILL)
        self.sockd.wait_line("helper died")
        wait_until("a new one stands", lambda: self.login("ann") == 0)


class Signals(RogueTest):
    """What a module does about signals ends with its question."""

    def pam_keys(self):
        return {"helpers": 1, "helpers_max": 1, "cache": "0s"}

    def test_the_next_module_knows_how_its_child_ended(self):
        self.assertEqual(self.login("deaf"), 0)
        self.assertEqual(self.login("fork"), 0)

    def test_an_alarm_does_not_end_the_next_question(self):
        self.assertEqual(self.login("alarm"), 0)
        self.assertEqual(self.login("slow"), 0)
        self.assertEqual(self.sockd.lines("helper died"), [])

    def test_a_reload_replaces_a_deaf_one(self):
        self.assertEqual(self.login("deaf"), 0)
        old = self.sockd.children("auth")
        self.sockd.reload()
        wait_until("the old family ends", lambda: not any(
            comm(p) == "sockd-auth" for p in old))
        self.assertEqual(self.login("ann"), 0)


class Slow(RogueTest):
    """A module that takes 3 s delays its own clients only."""

    def test_others_are_served_meanwhile(self):
        began = time.monotonic()
        slow = []
        for _ in range(6):
            s = self.open()
            greet5(s, 2)
            s.sendall(b"\x01\x04slow\x05right")
            slow.append(s)
        for i in range(20):
            self.assertEqual(self.login(f"ann{i}"), 0)
        self.assertFalse(any(map(is_readable, slow)), "others had to wait")
        for s in slow:
            self.assertEqual(s.recv(2), b"\x01\x00")
            s.close()
        self.assertLess(time.monotonic() - began, 12, "one after another")


class FailDelay(RogueTest):
    """The time of a failure tells nothing about the name."""

    def pam_keys(self):
        return {"fail_delay": "700ms"}

    def time_of(self, user, password):
        """The least of a few tries: a busy machine only adds to it."""
        times = []
        for _ in range(4):
            began = time.monotonic()
            self.login(user, password)
            times.append(time.monotonic() - began)
            if times[-1] < 1:
                break
        return min(times)

    def test_a_failure_takes_fail_delay_whatever_happened(self):
        for user in ("ann", "root", "no such user", "unavail", "ip:x"):
            took = self.time_of(user, "wrong")
            self.assertGreater(took, 0.69, user)
            self.assertLess(took, 1, user)
        self.assertLess(self.time_of("ann", "right"), 0.69)


class FailedWait(RogueTest):
    """Clients that wait for their refusal hold no helper."""

    def pam_keys(self):
        return {"fail_delay": "5s", "helpers": 1, "helpers_max": 1}

    def test_others_log_in_meanwhile(self):
        began = time.monotonic()
        failed = []
        for _ in range(8):
            s = self.open()
            greet5(s, 2)
            s.sendall(b"\x01\x01x\x05wrong")
            failed.append(s)
        self.sockd.wait_line("login failed", 8)
        self.assertEqual(self.login("ann"), 0)
        self.assertLess(time.monotonic() - began, 4)
        for s in failed:
            self.assertEqual(s.recv(2), b"\x01\x01")
            s.close()
        self.assertGreater(time.monotonic() - began, 4.9)
