"""sockctl: the board, the ledger, and what the rules say."""

import contextlib
import os
import sqlite3
import subprocess
import unittest

from harness import LISTEN, PASS_ALL, Sockd, SockdTest, wait_until
from peers import Echo, Silent
from wire import Refused, receive_exactly, socks5


class Ctl(SockdTest):
    def ctl(self, *words):
        return subprocess.run([os.environ["SOCKCTL"], "-f",
                               self.sockd.config, *words],
                              capture_output=True, text=True)

    def test_status_and_live_look_at_the_board(self):
        with Silent() as silent:
            with socks5(self.sockd.port(), silent.address):
                out = self.ctl("status")
                self.assertEqual(out.returncode, 0, out.stderr)
                self.assertIn("1 live", out.stdout)
                out = self.ctl("live")
                self.assertIn("ip:127.0.0.1", out.stdout)
                self.assertIn("%s:%d" % silent.address, out.stdout)

    def test_a_tunnel_is_parked_as_long_as_a_keeper_has_it(self):
        self.sockd.reload(workers={"park_after": "50ms"})
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            wait_until("it is parked",
                       lambda: "parked" in self.ctl("live").stdout)
            self.assertIn("(1 parked)", self.ctl("status").stdout)
            self.sockd.reload(workers={"park_after": "1h"})

            def is_back():
                """Unless workers are few at this moment, for good."""
                s.sendall(b"x")
                receive_exactly(s, 1)
                return "connect" in self.ctl("live").stdout

            wait_until("a worker has it", is_back)
            self.assertIn("(0 parked)", self.ctl("status").stdout)

    def test_what_others_wrote_into_the_ledger_is_no_command(self):
        self.sockd.stop()
        odd = "\x1b[m\x7f\x9b\n"
        path = os.path.join(self.sockd.state, "sockd.db")
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("DROP VIEW quota")
            db.execute('CREATE TABLE quota(principal, "limit", period,'
                       ' resets, used, allowed, left, unit)')
            db.execute("INSERT INTO quota VALUES (?, ?, ?, ?, 1, 2, 1, 'b')",
                       ["é" + odd] * 4)
            db.commit()
            said = self.ctl("quota").stdout
            db.execute("DROP TABLE quota")
            db.execute(f'CREATE VIEW quota AS SELECT * FROM "{odd}"')
            db.commit()
        for text in said, self.ctl("quota").stderr:
            self.assertIn("?[m??", text)
            self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
        self.assertIn("é", said)
        self.assertEqual(said.count("\n"), 2)

    def test_what_a_stolen_worker_wrote_is_quoted(self):
        """No octet of the board reaches the terminal as a command to it."""
        with Silent() as silent, socks5(self.sockd.port(),
                                        ("localhost", silent.port)):
            self.sockd.wait_rows(1, "ended IS NULL AND reply = 0")
            self.assertIn(f"localhost:{silent.port} ",
                          self.ctl("live").stdout)
            with open(os.path.join(self.sockd.run, "board"), "r+b") as f:
                board = f.read()
                for text in (b"localhost\0", b"all\0"):
                    f.seek(board.index(text))
                    f.write(b"\x1b[m")
            out = self.ctl("live").stdout
            self.assertNotIn("\x1b", out)
            self.assertIn("\\x1b[malhost", out)
            self.assertIn('"\\x1b[m', out)

    def test_cut_ends_a_session(self):
        with Silent() as silent:
            s = socks5(self.sockd.port(), silent.address)
            row, = self.sockd.wait_rows(1, "ended IS NULL AND reply = 0")
            out = self.ctl("cut", str(row["id"]))
            self.assertEqual(out.returncode, 0, out.stderr)
            self.assertEqual(s.recv(1), b"")
            row, = self.sockd.wait_rows(1)
        self.assertEqual(row["outcome"], "cut")
        out = self.ctl("cut", str(row["id"]))
        self.assertEqual(out.returncode, 1)
        self.assertEqual(self.ctl("cut", "nonsense").returncode, 2)

    def test_quota_prints_what_is_left(self):
        wait_until("a ledger", lambda: self.ctl("quota").returncode == 0)
        self.sockd.reload(LISTEN + PASS_ALL +
                          'limit "all" { bytes = { "1MB/day" } }\n')
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            s.sendall(b"x" * 100000)
            receive_exactly(s, 100000)
            self.sockd.wait_rows(1, "bytes_down = 100000")
            wait_until("its quota", lambda: "800.0 kB" in self.ctl(
                "quota", "ip:127.0.0.1").stdout)
            out = self.ctl("explain", "from=127.0.0.1", "user=",
                           "to=127.0.0.1:80")
            self.assertIn("200.0 kB used, 800.0 kB left", out.stdout)
            self.assertEqual(out.returncode, 0)

    def test_a_credit_by_hand_is_left_as_well(self):
        self.sockd.reload(LISTEN + PASS_ALL +
                          'limit "all" { bytes = { "1MB/day" } }\n')
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            s.sendall(b"x" * 100000)
            receive_exactly(s, 100000)
        wait_until("its quota", lambda: "800.0 kB" in self.ctl(
            "quota", "ip:127.0.0.1").stdout)
        with contextlib.closing(sqlite3.connect(self.sockd.db_file,
                                                timeout=10)) as db, db:
            db.execute("UPDATE usage SET bytes_down = bytes_down - 1000000")
        out = self.ctl("quota", "ip:127.0.0.1")
        self.assertRegex(out.stdout, r" 0 B +1\.0 MB +1\.8 MB ")
        out = self.ctl("explain", "from=127.0.0.1", "user=",
                       "to=127.0.0.1:80")
        self.assertIn("0 B used, 1.8 MB left\n", out.stdout)
        self.assertEqual(out.returncode, 0)

    def test_who_has_no_quota_is_named(self):
        self.sockd.reload(LISTEN + PASS_ALL +
                          'limit "all" { bytes = { "1MB/day" } }\n')
        with Echo() as echo, socks5(self.sockd.port(), echo.address):
            wait_until("a quota", lambda: "all" in self.ctl("quota").stdout)
        out = self.ctl("quota", "ann", "ip:127.0.0.1")
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("ann has no quota that is counted\n", out.stdout)
        self.assertIn("1.0 MB", out.stdout)

    def test_a_ledger_that_cannot_be_opened_says_why(self):
        self.sockd.stop()
        os.rename(self.sockd.state, self.sockd.state + ".away")
        out = self.ctl("quota")
        self.assertEqual(out.returncode, 1)
        self.assertEqual(out.stderr, f"sockctl: {self.sockd.state}/sockd.db: "
                         "No such file or directory\n")

    def damage(self, table):
        """Leave nonsense where this table begins."""
        with contextlib.closing(sqlite3.connect(self.sockd.db_file)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            size, = db.execute("PRAGMA page_size").fetchone()
            page, = db.execute("SELECT rootpage FROM sqlite_master "
                               "WHERE name = ?", (table,)).fetchone()
        with open(self.sockd.db_file, "r+b") as f:
            f.seek((page - 1) * size)
            f.write(b"\xff" * size)

    def test_a_ledger_that_cannot_be_read_says_why(self):
        self.sockd.reload(LISTEN + PASS_ALL +
                          'limit "all" { bytes = { "1MB/day" } }\n')
        wait_until("its schema", lambda: self.ctl("quota").returncode == 0)
        self.sockd.stop()
        self.damage("quota_holder")
        self.damage("usage")
        why = "sockctl: ledger: database disk image is malformed\n"
        out = self.ctl("quota")
        self.assertEqual((out.returncode, out.stderr), (1, why))
        out = self.ctl("explain", "user=", "from=127.0.0.1")
        self.assertIn("used is not known", out.stdout)
        self.assertEqual(out.stderr, why)

    def test_every_kind_but_the_master_has_a_row(self):
        def rows():
            text = self.ctl("status").stdout.split("\n\n")[0]
            return [line.split() for line in text.splitlines()[1:]]

        self.assertEqual(sorted(row[0] for row in rows()),
                         ["account", "auth", "keeper", "resolver", "worker"])
        wait_until("there is one of each", lambda: all(
            row[1:] != ["0"] * 4 for row in rows()))

    def counts(self):
        text = self.ctl("status").stdout.split("since the start\n")[1]
        return {name: int(n) for name, n in
                (line.split() for line in text.splitlines())}

    def test_the_manual_says_what_each_count_is(self):
        with open(os.path.join(os.environ["SRCDIR"], "man", "sockctl.8"),
                  encoding="utf-8") as f:
            manual = f.read()
        for name in self.counts():
            self.assertIn(f"\n.It {name}\n", manual)

    def test_whoever_is_never_granted_was_refused(self):
        """By a rule, by the target, and by a quota behind the rule."""
        self.sockd.reload(
            LISTEN + 'rule "no" { action = "block" to = { "127.0.0.9" } }\n' +
            PASS_ALL + 'limit "all" { bytes = { "100B/day" } }\n')
        with Echo() as echo:
            with socks5(self.sockd.port(), echo.address) as s:
                s.sendall(b"x" * 100)
                self.sockd.wait_rows(1, "outcome = 'quota'")
            for host in ("127.0.0.9", "127.0.0.1"):
                with self.assertRaises(Refused):
                    socks5(self.sockd.port(), (host, echo.port))
            self.sockd.reload(LISTEN + PASS_ALL)
            with self.assertRaises(Refused):
                socks5(self.sockd.port(), ("127.0.0.1", 1))
        rows = self.sockd.wait_rows(4)
        self.assertEqual([r["outcome"] for r in rows],
                         ["quota", "blocked", "quota", "refused"])
        counts = self.counts()
        self.assertEqual((counts["granted"], counts["refused"]), (1, 3))
        self.assertEqual(len(self.sockd.rows("SELECT * FROM refused")), 3)

    def test_what_a_dead_daemon_left_is_called_so(self):
        dead = "sockd is not running; this is what the last run left\n"
        with Silent() as silent, socks5(self.sockd.port(), silent.address):
            for command in ("status", "live"):
                out = self.ctl(command)
                self.assertEqual((out.returncode, out.stderr), (0, ""))
            self.sockd.kill()
            for command in ("status", "live"):
                out = self.ctl(command)
                self.assertEqual(out.returncode, 1)
                self.assertEqual(out.stderr, "sockctl: " + dead)
                self.assertNotEqual(out.stdout, "")
            self.assertIn("%s:%d" % silent.address, out.stdout)
        self.sockd.start()
        self.assertEqual(self.ctl("status").returncode, 0)

    def test_an_unknown_command_is_named(self):
        out = self.ctl("stats")
        self.assertEqual(out.returncode, 2)
        self.assertTrue(out.stderr.startswith(
            'sockctl: there is no command "stats"\nusage: '), out.stderr)

    def test_the_usage_fits_a_terminal(self):
        out = self.ctl("help")
        self.assertEqual(out.returncode, 2)
        for line in out.stderr.expandtabs().splitlines():
            self.assertLessEqual(len(line), 80)

    def test_a_rule_that_no_longer_fits_this_machine(self):
        """An interface is down, and that is when one wants to look."""
        wait_until("a ledger", lambda: self.ctl("quota").returncode == 0)
        with open(self.sockd.config, "a") as f:
            f.write('rule "out" { action = "pass" source = { "192.0.2.7" } }'
                    "\n")
        for words in (["status"], ["live"], ["quota"]):
            out = self.ctl(*words)
            self.assertEqual((out.returncode, out.stderr), (0, ""), words)
        out = self.ctl("explain")
        self.assertEqual(out.returncode, 2)
        self.assertIn("192.0.2.7", out.stderr)

    def test_without_a_daemon_it_says_so(self):
        self.sockd.stop()
        out = self.ctl("status")
        self.assertEqual(out.returncode, 1)
        self.assertIn("is sockd running?", out.stderr)


class Explain(unittest.TestCase):
    RULES = '''
rule "nets" { action = "block" to = { "192.0.2.0/24" } ports = { "25" } }
rule "mail" { action = "block" ports = { "25" } }
rule "night" { action = "block" users = { "ann" }
	hours = { "mon-fri 22:00-06:00" } }
rule "office" { action = "pass" from = { "10.0.0.0/8" }
	commands = { "connect", "udp" } }
rule "members" { action = "pass" users = { "*" } }
limit "all" { bytes = { "100MB/day" } }
'''

    def setUp(self):
        self.sockd = Sockd(LISTEN.replace('"none"', '"none", "password"') +
                           self.RULES)
        self.addCleanup(self.sockd.close)

    def explain(self, *words):
        out = subprocess.run([os.environ["SOCKCTL"], "-f",
                              self.sockd.config, "explain", *words],
                             capture_output=True, text=True)
        rules = {}
        for line in out.stdout.splitlines():
            if line.startswith("  ") and len(line.split()) > 2:
                name, _, *rest = line.split()
                rules[name] = " ".join(rest)
        return out.returncode, rules, out.stdout + out.stderr

    def test_each_rule_with_its_answer_and_why(self):
        code, rules, text = self.explain("user=ann", "from=192.0.2.7",
                                         "to=example.org:443",
                                         "at=mon 09:00")
        self.assertEqual(code, 0, text)
        self.assertEqual(rules["mail"], "no ports")
        self.assertEqual(rules["night"], "no hours")
        self.assertEqual(rules["office"], "no from")
        self.assertEqual(rules["members"], "yes")
        self.assertIn("pass: rule members", text)
        self.assertIn("limit: all applies to ann", text)

    def test_hours_users_and_commands_decide(self):
        code, rules, text = self.explain("user=ann", "from=10.0.0.7",
                                         "to=example.org:443",
                                         "at=tue 05:59")
        self.assertEqual((code, rules["night"]), (1, "yes"), text)
        code, _, _ = self.explain("user=bob", "from=10.0.0.7",
                                  "to=example.org:443", "at=tue 05:59")
        self.assertEqual(code, 0)
        code, rules, _ = self.explain("user=", "from=10.0.0.7",
                                      "to=192.0.2.1:443", "command=bind")
        self.assertEqual((code, rules["office"]), (1, "no commands"))

    def test_a_block_is_named_though_one_before_it_is_not_known(self):
        _, rules, text = self.explain("from=10.0.0.7", "to=a.example:25")
        self.assertEqual((rules["nets"], rules["mail"]), ("not yet to", "yes"))
        self.assertIn("block: rule mail", text)

    def test_what_is_not_said_is_not_known(self):
        _, rules, text = self.explain("from=192.0.2.7", "to=192.0.2.1:443")
        self.assertEqual(rules["members"], "not yet users", text)

    def test_wrong_words(self):
        for words in (["colour=red"], ["to=example.org"], ["from=ann"],
                      ["at=9"], ["command=push"], ["listen=none"],
                      ["to=192.0.2.1:0"],
                      ["command=udp", "protocol=socks4"]):
            code, _, text = self.explain(*words)
            self.assertEqual(code, 2, text)
