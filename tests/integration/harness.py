"""A sockd of its own for a test: configuration, start, log, ledger, end.

    class Relay(SockdTest):
        RULES = 'rule "all" { action = "pass" }'

        def test_echo(self):
            with Echo() as echo:
                s = socks5(self.sockd.port(), echo.address)

Every sockd has a directory of its own and free ports.  Nothing here sleeps
for a fixed time: wait_until() polls to a deadline.
"""

import getpass
import glob
import os
import re
import resource
import shutil
import socket
import sqlite3
import struct
import subprocess
import tempfile
import time
import unittest
from signal import SIGHUP, SIGTERM

PATIENCE_S = 20
IS_ROOT = os.geteuid() == 0
NOBODY = "nobody" if IS_ROOT else getpass.getuser()

# Small, quick, and indifferent to how the machine resolves localhost.
DEFAULTS = {
    "": {"user": NOBODY},
    "log": {"level": "debug"},
    "workers": {"start": 4, "min_spare": 2, "max_spare": 8, "max": 64},
    "sessions": {"max": 256},
    "pam": {"helpers": 1, "helpers_max": 8},
    "resolver": {"helpers": 1, "helpers_max": 8, "prefer": "ipv4"},
    "accounting": {"interval": "100ms", "principals": 128},
}

PASS_ALL = 'rule "all" { action = "pass" commands = { "connect", "bind", ' \
    '"udp" } }\n'
LISTEN = 'listen "test" { address = "127.0.0.1" port = 0 ' \
    'methods = { "none" } }\n'


def wait_until(what, question, patience_s=PATIENCE_S):
    """Ask until the answer is true; return it.  what names it if not."""
    until = time.monotonic() + patience_s
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"not within {patience_s} s: {what}")
        time.sleep(0.01)


def as_value(value):
    if isinstance(value, (list, tuple)):
        return "{ " + ", ".join(as_value(v) for v in value) + " }"
    if isinstance(value, str):
        return '"' + value + '"'
    return str(value)


def config_text(changes, sections):
    """DEFAULTS with changes ({section: {key: value}}), then sections."""
    keys = {name: dict(values) for name, values in DEFAULTS.items()}
    for name, values in changes.items():
        keys.setdefault(name, {}).update(values)
    lines = []
    for name, values in keys.items():
        body = [f"{k} = {as_value(v)}" for k, v in values.items()]
        if name == "":
            lines += body
        else:
            lines.append(f"{name} {{\n\t" + "\n\t".join(body) + "\n}")
    return "\n".join(lines) + "\n" + sections


