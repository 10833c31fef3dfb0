"""Limits before and while a session lives: gauges and quotas."""

import sqlite3
import threading
from signal import SIGUSR1

from harness import LISTEN, PASS_ALL, wait_until
from peers import Sink, Source
from tunnels import TunnelTest
from wire import Refused, open_proxy, receive_exactly, receive_rest, socks5

CHUNK = 1 << 20		# the bound over a quota, for each session


class LimitTest(TunnelTest):
    def tunnel(self):
        s = super().tunnel()
        self.say(s)
        return s

    def assert_refused(self, code=2):
        with self.assertRaises(Refused) as caught:
            self.tunnel()
        self.assertEqual(caught.exception.code, code)


class Gauges(LimitTest):
    CONFIG = {"sessions": {"max": 4}}

    def test_sessions_max(self):
        tunnels = [self.tunnel() for _ in range(4)]
        self.assert_refused()
        tunnels[0].socket.close()
        self.sockd.wait_rows(1, "outcome = 'client-closed'")
        self.tunnel()
        self.assertEqual(
            len(self.sockd.wait_rows(1, "outcome = 'limit'")), 1)

    def test_sessions_max_is_told_when_it_starts_and_ends(self):
        for _ in range(4):
            self.tunnel()
        for _ in range(3):
            self.assert_refused()
        line, = self.sockd.wait_line("sessions full")
        self.assertIn(f"[{self.sockd.pid}] warning sessions full "
                      "sessions.max=4 ", line)
        self.sockd.wait_line("info sessions full ended count=")
        self.assertEqual(len(self.sockd.lines("sessions full")), 2)

    def test_handshakes_do_not_count(self):
        waiting = [open_proxy(self.sockd.port()) for _ in range(10)]
        for s in waiting:
            s.sendall(b"\x05")
        for _ in range(4):
            self.tunnel()
        self.assert_refused()
        for s in waiting:
            s.close()


class Slots(LimitTest):
    """For those that live, and as many again that wait for the ledger."""

    CONFIG = {"sessions": {"max": 32}, "workers": {"max": 8}}

    def test_too_many_that_wait_for_the_ledger_are_told(self):
        self.tunnel().close()
        self.sockd.wait_rows(1)
        db = sqlite3.connect(self.sockd.db_file, isolation_level=None)
        self.addCleanup(db.close)
        db.execute("BEGIN IMMEDIATE")
        n = 1
        with self.assertRaises((OSError, EOFError)):
            while n < 1000:
                self.tunnel().close()
                n += 1
        self.sockd.signal(SIGUSR1)	# the master may sleep for 30 s
        line, = self.sockd.wait_line("slots full")
        self.assertIn(f"[{self.sockd.pid}] warning slots full "
                      "sessions.max=32 why=", line)
        db.execute("COMMIT")
        self.sockd.wait_rows(n)


class PerAddress(LimitTest):
    CONFIG = {"sessions": {"max_per_address": 3}}

    def test_max_per_address(self):
        tunnels = [self.tunnel() for _ in range(3)]
        self.assert_refused()
        tunnels[0].socket.close()
        self.sockd.wait_rows(1, "outcome = 'client-closed'")
        self.tunnel()


class Handshakes(LimitTest):
    CONFIG = {"sessions": {"handshakes_per_address": 3}}

    def test_handshakes_per_address(self):
        """A fourth is dropped; a whole request makes room."""
        waiting = []
        for _ in range(3):
            s = open_proxy(self.sockd.port())
            s.sendall(b"\x05\x01\x00")
            receive_exactly(s, 2)
            waiting.append(s)
        fourth = open_proxy(self.sockd.port())
        fourth.sendall(b"\x05\x01\x00")
        self.assertEqual(receive_rest(fourth), b"")
        waiting[0].close()
        wait_until("room again", self.served)
        for s in waiting + [fourth]:
            s.close()

    def served(self):
        try:
            self.tunnel()
        except (EOFError, ConnectionResetError):
            return False
        return True


