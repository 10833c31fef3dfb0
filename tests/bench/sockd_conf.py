"""A place and a configuration for one sockd of the bench.

The ledger is on, as it is by default: state_dir on a disk, every session a
row, sync = "full".  The log is on too, a file beside the ledger.
"""

import contextlib
import getpass
import os
import shutil
import sqlite3
import tempfile
import time


# Addresses of loopback that have a rate; each is a principal of its own.
RATES = {"64kbit": ["127.0.1.1"], "1Mbit": ["127.0.1.2"],
         "10Mbit": ["127.0.1.3", "127.0.1.4"], "100Mbit": ["127.0.1.5"],
         "1Gbit": ["127.0.1.6"]}

PAM_SERVICE = """auth required pam_unix.so
account required pam_unix.so
"""


def quoted(words):
    return ", ".join(f'"{word}"' for word in words)


def limits():
    """One limit a rate, up and down."""
    return "".join(
        f'limit "{rate}" {{ from = {{ {quoted(addresses)} }} '
        f'rate_up = "{rate}" rate_down = "{rate}" }}\n'
        for rate, addresses in RATES.items())


def rules(count):
    """So many rules; the last one passes, the others hold for nobody here."""
    lines = [f'rule "r{i}" {{ action = "block" from = {{ '
             f'"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" }} }}\n'
             for i in range(1, count)]
    lines.append('rule "loopback" { action = "pass" '
                 'from = { "127.0.0.0/8" } to = { "127.0.0.0/8", "::1" } '
                 'commands = { "connect", "udp" } }\n')
    return "".join(lines)


class Home:
    """The directories and the file of one sockd."""

    def __init__(self, log_level):
        self.log_level = log_level
        self.state = tempfile.mkdtemp(prefix="bench-sockd-")
        shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.memory = tempfile.mkdtemp(prefix="bench-sockd-", dir=shm)
        self.config = os.path.join(self.state, "sockd.conf")
        self.database = os.path.join(self.state, "state", "sockd.db")
        os.chmod(self.state, 0o755)
        os.chmod(self.memory, 0o755)
        with open(os.path.join(self.state, "sockd"), "w") as f:
            f.write(PAM_SERVICE)

    def write(self, port, login=False, n_rules=1, extra=""):
        """The configuration; returns the port."""
        me = getpass.getuser()
        user = "nobody" if os.geteuid() == 0 else me
        method = "password" if login else "none"
        with open(self.config, "w") as f:
            f.write(f"""user = "{user}"
state_dir = "{self.state}/state"
run_dir = "{self.memory}/run"
log {{ target = "{self.state}/log" level = "{self.log_level}" }}
listen "bench" {{
	address = "127.0.0.1" port = {port} methods = {{ "{method}" }}
}}
pam {{ confdir = "{self.state}" user = "{me}" }}
accounting {{ principals = 131072 }}
{extra}{rules(n_rules)}{limits()}""")
        return port

    def know(self, principals):
        """Fill the ledger with the usage of so many principals today."""
        today = time.strftime("%Y-%m-%d")
        rows = ((f"user{i}", today) for i in range(principals))
        with contextlib.closing(sqlite3.connect(self.database)) as db, db:
            db.executemany(
                "INSERT INTO usage (principal, day, metered, bytes_up, "
                "bytes_down, seconds, sessions) "
                "VALUES (?, ?, 1, 1000, 1000, 1, 1)", rows)

    def remove(self):
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.rmtree(self.memory, ignore_errors=True)
