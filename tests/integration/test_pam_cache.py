"""The cache of successful logins: one hash for many, and never a yes that
PAM would not give."""

import time

from harness import wait_until
from pam_stack import LOGIN, RogueTest
from wire import greet5, login5, open_proxy


class Cache(RogueTest):
    def pam_keys(self):
        return {"cache": "60s"}

    def test_a_hundred_logins_ask_pam_once(self):
        for _ in range(100):
            self.assertEqual(self.login("ann"), 0)
        self.assertEqual(len(self.asked()), 1)

    def test_a_failure_is_asked_each_time_and_forgets_nothing(self):
        self.assertEqual(self.login("ann"), 0)
        for _ in range(3):
            self.assertEqual(self.login("ann", "wrong"), 1)
        self.assertEqual(self.login("ann"), 0)
        self.assertEqual(len(self.asked()), 4)

    def test_another_address_is_asked_anew(self):
        for source in ("127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2"):
            self.assertEqual(self.login("ann", source=source), 0)
        self.assertEqual([rhost for _, rhost, _ in self.asked()],
                         ["127.0.0.1", "127.0.0.2"])

    def test_a_reload_forgets(self):
        self.assertEqual(self.login("ann"), 0)
        self.sockd.reload()
        wait_until("PAM is asked again",
                   lambda: self.login("ann") == 0 and len(self.asked()) > 1)


class Services(RogueTest):
    """A listener's own pam_service is its own in the cache."""

    SECTIONS = LOGIN + LOGIN.replace('"test"', '"guests"').replace(
        "port = 0", 'port = 0 pam_service = "guests"')

    def services(self):
        services = super().services()
        return {**services, "guests": services["sockd"]}

    def test_each_service_is_asked(self):
        for _ in range(2):
            for name in ("test", "guests"):
                with open_proxy(self.sockd.port(name)) as s:
                    greet5(s, 2)
                    self.assertEqual(login5(s, "ann", "right"), 0)
        self.assertEqual([service for _, _, service in self.asked()],
                         ["sockd", "guests"])

    def test_a_reload_that_renames_one_fails_no_login_under_way(self):
        self.service("visitors", self.services()["guests"])
        with open_proxy(self.sockd.port("guests")) as s:
            greet5(s, 2)
            self.sockd.reload(self.SECTIONS.replace(
                'pam_service = "guests"', 'pam_service = "visitors"') +
                self.RULES)
            self.assertEqual(login5(s, "ann", "right"), 0)


class Expiry(RogueTest):
    """What PAM refuses now is refused no later than cache after."""

    def pam_keys(self):
        return {"cache": "1s"}

    def test_a_changed_password_is_refused_in_time(self):
        self.assertEqual(self.login("ann"), 0)
        began = time.monotonic()
        self.service("sockd", ["auth required pam_deny.so",
                               "account required pam_deny.so"])
        wait_until("the old password is refused",
                   lambda: self.login("ann") == 1)
        self.assertLess(time.monotonic() - began, 5)


class Off(RogueTest):
    def pam_keys(self):
        return {"cache": "0s"}

    def test_every_login_is_asked(self):
        for _ in range(5):
            self.assertEqual(self.login("ann"), 0)
        self.assertEqual(len(self.asked()), 5)
