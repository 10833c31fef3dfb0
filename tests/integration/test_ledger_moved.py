"""A ledger that somebody takes away, or puts another in the place of."""

import os
import shutil
import socket
import sqlite3
from contextlib import closing

from harness import SockdTest
from peers import Echo
from wire import receive_exactly, socks5


class Moved(SockdTest):
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
