"""The words: manual pages, the fail2ban filter, the queries."""

import os
import pty
import re
import shutil
import sqlite3
import subprocess
import unittest

from fail2ban_filter import banned, need_fail2ban
from harness import SockdTest, wait_until

SRCDIR = os.environ["SRCDIR"]
MAN = os.path.join(SRCDIR, "man")
ETC = os.path.join(SRCDIR, "etc")


def need(program):
    if shutil.which(program) is None:
        raise unittest.SkipTest(f"{program} is not installed")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Manual(unittest.TestCase):
    def test_mandoc_has_nothing_to_say(self):
        need("mandoc")
        for page in sorted(os.listdir(MAN)):
            with self.subTest(page=page):
                done = subprocess.run(
                    ["mandoc", "-Tlint", os.path.join(MAN, page)],
                    capture_output=True, text=True)
                # Whether other pages are installed is the machine's affair.
                said = [line for line in done.stdout.splitlines()
                        if "referenced manual not found" not in line]
                self.assertEqual(said, [])

    def test_pages_refer_to_what_there_is(self):
        ours = {"sockd", "sockctl", "sockd.conf", "sockd.db"}
        for page in sorted(os.listdir(MAN)):
            for name, section in re.findall(
                    r"^\.Xr (\S+) (\d)", read(os.path.join(MAN, page)), re.M):
                if name in ours:
                    self.assertTrue(
                        os.path.exists(os.path.join(MAN, f"{name}.{section}")),
                        f"{page} refers to {name}({section})")

    def test_one_sentence_a_line(self):
        for page in sorted(os.listdir(MAN)):
            for number, line in enumerate(
                    read(os.path.join(MAN, page)).splitlines(), 1):
                if line.startswith((".", "'")):
                    continue
                self.assertNotRegex(line, r"[a-z)]\. +[A-Z]",
                                    f"{page}:{number}")


