"""Quotas are exact, whatever dies or changes meanwhile.

Some tests bear the name of what users of other proxies complain about.
"""

import os
import select
import signal
import socket
import sqlite3
import struct
import threading
import time

from harness import LISTEN, PASS_ALL, SockdTest, wait_until
from pam_stack import RogueTest
from peers import Echo, Silent, Source
from wire import BIND, Refused, UDP, receive_exactly, socks5

MB = 1000 * 1000
CHUNK = 1 << 20			# a session passes a quota by no more


def limit(amount, more=""):
    return f'limit "all" {{ bytes = {{ "{amount}" }} {more} }}\n'


class Download(threading.Thread):
    """Reads as fast as it can until the end; counts."""

    def __init__(self, session):
        super().__init__(daemon=True)
        self.session = session
        self.octets = 0
        self.start()

    def run(self):
        try:
            while True:
                data = self.session.recv(1 << 18)
                if not data:
                    return
                self.octets += len(data)
        except OSError:
            pass


class Gate(Source):
    """A source that waits until all are there."""

    def __init__(self):
        self.opened = threading.Event()
        super().__init__()

    def serve(self, s):
        self.opened.wait(60)
        super().serve(s)


class QuotaTest(SockdTest):
    QUOTA = "200MB/day"
    N = 32

    def setUp(self):
        self.RULES = PASS_ALL + limit(self.QUOTA)
        super().setUp()

    def download(self, source, n):
        return [Download(socks5(self.sockd.port(), source.address))
                for _ in range(n)]

    def correct(self, source, octets):
        """Take so many from what was used up; a tunnel to source."""
        db = sqlite3.connect(self.sockd.db_file, timeout=10)
        db.execute("UPDATE usage SET bytes_down = bytes_down - ?", (octets,))
        db.commit()
        db.close()

        def try_again():
            try:
                return socks5(self.sockd.port(), source.address)
            except Refused:
                return None

        return wait_until("it is let in again", try_again, 5)

    def finish(self, downloads, quota):
        """Wait for their end; delivered, ledger and view must agree."""
        for d in downloads:
            d.join(60)
            self.assertFalse(d.is_alive())
        rows = self.sockd.wait_rows(len(downloads), "ended IS NOT NULL AND"
                                    " outcome IN ('quota', 'lost', 'reset',"
                                    " 'target-closed', 'client-closed')")
        delivered = sum(d.octets for d in downloads)
        ledger = sum(r["bytes_up"] + r["bytes_down"] for r in rows)
        self.assertLessEqual(delivered, ledger)
        self.assertLessEqual(ledger, quota + len(downloads) * CHUNK)
        view, = self.sockd.rows("SELECT * FROM quota")
        self.assertEqual(view["used"], ledger)
        self.assertEqual(view["left"], max(0, view["allowed"] - ledger))
        return rows


class Parallel(QuotaTest):
    def test_parallel_connections_do_not_each_use_up_the_remainder(self):
        with Gate() as source:
            downloads = self.download(source, self.N)
            source.opened.set()
            rows = self.finish(downloads, 200 * MB)
            self.assertEqual({r["outcome"] for r in rows}, {"quota"})
            # what was taken and could not be passed on is given back
            self.assertGreaterEqual(sum(r["bytes_down"] for r in rows),
                                    200 * MB - self.N * CHUNK)
            with self.assertRaises(Refused) as refused:
                for _ in range(self.N):
                    self.download(source, 1)[0].join(30)
        self.assertEqual(refused.exception.code, 2)
        self.sockd.wait_rows(1, "reply = 2")
        line = self.sockd.wait_line("quota reached")[0]
        for word in ("limit=all", "period=day", "resets=2"):
            self.assertIn(word, line)
        self.assertEqual(len(self.sockd.lines("quota at-80-percent")), 1)
        self.assertEqual(len(self.sockd.lines("quota reached")), 1)

    def test_a_worker_killed_in_the_middle(self):
        with Gate() as source:
            downloads = self.download(source, self.N)
            source.opened.set()
            wait_until("data moves", lambda:
                       sum(d.octets for d in downloads) > 20 * MB)
            os.kill(self.sockd.children("worker")[0], signal.SIGKILL)
            self.finish(downloads, 200 * MB)

    def test_the_accountant_killed_in_the_middle(self):
        with Gate() as source:
            downloads = self.download(source, self.N)
            source.opened.set()
            wait_until("data moves", lambda:
                       sum(d.octets for d in downloads) > 20 * MB)
            os.kill(self.sockd.children("account")[0], signal.SIGKILL)
            self.finish(downloads, 200 * MB)

    def test_with_the_database_locked_meanwhile(self):
        with Gate() as source, Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_rows(1)
            db = sqlite3.connect(self.sockd.db_file, isolation_level=None)
            db.execute("BEGIN IMMEDIATE")
            downloads = self.download(source, self.N)
            source.opened.set()
            for d in downloads:
                d.join(60)
                self.assertFalse(d.is_alive())
            db.execute("COMMIT")
            db.close()
            self.sockd.wait_rows(self.N + 1)
        used, = self.sockd.rows("SELECT * FROM quota")
        self.assertLessEqual(used["used"], 200 * MB + (self.N + 1) * CHUNK)
        self.assertGreaterEqual(used["used"], 200 * MB - self.N * CHUNK)


