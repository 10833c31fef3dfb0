"""The ledger: what is in it, when, and what may happen to it meanwhile."""

import os
import random
import signal
import socket
import sqlite3
import subprocess
import threading
import time

from harness import SockdTest, needs_root, wait_until
from peers import Echo, Silent
from wire import Refused, greet5, receive_exactly, request5, socks4, socks5

VIEWS = ("live", "today", "week", "month", "targets", "refused", "quota")


class Client(threading.Thread):
    """Exchanges octets with an echo until told to end; counts both ways."""

    def __init__(self, port, target, seed):
        super().__init__(daemon=True)
        self.session = socks5(port, target)
        self.random = random.Random(seed)
        self.up = self.down = 0
        self.done = False
        self.start()

    def run(self):
        try:
            while not self.done:
                data = self.random.randbytes(self.random.randint(1, 30000))
                self.session.sendall(data)
                self.up += len(data)
                self.down += len(receive_exactly(self.session, len(data)))
        except (OSError, AssertionError, EOFError):
            pass

    def finish(self):
        """End in order."""
        self.done = True
        self.join(20)
        self.session.shutdown(socket.SHUT_WR)
        while self.session.recv(1 << 16):
            pass
        self.session.close()


class Rows(SockdTest):
    def test_a_session_is_there_from_its_request_and_its_counters_move(self):
        with Echo() as echo:
            s = socks5(self.sockd.port(), echo.address)
            row, = self.sockd.wait_rows(1, "ended IS NULL AND reply = 0")
            self.assertEqual(row["bytes_up"], 0)
            s.sendall(b"x" * 1000)
            receive_exactly(s, 1000)
            row, = self.sockd.wait_rows(1, "ended IS NULL AND bytes_up = 1000"
                                        " AND bytes_down = 1000")
            live, = self.sockd.rows("SELECT * FROM live")
            self.assertEqual(live["client"],
                             "%s:%d" % s.socket.getsockname()[:2])
            s.close()
            row, = self.sockd.wait_rows(1)
        self.assertEqual(row["outcome"], "client-closed")
        self.assertEqual((row["source_addr"], row["source_port"]),
                         echo.peers[0])
        self.assertEqual(self.sockd.rows("SELECT * FROM live"), [])
        line, = self.sockd.wait_line("session end")
        for word in (f"id={row['id']} ", "up=1000 down=1000 ",
                     ' user="ip:127.0.0.1" target=',
                     "outcome=client-closed",
                     "target=%s:%d " % echo.address,
                     "source=%s:%d " % echo.peers[0]):
            self.assertIn(word, line)

    def test_a_name_is_the_target_host_and_a_literal_is_not(self):
        with Echo() as echo:
            for name in ("localhost", "127.0.0.1"):
                socks5(self.sockd.port(), (name, echo.port)).close()
            rows = self.sockd.wait_rows(2)
        self.assertEqual({r["target_host"] for r in rows},
                         {"localhost", None})
        self.assertEqual({r["target_addr"] for r in rows}, {"127.0.0.1"})

    def test_a_socks4_userid_is_written_and_not_believed(self):
        with Echo() as echo:
            socks4(self.sockd.port(), echo.address,
                   userid=b"root\xff\n").close()
            row, = self.sockd.wait_rows(1)
        self.assertEqual(row["user"], "root\\xff\\x0a")
        self.assertEqual(row["principal"], "ip:127.0.0.1")
        self.assertEqual(row["protocol"], "socks4")

    def test_ids_are_times(self):
        before = time.time()
        with Echo() as echo:
            for _ in range(3):
                socks5(self.sockd.port(), echo.address).close()
            rows = self.sockd.wait_rows(3)
        for row in rows:
            self.assertAlmostEqual(row["id"] / 1e6, row["started"], delta=2)
        self.assertGreater(rows[0]["id"] / 1e6, before - 60)

    def test_every_view_can_be_read(self):
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_rows(1)
        self.assertEqual({row["name"] for row in self.sockd.rows(
            "SELECT name FROM sqlite_master WHERE type = 'view'")},
            set(VIEWS))
        for view in VIEWS:
            self.sockd.rows(f"SELECT * FROM {view}")
        today, = self.sockd.rows("SELECT * FROM today")
        self.assertEqual(today["principal"], "ip:127.0.0.1")
        self.assertEqual(today["sessions"], 1)

    def test_a_question_about_some_time_walks_no_table(self):
        wait_until("there is a ledger",
                   lambda: self.sockd.rows("SELECT 1 FROM state"))
        db = sqlite3.connect(self.sockd.db_file)
        self.addCleanup(db.close)
        for name in ("who-used", "refused", "active-now"):
            with open(os.path.join(os.environ["SRCDIR"], "etc", "queries",
                                   name + ".sql")) as f:
                plan = db.execute("EXPLAIN QUERY PLAN " + f.read(),
                                  {"addr": "::1", "port": 1, "time": 0})
            for step in plan.fetchall():
                self.assertNotRegex(
                    step[3], "SCAN (TABLE )?session$|AUTOMATIC")

    @needs_root
    def test_a_reader_without_write_access_can_read(self):
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_rows(1)
        self.sockd.stop()
        os.chmod(self.sockd.state, 0o755)
        for name in os.listdir(self.sockd.state):
            os.chmod(os.path.join(self.sockd.state, name), 0o644)
        out = subprocess.run(
            ["/usr/bin/python3", "-c",
             "import sqlite3, sys; print(sqlite3.connect("
             "f'file:{sys.argv[1]}?mode=ro', uri=True).execute("
             "'SELECT count(*) FROM session').fetchone()[0])",
             self.sockd.db_file], user=12345, group=12345, extra_groups=[],
            capture_output=True, text=True)
        self.assertEqual(out.stdout.strip(), "1", out.stderr)


