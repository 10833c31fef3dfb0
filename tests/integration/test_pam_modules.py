"""Logins through the modules that administrators use."""

import glob
import os
import re
import secrets
import shutil
import subprocess
import time
import unittest

from harness import PASS_ALL, SockdTest, cpu_s, needs, needs_root
from pam_stack import LOGIN, PamTest


def module(name):
    """Skip unless the system has this module."""
    places = ("/lib/*/security", "/lib/security", "/lib64/security",
              "/usr/lib/*/security", "/usr/lib64/security",
              "/usr/lib/security")
    found = [f for p in places for f in glob.glob(f"{p}/{name}.so")]
    return unittest.skipUnless(found, f"no {name}.so here")


def crypt(password, method="yescrypt"):
    return subprocess.run(["mkpasswd", "-m", method, "-s"], input=password,
                          text=True, check=True,
                          stdout=subprocess.PIPE).stdout.strip()


class Modules(PamTest, SockdTest):
    SECTIONS = LOGIN
    RULES = PASS_ALL

    def stack(self, *lines):
        """The service as it is from now on."""
        self.service("sockd", list(lines))

    def pam_keys(self):
        return {"cache": "0s"}

    @module("pam_deny")
    def test_pam_deny(self):
        self.stack("auth required pam_deny.so", "account required pam_deny.so")
        self.assertEqual(self.login("root"), 1)

    def test_a_missing_service_lets_nobody_in(self):
        self.assertEqual(self.login("root"), 1)
        self.assertEqual(self.login("root", ""), 1)

    @module("pam_deny")
    def test_a_missing_service_is_told(self):
        """At the start and at each reload, as long as it is missing."""
        line, = self.sockd.wait_line("login doubtful")
        self.assertIn("sockd.conf:", line)
        self.assertIn('listen "test": PAM service "sockd" has no file in '
                      f'{self.pam}: PAM would ask "other"', line)
        self.sockd.reload()
        self.sockd.wait_line("login doubtful", 2)
        self.stack("auth required pam_deny.so", "account required pam_deny.so")
        self.sockd.reload()
        self.login("root")
        self.assertEqual(len(self.sockd.lines("login doubtful")), 2)

    @module("pam_exec")
    def test_pam_exec(self):
        script = os.path.join(self.pam, "check")
        with open(script, "w") as f:
            f.write('#!/bin/sh\necho printed; echo complained >&2\n'
                    'read -r password\n'
                    'trap -- "" TERM; kill -TERM $$\n'
                    '[ "$PAM_USER:$password" = "ann:right" ] && '
                    '[ "$PAM_RHOST" = 127.0.0.1 ]\n')
        os.chmod(script, 0o755)
        self.stack(f"auth required pam_exec.so expose_authtok {script}",
                   "account required pam_permit.so")
        self.assertEqual(self.login("ann"), 0)
        self.assertEqual(self.login("ann", "wrong"), 1)
        self.assertEqual(self.login("bob"), 1)

    @module("pam_exec")
    @module("pam_deny")
    @module("pam_permit")
    def test_a_program_that_says_no_is_a_failed_login(self):
        """With the lines of etc/pam.d/sockd, which sockd.conf(5) has too."""
        script = os.path.join(self.pam, "check")
        with open(script, "w") as f:
            f.write('#!/bin/sh\nread -r password\n'
                    '[ "$PAM_USER:$password" = "ann:right" ]\n')
        os.chmod(script, 0o755)
        lines = self.lines_for_a_program()
        self.stack(*[line.replace("/usr/local/sbin/check", script)
                     for line in lines], "account required pam_permit.so")
        self.sockd.reload(abuse={"failures": 2})
        self.assertEqual(self.login("ann"), 0)
        self.assertEqual(self.login("ann", "wrong"), 1)
        self.assertEqual(self.login("bob"), 1)
        self.sockd.wait_line("login failed client=", 2)
        self.sockd.wait_line("abuse penalty client=127.0.0.1:")
        self.assertEqual(self.sockd.lines("pam failed"), [])
        self.sockd.wait_rows(2, "outcome = 'auth-failed'")

    def lines_for_a_program(self):
        with open(os.path.join(os.environ["SRCDIR"], "etc", "pam.d",
                               "sockd")) as f:
            text = f.read()
        lines = re.findall(r"^#(auth .*\bpam_exec.*)\n#(auth .*)\n"
                           r"#(auth .*)$", text, re.M)[0]
        with open(os.path.join(os.environ["SRCDIR"], "man",
                               "sockd.conf.5")) as f:
            manual = f.read().split()
        words = " ".join(lines).replace("/usr/local/sbin/check",
                                        "PROGRAM").split()
        self.assertIn(" ".join(words), " ".join(manual))
        return lines

    @module("pam_exec")
    def test_programs_of_modules_have_default_signals(self):
        """A script that is told to TERM ends, though sockd ignores it."""
        script = os.path.join(self.pam, "check")
        with open(script, "w") as f:
            f.write('#!/bin/sh\nkill -TERM $$\nexit 0\n')
        os.chmod(script, 0o755)
        self.stack(f"auth required pam_exec.so {script}",
                   "account required pam_permit.so")
        self.assertEqual(self.login("ann"), 1)

    @module("pam_userdb")
    @needs("db_load", "mkpasswd")
    def test_pam_userdb(self):
        db = os.path.join(self.pam, "users")
        subprocess.run(["db_load", "-T", "-t", "hash", db + ".db"],
                       input="ann\n" + crypt("right", "sha-512") + "\n",
                       text=True, check=True)
        self.stack(f"auth required pam_userdb.so db={db} crypt=crypt",
                   f"account required pam_userdb.so db={db} crypt=crypt")
        self.assertEqual(self.login("ann"), 0)
        self.assertEqual(self.login("ann", "wrong"), 1)
        self.assertEqual(self.login("bob"), 1)

    @module("pam_pwdfile")
    @needs("mkpasswd")
    def test_pam_pwdfile(self):
        passwords = os.path.join(self.pam, "passwords")
        with open(passwords, "w") as f:
            f.write(f"ann:{crypt('right')}\n")
        self.stack(f"auth required pam_pwdfile.so pwdfile={passwords}",
                   "account required pam_permit.so")
        self.assertEqual(self.login("ann"), 0)
        self.assertEqual(self.login("ann", "wrong"), 1)
        self.assertEqual(self.login("bob"), 1)

    @module("pam_access")
    @module("pam_permit")
    def test_pam_access_decides_by_the_client(self):
        rules = os.path.join(self.pam, "access.conf")
        with open(rules, "w") as f:
            f.write("+:ALL:127.0.0.2\n-:ALL:ALL\n")
        self.stack("auth required pam_permit.so",
                   f"account required pam_access.so accessfile={rules}")
        self.assertEqual(self.login("root", source="127.0.0.1"), 1)
        self.assertEqual(self.login("root", source="127.0.0.2"), 0)