class Restarts(QuotaTest):
    QUOTA = "50MB/day"

    def use(self, source, octets):
        with socks5(self.sockd.port(), source.address) as s:
            receive_exactly(s, octets)
        self.sockd.wait_rows(1)
        used, = wait_until("a quota of it",	# after the session's row
                           lambda: self.sockd.rows("SELECT used FROM quota"))
        return used["used"]

    def moved(self):
        """As the ledger has it."""
        row, = self.sockd.rows("SELECT sum(bytes_down) AS n FROM session")
        return row["n"]

    def test_a_quota_is_not_lost_in_a_crash(self):
        with Source() as source:
            used = self.use(source, 20 * MB)
            self.assertGreaterEqual(used, 20 * MB)
            self.sockd.kill()
            self.sockd.start()
            wait_until("a ledger", lambda: self.sockd.children("account"))
            self.use_up(50 * MB - used)
            self.sockd.wait_rows(5)

    def use_up(self, left):
        """Four downloads get no more than that."""
        with Gate() as gate:
            downloads = self.download(gate, 4)
            gate.opened.set()
            for d in downloads:
                d.join(60)
        octets = sum(d.octets for d in downloads)
        self.assertGreater(octets, 0)
        self.assertLessEqual(octets, left + 4 * CHUNK)

    def test_what_cannot_be_written_can_be_read(self):
        """A lock that is held since before the start."""
        with Source() as source:
            used = self.use(source, 20 * MB)
        self.sockd.stop()
        db = sqlite3.connect(self.sockd.db_file, isolation_level=None)
        self.addCleanup(db.close)
        db.execute("BEGIN IMMEDIATE")
        self.sockd.start()
        self.use_up(50 * MB - used)
        db.execute("COMMIT")
        self.sockd.wait_rows(5)

    def test_a_reload_that_lowers_it_cuts_at_once(self):
        with Source() as source, Silent() as silent:
            used = self.use(source, 15 * MB)
            idle = socks5(self.sockd.port(), silent.address)
            self.assertLess(used, 45 * MB)
            self.sockd.reload(LISTEN + PASS_ALL + limit("10MB/day"))
            idle.settimeout(5)
            self.assertEqual(idle.recv(1), b"")
            self.sockd.wait_rows(1, "outcome = 'quota'")

    def test_a_reload_that_raises_it_lets_go_on(self):
        with Source() as source:
            used = self.use(source, 10 * MB)
            s = socks5(self.sockd.port(), source.address)
            receive_exactly(s, MB)
            self.sockd.reload(LISTEN + PASS_ALL + limit("200MB/day"))
            wait_until("the new limit", lambda: self.sockd.rows(
                "SELECT * FROM quota WHERE allowed = 200e6"))
            before = self.moved()
            receive_exactly(s, 5 * MB)
            wait_until("a sweep after it", lambda: self.moved() > before)
            receive_exactly(s, 60 * MB)
            s.close()
            rows = self.sockd.wait_rows(2)
        self.assertNotIn("quota", {r["outcome"] for r in rows})
        self.assertGreater(sum(r["bytes_down"] for r in rows), used)

    def test_a_correction_by_hand_takes_effect_without_a_restart(self):
        with Source() as source:
            for d in self.download(source, 1):
                d.join(60)
            self.sockd.wait_rows(1, "outcome = 'quota'")
            s = self.correct(source, 30 * MB)
            receive_exactly(s, 20 * MB)
            s.close()