def children_of(pid):
    """pids of all processes below pid."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as f:
                for child in f.read().split():
                    found += [int(child)] + children_of(int(child))
    except OSError:
        pass
    return found


def comm(pid):
    """The name of a process, "" if it is gone (or waits to be reaped)."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
        return "" if rest.split()[0] in "ZX" else name
    except OSError:
        return ""


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_s(pids):
    """How long these have computed, all together."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/schedstat") as f:
            total += int(f.read().split()[0]) / 1e9
    return total


def sockets_of(pid, *protocols):
    """How many sockets of these ("tcp", "udp") a process has.

    The processes are not dumpable, so that only root sees their descriptors.
    Each is asked what it is: /proc/net lists all that waits on this machine.
    """
    names = {p.upper() + version for p in protocols for version in ("", "v6")}
    try:
        numbers = os.listdir(f"/proc/{pid}/fd")
    except FileNotFoundError:
        return 0		# it has ended
    except PermissionError:
        raise unittest.SkipTest("only root sees the descriptors of a "
                                "process that is not dumpable") from None
    return sum(protocol_of(f"/proc/{pid}/fd/{fd}") in names for fd in numbers)


def protocol_of(path):
    """What the kernel calls the protocol of a socket; "" if it is none, or
    was closed meanwhile."""
    try:
        if not os.readlink(path).startswith("socket:"):
            return ""
        return os.getxattr(path, "system.sockprotoname").decode().rstrip("\0")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def keepalive_s(local):
    """When the keepalive of the IPv4 connection with this local address is
    due; None if it is off."""
    host, port = local
    number, = struct.unpack("=I", socket.inet_aton(host))
    with open("/proc/net/tcp") as f:
        for line in f:
            words = line.split()
            timer, _, due = words[5].partition(":")
            if words[1] == f"{number:08X}:{port:04X}" and words[3] == "01" \
                    and timer == "02":
                return int(due, 16) / os.sysconf("SC_CLK_TCK")
    return None


class Sockd:
    """One daemon.  sections: listen, rule and limit text; changes as above."""

    def __init__(self, sections=LISTEN + PASS_ALL, nofile=None, **changes):
        self.dir = tempfile.mkdtemp(prefix="sockd-test-")
        os.chmod(self.dir, 0o755)
        self.config = os.path.join(self.dir, "sockd.conf")
        self.log_file = os.path.join(self.dir, "sockd.log")
        self.state = os.path.join(self.dir, "state")
        self.run = os.path.join(self.dir, "run")
        self.nofile = nofile
        self.process = None
        self.changes = changes
        self.configure(sections)

    def configure(self, sections=None, **changes):
        """Write the configuration (anew)."""
        if sections is not None:
            self.sections = sections
        for name, values in changes.items():
            self.changes.setdefault(name, {}).update(values)
        own = {name: dict(v) for name, v in self.changes.items()}
        top = {"state_dir": self.state, "run_dir": self.run}
        own[""] = {**top, **own.pop("top", {}), **own.get("", {})}
        own["log"] = {"target": self.log_file, **own.get("log", {})}
        with open(self.config, "w") as f:
            f.write(config_text(own, self.sections))

    def _limit(self):
        if self.nofile:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.nofile,) * 2)

    def spawn(self, *options):
        """Start without waiting."""
        self.process = subprocess.Popen(
            [os.environ["SOCKD"], "-f", self.config, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(os.path.join(self.dir, "stderr"), "a"),
            preexec_fn=self._limit, start_new_session=True)
        return self

    def start(self, *options):
        self.mark()
        self.spawn(*options)
        wait_until("sockd starts", self._has_started)
        return self

    def _has_started(self):
        if self.process.poll() is not None:
            raise AssertionError("sockd did not start:\n" + self.stderr() +
                                 self.log())
        return self.new_lines("started version")

    @property
    def pid(self):
        return self.process.pid

    def port(self, name="test"):
        """The port that this listener has now."""
        found = re.findall(rf"listening name={re.escape(name)} "
                           rf"address=\S+:(\d+)\s", self.log())
        return int(found[-1])

    # ---- words ----

    def stderr(self):
        with open(os.path.join(self.dir, "stderr"), errors="replace") as f:
            return f.read()

    def log(self, begin=0):
        """The log, from this octet on; a line counts once it is whole."""
        try:
            with open(self.log_file, "rb") as f:
                f.seek(begin)
                text = f.read().decode(errors="replace")
                return text[:text.rfind("\n") + 1]
        except FileNotFoundError:
            return ""

    def mark(self):
        """Lines from here on are new."""
        self._mark = os.path.getsize(self.log_file) \
            if os.path.exists(self.log_file) else 0

    def new_lines(self, text):
        return [line for line in self.log(self._mark).splitlines()
                if text in line]

    def lines(self, text):
        return [line for line in self.log().splitlines() if text in line]

    def wait_line(self, text, n=1, patience_s=PATIENCE_S):
        """Wait for n lines with text; return them."""
        return wait_until(
            f"log says {text!r}",
            lambda: len(self.lines(text)) >= n and self.lines(text),
            patience_s)

    # ---- ledger ----

    @property
    def db_file(self):
        return os.path.join(self.state, "sockd.db")

    def rows(self, sql, *values):
        """What a query finds, as dictionaries; [] while there is no table."""
        if not os.path.exists(self.db_file):
            return []
        db = sqlite3.connect(f"file:{self.db_file}?mode=ro", uri=True,
                             timeout=10)
        db.row_factory = sqlite3.Row
        try:
            return [dict(r) for r in db.execute(sql, values)]
        except sqlite3.OperationalError as e:
            if "no such table" in str(e):
                return []
            raise
        finally:
            db.close()

    def wait_rows(self, n, where="ended IS NOT NULL",
                  patience_s=PATIENCE_S):
        """Wait for n sessions; return them in the order of their ids."""
        sql = f"SELECT * FROM session WHERE {where} ORDER BY id"
        rows = wait_until(f"{n} rows where {where}",
                          lambda: len(self.rows(sql)) >= n and
                          self.rows(sql), patience_s)
        if len(rows) != n:
            raise AssertionError(f"{len(rows)} rows, not {n}: {rows}")
        return rows

    def wait_all_ended(self, patience_s=PATIENCE_S):
        """Wait until no session lives; tell those that go on."""
        sql = "SELECT * FROM session WHERE ended IS NULL"
        try:
            wait_until("all have ended", lambda: not self.rows(sql),
                       patience_s)
        except AssertionError as e:
            raise AssertionError(f"{e}; not {self.rows(sql)}") from None

    # ---- processes ----

    def children(self, name=None):
        """pids below the master; name: "worker", "account", ..."""
        return [p for p in children_of(self.pid)
                if name is None or comm(p) == "sockd-" + name]

    def signal(self, sig):
        os.kill(self.pid, sig)

    def reload(self, sections=None, refused=False, **changes):
        """Write the configuration, SIGHUP, wait until it is in force, or
        refused; returns the line that says so."""
        if sections is not None or changes:
            self.configure(sections, **changes)
        self.mark()
        self.signal(SIGHUP)
        line = wait_until("sockd reloads",
                          lambda: self.new_lines("reloaded generation") or
                          self.new_lines("reload refused"))[0]
        if ("reload refused" in line) != refused:
            raise AssertionError(line)
        return line

    def stop(self, sig=SIGTERM, patience_s=PATIENCE_S):
        """End it in order; returns its status."""
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.process.send_signal(sig)
        return self.process.wait(patience_s)

    def kill(self):
        """kill -9 of the master; its children follow."""
        below = self.children()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        wait_until("the children end",
                   lambda: not any(comm(p).startswith("sockd-")
                                   for p in below))

    def close(self):
        """The end of a test: stop, or kill; remove the directory; tell what
        was wrong."""
        reports = []
        if self.process is not None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                print(self.log()[-20000:])
                self.kill()
                reports.append("sockd did not stop")
            reports += self.sanitizer_reports()
        shutil.rmtree(self.dir, ignore_errors=True)
        if reports:
            raise AssertionError("\n".join(reports))

    def sanitizer_reports(self):
        """What ASan or UBSan wrote, if it was built with them."""
        return [line for line in self.stderr().splitlines()
                if "runtime error:" in line or "ERROR: AddressSanitizer"
                in line or "ERROR: LeakSanitizer" in line]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


class SockdTest(unittest.TestCase):
    """A test with a sockd of its own, started before and ended after."""

    SECTIONS = LISTEN
    RULES = PASS_ALL
    CONFIG = {}
    NOFILE = None

    def setUp(self):
        self.sockd = Sockd(self.SECTIONS + self.RULES, nofile=self.NOFILE,
                           **{k: dict(v) for k, v in self.CONFIG.items()})
        self.addCleanup(self._finish)
        self.sockd.start()

    def _has_failed(self):
        """Before Python 3.11 the outcome knows, from then on the result."""
        if hasattr(self._outcome, "errors"):
            return any(error for _, error in self._outcome.errors)
        result = self._outcome.result
        return any(self in (test, getattr(test, "test_case", None))
                   for test, _ in result.errors + result.failures)

    def _finish(self):
        if self._has_failed():
            print(self.sockd.log()[-20000:], self.sockd.stderr()[-20000:])
        self.sockd.close()


def is_built_with(name):
    """Has config.h this name, as 1?"""
    with open(os.path.join(os.environ["BUILDDIR"], "config.h")) as f:
        return f"#define {name} 1\n" in f.read()


def needs(*programs):
    """Skip unless these programs are installed."""
    missing = [p for p in programs if shutil.which(p) is None]
    return unittest.skipIf(missing, "not installed: " + ", ".join(missing))


def needs_root(test):
    return unittest.skipUnless(IS_ROOT, "needs root")(test)


def needs_ipv6(test):
    return unittest.skipUnless(glob.glob("/proc/net/if_inet6") and
                               _can_bind6(), "no IPv6 loopback here")(test)


def _can_bind6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False
