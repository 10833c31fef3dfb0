"""Old rows leave the ledger: accounting.keep and keep_refused."""

import sqlite3
import time
import unittest

from harness import SockdTest, wait_until

GRANTED, REFUSED = 0, 2


class ExpiryTest(SockdTest):
    def put(self, rows):
        """Sessions that ended: how many hours ago each began, its reply."""
        wait_until("a ledger", lambda: self.sockd.rows(
            "SELECT 1 FROM sqlite_master WHERE name = 'quota_cap'"))
        now = time.time()
        db = sqlite3.connect(self.sockd.db_file, timeout=10)
        db.executemany(
            "INSERT INTO session(id, principal, client_addr, client_port,"
            " metered, started, ended, bytes_up, bytes_down, datagrams_up,"
            " datagrams_down, reply, outcome) VALUES(?1, 'ann', '10.0.0.1',"
            " 1, 1, ?2, ?2 + 1, 0, 0, 0, 0, ?3, 'idle')",
            ((int((now - hours * 3600) * 1e6) + i, now - hours * 3600, reply)
             for i, (hours, reply) in enumerate(rows)))
        db.commit()
        db.close()

    def count(self, where="1", *values):
        row, = self.sockd.rows(
            f"SELECT count(*) AS n FROM session WHERE {where}", *values)
        return row["n"]


class Keep(ExpiryTest):
    CONFIG = {"accounting": {"keep": "2h", "keep_refused": "1h"}}

    def test_old_rows_go_and_young_ones_stay(self):
        self.put((i % 3 + 0.5, REFUSED if i % 2 else GRANTED)
                 for i in range(1500))
        wait_until("old rows go", lambda: self.count() == 750)
        older = "reply = ? AND started < ?"
        an_hour_ago = time.time() - 3600
        self.assertEqual(self.count(older, REFUSED, an_hour_ago), 0)
        self.assertEqual(self.count(older, GRANTED, an_hour_ago), 250)


class Backlog(ExpiryTest):
    """More goes than can come, however long the interval is."""
    CONFIG = {"accounting": {"keep": "2h", "interval": "1h",
                             "sync": "normal"}}

    def test_a_lock_holds_it_up_no_longer_than_it_lasts(self):
        self.put((3, GRANTED) for _ in range(100))
        db = sqlite3.connect(self.sockd.db_file, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        self.sockd.wait_line("ledger cannot be written")
        with self.assertRaises(AssertionError):
            self.sockd.wait_line("ledger trouble ended", patience_s=3)
        db.execute("COMMIT")
        self.sockd.wait_line("ledger trouble ended")
        db.close()
        wait_until("they go", lambda: self.count() == 0, 30)

    def test_thousands_of_old_rows_go_at_once(self):
        self.put((3, GRANTED) for _ in range(10000))
        wait_until("they go", lambda: self.count() == 0, 30)


if __name__ == "__main__":
    unittest.main()