class Credit(QuotaTest):
    QUOTA = "1MB/day"

    def test_it_is_used_up_first_however_fast(self):
        with Source() as source:
            for d in self.download(source, 1):
                d.join(60)
            before, = self.sockd.wait_rows(1, "outcome = 'quota'")
            s = self.correct(source, 100 * MB)
            after = Download(s)
            after.join(60)
            s.close()
        left = 101 * MB - before["bytes_down"]
        self.assertGreater(after.octets, left - CHUNK)
        self.assertLessEqual(after.octets, left + CHUNK)


class Idle(QuotaTest):
    QUOTA = "3MB/day"
    CONFIG = {"workers": {"park_after": "50ms"}}

    def test_parked_and_idle_sessions_are_cut_too(self):
        with Source(size=4 * MB) as source, Silent() as silent:
            idle = [socks5(self.sockd.port(), silent.address)
                    for _ in range(6)]
            download, = self.download(source, 1)
            download.join(30)
            for s in idle:
                s.settimeout(10)
                self.assertEqual(s.recv(1), b"")
            rows = self.sockd.wait_rows(7)
        self.assertEqual({r["outcome"] for r in rows}, {"quota"})

    def test_those_who_wait_are_cut_too(self):
        with Source(size=4 * MB) as source:
            waiting = [socks5(self.sockd.port(), ("127.0.0.1", 0),
                              command=command)
                       for command in (BIND, UDP) for _ in range(2)]
            download, = self.download(source, 1)
            download.join(30)
            for s in waiting:
                s.settimeout(10)
                self.assertEqual(s.recv(1), b"")
            rows = self.sockd.wait_rows(5)
        self.assertEqual({r["outcome"] for r in rows}, {"quota"})
        usage, = self.sockd.rows("SELECT * FROM usage")
        self.assertEqual((usage["sessions"], usage["metered"]), (1, 1))

    def test_counters_move_before_a_connection_ends(self):
        with Echo() as echo:
            s = socks5(self.sockd.port(), echo.address)
            s.sendall(b"x" * 100000)
            receive_exactly(s, 100000)
            view, = wait_until("the view moves", lambda: self.sockd.rows(
                "SELECT * FROM quota WHERE used = 200000"), 5)
            self.assertEqual(view["left"], 3 * MB - 200000)
            s.close()


class Unmetered(QuotaTest):
    QUOTA = "1MB/day"

    def test_sessions_of_an_unmetered_rule_are_left_out(self):
        with Source(size=5 * MB) as source:
            self.sockd.reload(
                LISTEN + 'rule "free" { action = "pass" metered = false '
                f'ports = {{ "{source.port}" }} }}\n' + PASS_ALL +
                limit("1MB/day"))
            download, = self.download(source, 1)
            download.join(30)
            self.assertEqual(download.octets, 5 * MB)
            download.session.close()
            row, = self.sockd.wait_rows(1)
        self.assertEqual(row["metered"], 0)
        usage, = self.sockd.rows("SELECT * FROM usage WHERE metered = 0")
        self.assertEqual(usage["bytes_down"], 5 * MB)