@needs_root
@module("pam_unix")
@needs("useradd", "userdel", "chpasswd", "chage")
class UnixTest(PamTest, SockdTest):
    """pam_unix, with an account made for the test."""

    SECTIONS = LOGIN
    RULES = PASS_ALL

    def setUp(self):
        self.user = "sockd-t" + secrets.token_hex(4)
        subprocess.run(["useradd", "-M", "-N", "-s", shutil.which("false"),
                        self.user], check=True)
        self.addCleanup(subprocess.run, ["userdel", self.user], check=False,
                        stderr=subprocess.DEVNULL)
        self.set_password("right")
        super().setUp()

    def services(self):
        return {"sockd": ["auth required pam_unix.so",
                          "account required pam_unix.so"]}

    # Of methods that take their time every chpasswd knows this one.
    def set_password(self, password):
        subprocess.run(["chpasswd", "-c", "SHA512", "-s", "50000"],
                       input=f"{self.user}:{password}\n", text=True,
                       check=True)


class Unix(UnixTest):
    def pam_keys(self):
        return {"cache": "2s"}

    def test_right_wrong_unknown_and_empty(self):
        self.assertEqual(self.login(self.user), 0)
        self.assertEqual(self.login(self.user, "wrong"), 1)
        self.assertEqual(self.login(self.user, ""), 1)
        self.assertEqual(self.login("no-such-user"), 1)

    def test_a_hundred_logins_cost_one_hash(self):
        self.assertEqual(self.login(self.user), 0)
        before = cpu_s(self.sockd.children("auth"))
        for _ in range(100):
            self.assertEqual(self.login(self.user), 0)
        used = cpu_s(self.sockd.children("auth")) - before
        # 200 hashes (pam_unix tries "" too) would be 2.8 s and more
        self.assertLess(used, 1.4)

    def test_a_changed_password(self):
        self.assertEqual(self.login(self.user), 0)
        self.set_password("another")
        changed = time.monotonic()
        self.assertEqual(self.login(self.user, "another"), 0)
        while self.login(self.user, "right") == 0:
            self.assertLess(time.monotonic() - changed, 6)
        self.assertEqual(self.login(self.user, "another"), 0)

    def test_an_expired_password_and_an_expired_account(self):
        subprocess.run(["chage", "-d", "0", self.user], check=True)
        self.assertEqual(self.login(self.user), 1)
        self.sockd.wait_line("why=password-expired")
        subprocess.run(["chage", "-d", "19000", "-E", "1", self.user],
                       check=True)
        self.assertEqual(self.login(self.user), 1)
        self.sockd.wait_line("why=account-expired")


class UnixTime(UnixTest):
    """The hash of a wrong password takes its time, that of a name that does
    not exist is none; the client cannot tell, because both are answered
    fail_delay after the password came."""

    def pam_keys(self):
        return {"fail_delay": "2500ms"}

    def test_a_failure_tells_nothing_about_the_name(self):
        for user in (self.user, "no-such-user", "daemon"):
            times = []
            while len(times) < 4 and (not times or times[-1] > 2.8):
                began = time.monotonic()
                self.assertEqual(self.login(user, "wrong"), 1)
                times.append(time.monotonic() - began)
            self.assertGreater(min(times), 2.49, user)
            self.assertLess(min(times), 2.8, user)
