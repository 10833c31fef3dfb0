"""Our fail2ban filter, applied by fail2ban itself."""

import os
import shutil
import subprocess
import tempfile
import unittest

ETC = os.path.join(os.environ["SRCDIR"], "etc")
# Where fail2ban stands if it is not installed: FAIL2BAN=/somewhere/etc/fail2ban
FAIL2BAN = os.environ.get("FAIL2BAN", "/etc/fail2ban")


def need_fail2ban():
    """Skip where it is not installed."""
    if shutil.which("fail2ban-regex") is None:
        raise unittest.SkipTest("fail2ban-regex is not installed")
    if not os.path.isdir(os.path.join(FAIL2BAN, "filter.d")):
        raise unittest.SkipTest(f"no {FAIL2BAN}/filter.d")


def banned(lines):
    """The addresses that the filter finds in these lines, in order."""
    need_fail2ban()
    with tempfile.TemporaryDirectory() as directory:
        filters = os.path.join(directory, "filter.d")
        shutil.copytree(os.path.join(FAIL2BAN, "filter.d"), filters)
        shutil.copy(os.path.join(FAIL2BAN, "fail2ban.conf"), directory)
        shutil.copy(os.path.join(ETC, "fail2ban/filter.d/sockd.conf"),
                    filters)
        log = os.path.join(directory, "log")
        with open(log, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
        done = subprocess.run(
            ["fail2ban-regex", "--config", directory, "--out", "ip", log,
             os.path.join(filters, "sockd.conf")],
            capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout.split()