class Datagrams(QuotaTest):
    QUOTA = "1MB/day"

    def test_udp_counts_as_well(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            target.bind(("127.0.0.1", 0))
            client.bind(("127.0.0.1", 0))
            control = socks5(self.sockd.port(), ("0.0.0.0", 0), command=3)
            header = b"\0\0\0\x01" + socket.inet_aton("127.0.0.1") + \
                struct.pack("!H", target.getsockname()[1])
            control.settimeout(0.001)
            for _ in range(4000):
                client.sendto(header + b"x" * 1000, control.bound)
                if select.select([control.socket], [], [], 0.0005)[0]:
                    break
            control.settimeout(10)
            self.assertEqual(control.recv(1), b"")
            row, = self.sockd.wait_rows(1)
        self.assertEqual(row["outcome"], "quota")
        self.assertGreaterEqual(row["bytes_up"], MB)
        self.assertLessEqual(row["bytes_up"], MB + 1000)
        self.assertEqual(row["bytes_up"], row["datagrams_up"] * 1000)
        seen, = self.sockd.rows("SELECT * FROM udp_target")
        self.assertEqual((seen["session"], seen["addr"], seen["bytes"]),
                         (row["id"], "127.0.0.1", row["bytes_up"]))


class Living(SockdTest):
    """Rules and rates of a reload hold for those who live."""

    def test_a_reload_cuts_those_no_longer_allowed_and_only_those(self):
        with Silent() as one, Silent() as two:
            a = socks5(self.sockd.port(), one.address)
            b = socks5(self.sockd.port(), two.address)
            self.sockd.reload(
                LISTEN + 'rule "no" { action = "block" '
                f'ports = {{ "{one.port}" }} }}\n' + PASS_ALL)
            a.settimeout(5)
            self.assertEqual(a.recv(1), b"")
            row, = self.sockd.wait_rows(1)
            self.assertEqual(row["outcome"], "blocked")
            b.settimeout(0.3)
            with self.assertRaises(socket.timeout):
                b.recv(1)
            b.close()

    def test_a_new_rate_holds_at_once(self):
        with Source() as source:
            download = Download(socks5(self.sockd.port(), source.address))
            wait_until("it runs", lambda: download.octets > 10 * MB)
            self.sockd.reload(LISTEN + PASS_ALL +
                              'limit "all" { rate_down = "8Mbit" }\n')

            def rate():
                before, began = download.octets, time.monotonic()
                select.select([], [], [], 0.5)
                return (download.octets - before) / \
                    (time.monotonic() - began)
            wait_until("it is slow", lambda: rate() < 1.5 * MB, 10)
            download.session.close()

    def test_an_edge_of_hours_cuts_within_two_seconds(self):
        """Where a block begins, and where a pass ends; and nobody else."""
        edge = (int(time.time()) + 8) // 60 * 60 + 60
        before, at, after = (time.strftime("%H:%M", time.localtime(t))
                             for t in (edge - 3600, edge, edge + 3600))
        with Silent() as one, Silent() as two, Silent() as three:
            self.sockd.reload(LISTEN + f'''
rule "no" {{ action = "block" ports = {{ "{one.port}" }}
             hours = {{ "{at}-{after}" }} }}
rule "yes" {{ action = "pass" ports = {{ "{two.port}" }}
              hours = {{ "{before}-{at}" }} }}
rule "rest" {{ action = "pass" ports = {{ "{one.port}", "{three.port}" }} }}
''')
            cut = [socks5(self.sockd.port(), s.address) for s in (one, two)]
            stays = socks5(self.sockd.port(), three.address)
            for s in cut:
                s.settimeout(90)
                self.assertEqual(s.recv(1), b"")
                self.assertGreaterEqual(time.time(), edge)
                self.assertLess(time.time(), edge + 2)
            rows = self.sockd.wait_rows(2)
            self.assertEqual({(r["outcome"], r["target_port"]) for r in rows},
                             {("blocked", one.port), ("blocked", two.port)})
            self.assertEqual(select.select([stays.socket], [], [], 0)[0], [])


class Users(RogueTest):
    RULES = PASS_ALL + 'limit "all" { users = { "*" } ' \
        'bytes = { "2MB/day" } }\n'

    def test_one_limit_serves_all_users_without_a_line_for_each(self):
        """Each has all of it."""
        users = ("ann", "bob", "cid")
        with Source() as source:
            for user in users:
                s = socks5(self.sockd.port(), source.address, user, "right")
                download = Download(s)
                download.join(30)
                self.assertFalse(download.is_alive())
                self.assertLessEqual(download.octets, 2 * MB)
        rows = self.sockd.wait_rows(len(users))
        self.assertEqual({r["outcome"] for r in rows}, {"quota"})
        def used():
            return [r for r in self.sockd.rows("SELECT * FROM quota")
                    if r["used"]]
        wait_until("the view has all", lambda: len(used()) == len(users))
        self.assertEqual({r["principal"]: r["limit"] for r in used()},
                         dict.fromkeys(users, "all"))
        for r in used():
            self.assertLessEqual(r["used"], 2 * MB + CHUNK)
            self.assertGreater(r["used"], MB)