class Sessions(LimitTest):
    RULES = PASS_ALL + 'limit "few" { sessions = 2 }\n'

    def test_sessions_of_a_principal(self):
        self.tunnel()
        second = self.tunnel()
        self.assert_refused()
        second.socket.close()
        self.sockd.wait_rows(1, "outcome = 'client-closed'")
        self.tunnel()

    def test_the_log_says_which_limit_it_was_once_a_minute(self):
        for _ in range(2):
            self.tunnel()
        for _ in range(5):
            self.assert_refused()
        line, = self.sockd.wait_line("limit reached")
        self.assertRegex(line, r" info limit reached client=127\.0\.0\.1:\d+ "
                         r'principal="ip:127\.0\.0\.1" limit=few '
                         r"what=sessions count=1$")
        self.sockd.wait_rows(5, "outcome = 'limit'")
        self.assertEqual(len(self.sockd.lines("limit reached")), 1)


class Quota(LimitTest):
    QUOTA = 20_000_000
    RULES = PASS_ALL + f'limit "q" {{ bytes = {{ "{QUOTA}B/day" }} }}\n'
    CONFIG = {"workers": {"start": 16, "max_spare": 40}}

    def download(self, source, counts, i):
        try:
            s = socks5(self.sockd.port(), source.address)
        except (Refused, EOFError, ConnectionError):
            return
        try:
            while True:
                part = s.recv(1 << 18)
                if not part:
                    break
                counts[i] += len(part)
        except ConnectionResetError:
            pass
        s.socket.close()

    def test_32_parallel_downloads(self):
        counts = [0] * 32
        with Source() as source:
            threads = [threading.Thread(target=self.download,
                                        args=(source, counts, i))
                       for i in range(32)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        self.assertLessEqual(sum(counts), self.QUOTA + 32 * CHUNK)
        # And nobody is held up before it is used up.
        self.assertGreater(sum(counts), self.QUOTA / 2)
        rows = wait_until("all ended", self.ended)
        self.assertLessEqual({r["outcome"] for r in rows},
                             {"quota", "reset"})
        ledger = sum(r["bytes_down"] for r in rows)
        self.assertGreaterEqual(ledger, sum(counts))
        self.assertLessEqual(ledger, self.QUOTA + 32 * CHUNK)
        self.use_up()
        for _ in range(5):
            self.use_up()
        line, = self.sockd.wait_line("quota used-up")
        self.assertRegex(line, r"limit=q period=day "
                         r"resets=\d{4}-\d\d-\d\d count=1$")

    def use_up(self):
        """What was not delivered does not count: it is there to be had."""
        with Source() as source:
            for _ in range(20):
                try:
                    socks5(self.sockd.port(), source.address).socket.close()
                except Refused as e:
                    self.assertEqual(e.code, 2)
                    return
                self.download(source, [0], 0)
        self.fail("never refused")

    def ended(self):
        rows = self.sockd.rows("SELECT * FROM session")
        return all(r["ended"] for r in rows) and rows

    def test_upload(self):
        with Sink() as sink, socks5(self.sockd.port(), sink.address) as s:
            try:
                while True:
                    s.sendall(bytes(1 << 16))
            except (BrokenPipeError, ConnectionResetError):
                pass
            row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["outcome"], "quota")
        self.assertLessEqual(sink.octets, self.QUOTA + CHUNK)

    def test_a_raised_quota_lets_the_user_in_again(self):
        with Source() as source:
            counts = [0]
            self.download(source, counts, 0)
        self.use_up()
        self.sockd.reload(LISTEN + PASS_ALL +
                          'limit "q" { bytes = { "1GB/day" } }\n')
        self.tunnel()


class Unmetered(LimitTest):
    RULES = 'rule "free" { action = "pass" metered = false }\n' \
        'limit "q" { bytes = { "1000B/day" } }\n'

    def test_metered_false_stays_out_of_quotas(self):
        s = self.tunnel()
        s.sendall(bytes(50000))
        receive_exactly(s, 50000)
        self.tunnel()


class Refusals(LimitTest):
    RULES = 'rule "no" { action = "block" ports = { "1" } }\n' + PASS_ALL

    def test_rows_of_refusals_are_bounded(self):
        """Ten rows a minute; the rest are counted."""
        for _ in range(40):
            with self.assertRaises(Refused):
                socks5(self.sockd.port(), ("127.0.0.1", 1))
        self.tunnel()
        wait_until("the tunnel's row", lambda: self.sockd.rows(
            "SELECT 1 FROM session WHERE reply = 0"))
        rows = self.sockd.rows(
            "SELECT * FROM session WHERE outcome = 'blocked'")
        # A minute may have turned meanwhile.
        self.assertLessEqual(len(rows), 20)
        self.assertGreaterEqual(len(rows), 10)