class Curl(unittest.TestCase):
    """The command that goes through it asks for the password, as is said."""

    def setUp(self):
        need("curl")

    @staticmethod
    def said_at_first(command):
        """What it says on its terminal, up to a question."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp("curl", command)
        said = b""
        try:
            while b"password" not in said:
                said += os.read(terminal, 1000)
        except OSError:
            pass		# it has ended
        os.close(terminal)
        os.waitpid(pid, 0)
        return said.decode()

    def test_it_asks(self):
        for path in (os.path.join(SRCDIR, "README"),
                     os.path.join(MAN, "sockd.8")):
            text = read(path).replace("\\\n", " ")
            command, = re.findall(r"\b(curl --proxy.*\bann\b.*)", text)
            with self.subTest(path=path):
                words = command.replace("10.0.0.1:1080", "127.0.0.1:9")
                self.assertIn("proxy password for user 'ann'",
                              self.said_at_first(words.split()))


class Fail2ban(unittest.TestCase):
    FAILURES = [
        'login failed client={client}:5123 user="x" service=sockd',
        'login failed client={client}:5123 user="" service=sockd',
        r'login failed client={client}:5123 user="a\x22 client=192.0.2.1:1 '
        r'user=\x22b" service=sockd-guests',
        "abuse penalty client={client}:5123 failures=20 seconds=3600",
        "abuse handshakes client={client}:5123 limit=50 count=1",
        "abuse sessions client={client}:5123 limit=200 count=31",
    ]
    OTHERS = [
        "session end id=1 client={client}:5123 user=ann target=e.org:443 "
        "source=203.0.113.5:40312 up=812 down=40210 ms=934 "
        "outcome=client-closed",
        'session end id=2 client={client}:5123 user="login failed '
        'client=192.0.2.1:1" target=e.org:443 source=- up=0 down=0 ms=2 '
        "outcome=auth-failed",
    ]
    FORMS = [
        "2026-11-25T22:40:00.123Z sockd-worker[123] info {line}",
        "Nov 25 22:40:00 gate sockd-worker[123]: {line}",
        "2026-11-25T22:40:00.123456+00:00 gate sockd-worker[123]: {line}",
    ]
    CLIENTS = ["198.51.100.7", "[2001:db8::7]"]

    def setUp(self):
        need_fail2ban()

    def test_failures_are_matched(self):
        """Each line, and in their order."""
        told = [(line.format(client=client), client.strip("[]"))
                for client in self.CLIENTS for line in self.FAILURES]
        for form in self.FORMS:
            with self.subTest(form=form):
                self.assertEqual(
                    banned([form.format(line=line) for line, _ in told]),
                    [client for _, client in told])

    def test_other_lines_are_not(self):
        for form in self.FORMS:
            lines = [form.format(line=line.format(client="198.51.100.7"))
                     for line in self.OTHERS]
            self.assertEqual(banned(lines), [])


class Ledger(SockdTest):
    SECTIONS_OF_COLUMNS = {"session": "The table session",
                           "udp_target": "The table udp_target",
                           "usage": "The table usage", "quota": "Views"}

    def test_the_manual_names_every_column(self):
        sections = {text.split("\n")[0]: text for text in
                    read(os.path.join(MAN, "sockd.db.5")).split("\n.Ss ")}
        for table, title in self.SECTIONS_OF_COLUMNS.items():
            for row in wait_until(f"there is {table}", lambda: self.sockd.rows(
                    "SELECT name FROM pragma_table_info(?)", table)):
                self.assertRegex(
                    sections[title],
                    rf"\n\.(It )?Va (\w+ , )*{row['name']}[ \n]", table)


class Queries(unittest.TestCase):
    """Each query is one that SQLite takes, on the schema of sockd.db(5)."""

    SCHEMA = """
        CREATE TABLE session(id INTEGER PRIMARY KEY, user TEXT,
            principal TEXT, auth TEXT, protocol TEXT, command TEXT,
            client_addr TEXT, client_port INTEGER, target_host TEXT,
            target_addr TEXT, target_port INTEGER, source_addr TEXT,
            source_port INTEGER, listen TEXT, rule TEXT, metered INTEGER,
            started REAL, ended REAL, bytes_up INTEGER, bytes_down INTEGER,
            datagrams_up INTEGER, datagrams_down INTEGER, reply INTEGER,
            outcome TEXT, repeats INTEGER);
        CREATE TABLE udp_target(session INTEGER, host TEXT, addr TEXT,
            port INTEGER, first REAL, datagrams INTEGER, bytes INTEGER,
            source_addr TEXT, source_port INTEGER);
        INSERT INTO udp_target VALUES(
            (strftime('%s', '2026-03-01 10:59:50') + 0.5) * 1000000, '',
            '2001:db8::7', 53, 0, 1, 1, '2001:db8::5', 50000);
        CREATE TABLE usage(principal TEXT, day TEXT, metered INTEGER,
            bytes_up INTEGER, bytes_down INTEGER, seconds INTEGER,
            sessions INTEGER);
        INSERT INTO session VALUES (
            (strftime('%s', '2026-03-01 10:59:50') + 0.5) * 1000000,
            'ann', 'ann', 'password', 'socks5',
            'connect', '198.51.100.7', 5123, 'example.net', '192.0.2.7', 443,
            '203.0.113.5', 40312, 'lan', 'members', 1,
            strftime('%s', '2026-03-01 10:59:50') + 0.5,
            strftime('%s', '2026-03-01 11:00:10') + 0.5,
            812, 40210, 0, 0, 0, 'client-closed', 0);
        INSERT INTO session SELECT id + 7200 * 1000000,
            'bob', 'bob', auth, protocol,
            command, client_addr, client_port, target_host, target_addr,
            target_port, source_addr, 40314, listen, rule, metered,
            started, ended, 5, 6, 0, 0, 0, outcome, 0 FROM session;
        INSERT INTO session SELECT (strftime('%s', 'now') - 9) * 1000000,
            user, principal, auth, protocol,
            command, client_addr, client_port, target_host, target_addr,
            target_port, source_addr, 40313, listen, rule, metered,
            strftime('%s', 'now') - 9.5, NULL, 5, 6, 0, 0, 0, NULL, 0
            FROM session WHERE source_port = 40312;
        INSERT INTO session SELECT (strftime('%s', 'now') - 5) * 1000000,
            user, principal, auth, protocol,
            command, client_addr, client_port, target_host, NULL,
            target_port, NULL, NULL, listen, 'no-mail', metered,
            strftime('%s', 'now') - 5, strftime('%s', 'now') - 5, 0, 0, 0, 0,
            2, 'blocked', 4 FROM session WHERE source_port = 40312;
        INSERT INTO session SELECT (strftime('%s', 'now') - 4) * 1000000,
            user, principal, auth, protocol,
            command, client_addr, client_port, target_host, target_addr,
            target_port, NULL, NULL, listen, 'lab-hours', metered,
            strftime('%s', 'now') - 4, strftime('%s', 'now') - 4, 0, 0, 0, 0,
            0, 'blocked', 0 FROM session WHERE source_port = 40312;
        INSERT INTO session SELECT (strftime('%s', 'now') - 3) * 1000000,
            user, principal, auth, protocol,
            NULL, client_addr, client_port, NULL, NULL,
            NULL, NULL, NULL, listen, NULL, metered,
            strftime('%s', 'now') - 3, strftime('%s', 'now') - 3, 0, 0, 0, 0,
            NULL, 'auth-failed', 0 FROM session WHERE source_port = 40312;
        INSERT INTO usage VALUES ('ann', date('now', 'localtime'), 1,
            1000000000, 2000000000, 3600, 2);
    """

    def answer(self, query, **parameters):
        db = sqlite3.connect(":memory:")
        self.addCleanup(db.close)
        db.executescript(self.SCHEMA)
        db.row_factory = sqlite3.Row
        return db.execute(read(os.path.join(ETC, "queries", query)),
                          parameters).fetchall()

    def test_who_used(self):
        def who(time, port=40312, addr="203.0.113.5"):
            return [row["principal"] for row in self.answer(
                "who-used.sql", addr=addr, port=port, time=time)]
        self.assertEqual(who("2026-03-01 12:00:00+01:00"), ["ann"])
        self.assertEqual(who("2026-03-01 11:00:35"), ["ann"])
        self.assertEqual(who("2026-03-01 11:00:45"), [])
        self.assertEqual(who("2026-03-01 10:59:00"), [])
        self.assertEqual(who("2026-03-01 11:00:00", port=40311), [])
        self.assertEqual(who("2026-03-01 11:00:00", 50000, "2001:db8::5"),
                         ["ann"])
        self.assertEqual(who("2026-03-01 11:00:00", 50000), [])
        self.assertEqual(who("2026-03-01 11:00:00", 40314), ["bob"],
                         "the clock was two hours ahead")

    def test_active_now(self):
        rows = self.answer("active-now.sql")
        self.assertEqual([(r["principal"], r["sessions"], r["down"])
                          for r in rows], [("ann", 1, 6)])

    def test_top_talkers(self):
        rows = self.answer("top-talkers.sql")
        self.assertEqual([tuple(r) for r in rows], [("ann", 1, 2, 1, 2)])

    def test_month_by_user(self):
        row, = self.answer("month-by-user.sql")
        self.assertEqual((row["up"], row["down"], row["unmetered"]),
                         (1000000000, 2000000000, 0))

    def test_refused(self):
        """Not who was granted and cut later; and who got no reply."""
        self.assertEqual([(row["outcome"], row["rule"], row["times"])
                          for row in self.answer("refused.sql")],
                         [("blocked", "no-mail", 5),
                          ("auth-failed", None, 1)])

    def test_every_query_is_tested(self):
        for query in os.listdir(os.path.join(ETC, "queries")):
            name = query.replace("-", "_").replace(".sql", "")
            self.assertTrue(hasattr(self, "test_" + name), query)


if __name__ == "__main__":
    unittest.main()