class Trouble(SockdTest):
    def lock(self):
        db = sqlite3.connect(self.sockd.db_file, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        self.addCleanup(db.close)
        return db

    def test_a_locked_database_holds_up_nobody(self):
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_rows(1)
            db = self.lock()
            for _ in range(20):
                with socks5(self.sockd.port(), echo.address) as s:
                    s.sendall(b"12345")
                    receive_exactly(s, 5)
            self.sockd.wait_line("ledger cannot be written")
            self.sockd.wait_line("session end", 21)
            db.execute("COMMIT")
            self.sockd.wait_rows(21)
        usage, = self.sockd.rows("SELECT * FROM usage")
        self.assertEqual((usage["bytes_up"], usage["sessions"]), (100, 21))
        line, = self.sockd.lines("ledger cannot be")
        self.assertIn(" warning ledger trouble ", line)

    def test_what_does_not_pass_is_told_after_what_might_have(self):
        """Locked first, and then no database."""
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_rows(1)
            db = self.lock()
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_line("warning ledger trouble")
            junk = self.sockd.db_file + ".junk"
            with open(junk, "w") as f:
                f.write("this is no database at all, and long enough\n" * 100)
            for end in ("-wal", "-shm"):
                os.unlink(self.sockd.db_file + end)
            os.replace(junk, self.sockd.db_file)
            db.close()
            self.sockd.wait_line("err ledger trouble ledger cannot be opened")
            os.unlink(self.sockd.db_file)
            self.sockd.wait_line("ledger trouble ended")

    def stop_accountant(self):
        """An accountant that does not answer."""
        pid, = self.sockd.children("account")
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(os.kill, pid, signal.SIGCONT)

    def new_user(self, target):
        """A client whose principal nobody has seen yet."""
        s = socket.create_connection(("127.0.0.1", self.sockd.port()),
                                     source_address=("127.0.0.77", 0))
        s.settimeout(20)
        self.addCleanup(s.close)
        greet5(s, 0)
        began = time.monotonic()
        request5(s, 1, target)
        return time.monotonic() - began

    def test_a_new_user_does_not_wait_for_the_interval(self):
        self.sockd.reload(accounting={"interval": "10s"})
        with Echo() as echo:
            self.assertLess(self.new_user(echo.address), 0.9)

    def test_an_accountant_that_hangs_delays_a_new_user_by_a_second(self):
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_rows(1)
            self.stop_accountant()
            took = self.new_user(echo.address)
            self.assertGreater(took, 0.9)
            self.assertLess(took, 5)

    def test_a_ledger_that_is_out_of_order_delays_nobody(self):
        self.sockd.stop()
        with open(self.sockd.db_file, "w") as f:
            f.write("this is no database at all, and long enough\n" * 100)
        for end in ("-wal", "-shm"):
            os.unlink(self.sockd.db_file + end)
        self.sockd.start()
        self.sockd.wait_line("ledger cannot be opened")
        with Echo() as echo:
            for _ in range(2):
                self.assertLess(self.new_user(echo.address), 0.9)

    def test_unknown_usage_may_block(self):
        self.sockd.reload(accounting={"unknown": "block"})
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_rows(1)
            self.stop_accountant()
            with self.assertRaises(Refused) as refused:
                self.new_user(echo.address)
        self.assertEqual(refused.exception.code, 2)
        line, = self.sockd.wait_line("usage unknown client=")
        self.assertRegex(line, r' info .*:\d+ principal="ip:[0-9.]+" count=1$')

    def test_a_newer_schema_is_refused_with_a_word(self):
        self.sockd.stop()
        db = sqlite3.connect(self.sockd.db_file)
        version, = db.execute("PRAGMA user_version").fetchone()
        db.execute("PRAGMA user_version = 1000")
        db.close()
        self.sockd.start()
        self.sockd.wait_line("err ledger trouble ledger cannot be opened")
        self.sockd.wait_line("newer than")
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_line("session end")
            db = sqlite3.connect(self.sockd.db_file)
            db.execute(f"PRAGMA user_version = {version}")
            db.close()
            self.sockd.wait_rows(1)

    def test_a_ledger_that_is_no_database_is_told_and_waited_for(self):
        self.sockd.stop()
        for name in os.listdir(self.sockd.state):
            os.unlink(os.path.join(self.sockd.state, name))
        with open(self.sockd.db_file, "w") as f:
            f.write("this is no database at all, and long enough\n" * 100)
        self.sockd.start()
        self.sockd.wait_line("ledger cannot be opened")
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_line("session end")
            os.unlink(self.sockd.db_file)
            self.sockd.wait_rows(1)
        line, = self.sockd.lines("ledger cannot be")
        self.assertIn(" err ledger trouble ", line)
        self.sockd.wait_line("ledger trouble ended count=")

    @needs_root
    def test_a_full_disk_is_waited_for(self):
        self.sockd.stop()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k,mode=777",
                           "none", self.sockd.state]).returncode != 0:
            self.skipTest("tmpfs cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.sockd.state])
        self.sockd.start()
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            self.sockd.wait_rows(1)
            fill = os.path.join(self.sockd.state, "fill")
            with open(fill, "wb", buffering=0) as f:
                try:
                    while f.write(bytes(4096)) == 4096:
                        pass
                except OSError:
                    pass
            n = 1
            while not self.sockd.lines("ledger cannot be"):
                socks5(self.sockd.port(), echo.address).close()
                n += 1
                self.assertLess(n, 3000)
            for _ in range(10):
                socks5(self.sockd.port(), echo.address).close()
                n += 1
            os.unlink(fill)
            self.sockd.wait_rows(n)
        usage, = self.sockd.rows("SELECT * FROM usage")
        self.assertEqual(usage["sessions"], n)


class Exact(SockdTest):
    """50 sessions that move data while things die."""

    CLIENTS = 50

    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.addCleanup(self.echo.close)
        self.clients = [Client(self.sockd.port(), self.echo.address, i)
                        for i in range(self.CLIENTS)]

    def finish(self):
        for client in self.clients:
            client.finish()
        rows = self.sockd.wait_rows(self.CLIENTS)
        sums, = self.sockd.rows("SELECT sum(bytes_up) AS up,"
                                " sum(bytes_down) AS down FROM session")
        self.assertEqual(sums["up"], sum(c.up for c in self.clients))
        self.assertEqual(sums["down"], sum(c.down for c in self.clients))
        usage, = self.sockd.rows("SELECT sum(bytes_up) AS up,"
                                 " sum(bytes_down) AS down,"
                                 " sum(sessions) AS n FROM usage")
        self.assertEqual((usage["up"], usage["down"], usage["n"]),
                         (sums["up"], sums["down"], self.CLIENTS))
        return rows

    def test_sums_agree_to_the_octet(self):
        time_to = time.monotonic() + 1
        wait_until("data moves", lambda: time.monotonic() > time_to)
        self.finish()

    def test_an_accountant_killed_again_and_again_counts_nothing_twice(self):
        for _ in range(8):
            pid, = wait_until("an accountant", lambda:
                              self.sockd.children("account"))
            moved = sum(c.up for c in self.clients)
            wait_until("data moves", lambda: sum(
                c.up for c in self.clients) > moved + 1000000)
            os.kill(pid, signal.SIGKILL)
            wait_until("another accountant", lambda: self.sockd.children(
                "account") not in ([], [pid]))
        self.finish()

    def test_all_killed_at_once_are_in_the_ledger_once(self):
        wait_until("data moves", lambda: all(c.up > 50000
                                             for c in self.clients))
        self.sockd.kill()
        for c in self.clients:
            c.done = True
            c.join(20)
        up = sum(c.up for c in self.clients)
        down = sum(c.down for c in self.clients)
        self.sockd.start()
        rows = self.sockd.wait_rows(self.CLIENTS)
        self.assertEqual({r["outcome"] for r in rows}, {"lost"})
        self.assertGreaterEqual(sum(r["bytes_down"] for r in rows), down)
        self.assertLessEqual(sum(r["bytes_down"] for r in rows),
                             down + self.CLIENTS * (9 << 20))
        usage, = self.sockd.rows("SELECT sum(bytes_up + bytes_down) AS n,"
                                 " sum(sessions) AS sessions FROM usage")
        self.assertEqual(usage["n"], sum(r["bytes_up"] + r["bytes_down"]
                                         for r in rows))
        self.assertEqual(usage["sessions"], self.CLIENTS)
        self.assertGreaterEqual(up, 50000 * self.CLIENTS)


class Boards(SockdTest):
    def test_sessions_of_a_board_that_is_gone_are_closed_as_lost(self):
        with Silent() as silent:
            s = socks5(self.sockd.port(), silent.address)
            self.sockd.wait_rows(1, "ended IS NULL AND reply = 0")
            self.sockd.kill()
            os.unlink(os.path.join(self.sockd.run, "board"))
            s.close()
            self.sockd.start()
            row, = self.sockd.wait_rows(1)
        self.assertEqual(row["outcome"], "lost")
        self.assertGreaterEqual(row["ended"], row["started"])

    def test_no_id_comes_again_where_the_clock_has_lost_an_hour(self):
        with Echo() as echo:
            socks5(self.sockd.port(), echo.address).close()
            row, = self.sockd.wait_rows(1)
            self.sockd.kill()
            os.unlink(os.path.join(self.sockd.run, "board"))
            last = row["id"] + 3600 * 10 ** 6
            with sqlite3.connect(self.sockd.db_file) as db:
                db.execute("UPDATE session SET id = ?", (last,))
            db.close()
            self.sockd.start()

            def is_later():
                socks5(self.sockd.port(), echo.address).close()
                return self.sockd.rows("SELECT id FROM session WHERE id > ?",
                                       last)

            wait_until("ids go on", is_later)
