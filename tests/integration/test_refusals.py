"""What is refused, in the ledger: the row of each, or one for many."""

import unittest
from concurrent.futures import ThreadPoolExecutor

from harness import PASS_ALL, SockdTest, wait_until
from wire import Refused, address5, open_proxy, receive_rest, socks5


class Refusals(SockdTest):
    LIMIT_S = 300
    RULES = 'rule "lab" { action = "block" to = { "127.0.0.66" } }\n' \
        'rule "mail" { action = "block" ports = { "25" } }\n' \
        'rule "names" { action = "block" to = { ".example" } }\n' + PASS_ALL

    def test_a_refused_request_is_a_row_with_its_rule(self):
        with self.assertRaises(Refused):
            socks5(self.sockd.port(), ("127.0.0.1", 25))
        row, = self.sockd.wait_rows(1)
        self.assertEqual((row["outcome"], row["reply"], row["rule"]),
                         ("blocked", 2, "mail"))
        self.assertEqual(self.sockd.rows("SELECT * FROM usage"), [])

    def test_an_address_that_a_rule_blocks_names_the_rule(self):
        with self.assertRaises(Refused):
            socks5(self.sockd.port(), ("127.0.0.66", 80))
        with self.assertRaises(Refused):
            socks5(self.sockd.port(), ("0.0.0.0", 80))
        first, second = self.sockd.wait_rows(2)
        self.assertEqual((first["outcome"], first["rule"]),
                         ("blocked", "lab"))
        self.assertEqual((second["outcome"], second["rule"]),
                         ("blocked", None))

    def test_a_name_is_refused_by_the_rule_that_needs_no_address(self):
        """Though one before it would wait for the address."""
        for target in (("localhost", 25), ("a.example", 80)):
            with self.assertRaises(Refused):
                socks5(self.sockd.port(), target)
        mail, name = self.sockd.wait_rows(2)
        self.assertEqual((mail["outcome"], mail["rule"]),
                         ("blocked", "mail"))
        self.assertEqual((name["outcome"], name["rule"]),
                         ("blocked", "names"))

    def test_refusals_before_a_login_are_ten_rows_and_repeats(self):
        n = 60
        for _ in range(n):
            with open_proxy(self.sockd.port()) as s:
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                while s.recv(100):
                    pass
        wait_until("all are counted", lambda: sum(
            1 + r["repeats"] for r in self.sockd.rows(
                "SELECT repeats FROM session")) == n, 90)
        rows = self.sockd.rows("SELECT repeats FROM session")
        self.assertLessEqual(len(rows), 21)	# a minute may turn meanwhile

    def ask_for_mail(self, n):
        octets = b"\5\1\0" + b"\5\1\0" + address5("127.0.0.1", 25)
        for _ in range(n):
            with open_proxy(self.sockd.port()) as s:
                s.sendall(octets)
                receive_rest(s)

    def test_a_request_that_gets_no_row_has_begun_none(self):
        """The accountant comes by at any moment of it."""
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(self.ask_for_mail, [1000] * 12))
        self.sockd.wait_all_ended()
        rows = self.sockd.rows("SELECT outcome FROM session")
        self.assertLessEqual(len(rows), 21)
        self.assertEqual({r["outcome"] for r in rows}, {"blocked"})


if __name__ == "__main__":
    unittest.main()
