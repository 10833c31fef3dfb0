"""A ledger that somebody takes away, or puts another in the place of."""

import os
import shutil
import socket
import sqlite3
from contextlib import closing

from harness import PASS_ALL, SockdTest, wait_until
from peers import Echo
from wire import receive_exactly, socks5


class Moved(SockdTest):
    RULES = PASS_ALL + 'limit "all" { bytes = { "1GB/day" } }\n'

    def test_a_ledger_that_is_taken_away_is_begun_anew(self):
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            self.sockd.wait_rows(1, "reply = 0")
            for name in os.listdir(self.sockd.state):
                if name.startswith("sockd.db"):
                    os.unlink(os.path.join(self.sockd.state, name))
            self.sockd.wait_line("ledger was moved or removed")
            s.sendall(b"x" * 100)
            receive_exactly(s, 100)
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(s.recv(1), b"")
            row, = self.sockd.wait_rows(1)
        self.assertEqual(row["bytes_up"], 100)

    def sessions(self, target, n):
        for _ in range(n):
            socks5(self.sockd.port(), target).close()

    def read(self, path):
        """How many sessions are in a ledger, and is it sound?"""
        with closing(sqlite3.connect(path)) as db:
            return (db.execute("SELECT count(*) FROM session").fetchone()[0],
                    db.execute("PRAGMA integrity_check").fetchone()[0])

    def test_a_ledger_that_is_moved_aside_is_whole(self):
        aside = self.sockd.db_file + ".2026"
        with Echo() as echo:
            self.sessions(echo.address, 10)
            self.sockd.wait_rows(10)
            os.rename(self.sockd.db_file, aside)
            self.sockd.wait_line("ledger was moved or removed")
            self.sessions(echo.address, 3)
            self.sockd.wait_rows(3)
        self.assertEqual(self.read(aside), (10, "ok"))

    def test_a_reader_keeps_it_until_all_is_in_it(self):
        """Whose snapshot is older than what was written."""
        aside = self.sockd.db_file + ".2026"
        with Echo() as echo:
            self.sessions(echo.address, 1)
            self.sockd.wait_rows(1)
            reader = sqlite3.connect(self.sockd.db_file, isolation_level=None)
            self.addCleanup(reader.close)
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM session").fetchall()
            self.sessions(echo.address, 9)
            self.sockd.wait_rows(10)
            os.rename(self.sockd.db_file, aside)
            self.sockd.wait_line("ledger was moved and cannot be left")
            self.sessions(echo.address, 3)
            self.sockd.wait_line("session end", 13)
            reader.close()
            self.sockd.wait_rows(3)
        self.assertEqual(self.read(aside), (10, "ok"))

    def test_another_ledger_in_its_place_is_taken_as_it_is(self):
        backup = self.sockd.db_file + ".backup"
        with Echo() as echo:
            self.sessions(echo.address, 10)
            self.sockd.wait_rows(10)
            with closing(sqlite3.connect(self.sockd.db_file)) as db:
                db.execute(f"VACUUM INTO '{backup}'")
            shutil.copystat(self.sockd.db_file, backup)
            owner = os.stat(self.sockd.db_file)
            os.chown(backup, owner.st_uid, owner.st_gid)
            self.sessions(echo.address, 10)
            self.sockd.wait_rows(20)
            os.rename(backup, self.sockd.db_file)
            self.sockd.wait_line("ledger was moved or removed")
            self.sessions(echo.address, 3)
            self.sockd.wait_rows(13)
        self.assertEqual(self.read(self.sockd.db_file), (13, "ok"))

    def exchange(self, s, used):
        """100 octets each way, which the quota view then has as well."""
        s.sendall(bytes(100))
        receive_exactly(s, 100)
        wait_until("the quota is there", lambda: self.sockd.rows(
            f"SELECT * FROM quota WHERE \"limit\" = 'all' AND used = {used}"))

    def test_quotas_stand_in_the_new_one_too(self):
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            self.exchange(s, 200)
            os.unlink(self.sockd.db_file)
            self.sockd.wait_line("ledger was moved or removed")
            self.exchange(s, 200)

    def test_who_lives_is_in_the_new_one_and_counted_once(self):
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            self.exchange(s, 200)
            os.unlink(self.sockd.db_file)
            row, = self.sockd.wait_rows(1, "bytes_up = 100")
            self.assertIsNone(row["ended"])
            self.sockd.reload()
            self.exchange(s, 200)

    def damage(self):
        """Leave of the ledger its first page alone."""
        with closing(sqlite3.connect(self.sockd.db_file)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(self.sockd.db_file, "r+b") as f:
            size = f.seek(0, os.SEEK_END)
            f.seek(4096)
            f.write(b"x" * (size - 4096))

    def test_quotas_stand_in_one_that_replaced_a_damaged_one(self):
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            self.exchange(s, 200)
            self.damage()
            self.sessions(echo.address, 1)
            self.sockd.wait_line("err ledger trouble")
            os.unlink(self.sockd.db_file)
            self.sockd.wait_line("ledger trouble ended")
            self.exchange(s, 200)
