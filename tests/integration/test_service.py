"""Under a service manager: what it is told, and the sockets that it passes.
"""

import socket
import unittest

from harness import LISTEN, PASS_ALL, keepalive_s, needs_ipv6, wait_until
from managed import ServiceTest
from peers import Echo
from wire import CONNECT, receive_exactly, request5, socks5


class Notices(ServiceTest):
    def test_ready_reloading_stopping(self):
        sockd = self.managed()
        sockd.start()
        self.assertEqual(sockd.next_word(), ["READY=1"])
        sockd.reload()
        state, when = sockd.next_word()
        self.assertEqual(state, "RELOADING=1")
        self.assertRegex(when, r"^MONOTONIC_USEC=\d+$")
        self.assertEqual(sockd.next_word(), ["READY=1"])
        sockd.stop()
        self.assertEqual(sockd.next_word()[0], "STOPPING=1")

    def test_a_long_stop_is_waited_for(self):
        """Or the manager would kill what is still within timeouts.stop."""
        sockd = self.managed(timeouts={"stop": "10m"})
        sockd.start()
        self.assertEqual(sockd.next_word(), ["READY=1"])
        sockd.stop()
        state, patience = sockd.next_word()
        self.assertEqual(state, "STOPPING=1")
        name, us = patience.split("=")
        self.assertEqual(name, "EXTEND_TIMEOUT_USEC")
        self.assertGreater(int(us), 600 * 1000000)

    def test_ready_after_a_refused_reload(self):
        """Or the manager would wait for ever."""
        sockd = self.managed()
        sockd.start()
        self.assertEqual(sockd.next_word(), ["READY=1"])
        sockd.reload("rule {", refused=True)
        self.assertEqual(sockd.next_word()[0], "RELOADING=1")
        self.assertEqual(sockd.next_word(), ["READY=1"])


class Activation(ServiceTest):
    def setUp(self):
        super().setUp()
        self.passed, section = self.listener()
        self.sections = section + PASS_ALL

    def early_client(self):
        """It has said its greeting before anybody was there."""
        s = socket.create_connection(self.passed.getsockname(), 20)
        self.addCleanup(s.close)
        s.sendall(b"\5\1\0")
        return s

    def check_served(self, s):
        self.assertEqual(receive_exactly(s, 2), b"\5\0")

    def test_who_came_before_the_start_is_served(self):
        early = self.early_client()
        sockd = self.managed(self.sections, passed=[self.passed])
        sockd.start()
        self.check_served(early)
        with Echo() as echo, socks5(sockd.port(), echo.address) as s:
            s.sendall(b"hello")
            self.assertEqual(receive_exactly(s, 5), b"hello")

    def test_who_came_before_the_start_is_asked_whether_they_live(self):
        """What a listener's clients inherit, this one has not."""
        early = self.early_client()
        sockd = self.managed(self.sections, passed=[self.passed],
                             workers={"park_after": "100ms"})
        sockd.start()
        self.check_served(early)
        with Echo() as echo:
            request5(early, CONNECT, echo.address)
            due_s = wait_until("a keepalive",
                               lambda: keepalive_s(early.getpeername()))
        self.assertLessEqual(due_s, 120)

    def test_who_comes_between_two_runs_is_served(self):
        sockd = self.managed(self.sections, passed=[self.passed])
        for _ in range(2):
            early = self.early_client()
            sockd.start()
            self.check_served(early)
            early.close()
            sockd.stop()

    def test_it_stays_over_a_reload(self):
        sockd = self.managed(self.sections, passed=[self.passed])
        sockd.start()
        sockd.reload()
        self.check_served(self.early_client())

    def test_a_datagram_socket_is_no_listener(self):
        """Though its address and port are those of one."""
        with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            datagrams.bind(self.passed.getsockname())
            sockd = self.managed(self.sections,
                                 passed=[datagrams, self.passed])
            sockd.start()
        sockd.wait_line("socket not used fd=3")
        self.check_served(self.early_client())

    @needs_ipv6
    def test_one_socket_of_both_families_is_told(self):
        """It is in the way of ours, and the start fails for that."""
        both = socket.create_server(("::", 0), family=socket.AF_INET6,
                                    dualstack_ipv6=True)
        self.addCleanup(both.close)
        section = LISTEN.replace("127.0.0.1", "*").replace(
            "port = 0", f"port = {both.getsockname()[1]}")
        sockd = self.managed(section + PASS_ALL, passed=[both]).spawn()
        self.assertEqual(sockd.process.wait(30), 1)
        self.assertIn("listen failed", sockd.log())
        self.assertIn("socket not used fd=3", sockd.log())

    def test_a_socket_that_no_section_names(self):
        """It is told, and closed: nobody else must wait in its queue."""
        other = socket.create_server(("127.0.0.1", 0))
        sockd = self.managed(self.sections, passed=[self.passed, other])
        sockd.start()
        sockd.wait_line("socket not used fd=4")
        address = other.getsockname()
        other.close()

        def is_refused():
            with socket.socket() as s:
                return s.connect_ex(address) != 0
        wait_until("it is closed", is_refused)


if __name__ == "__main__":
    unittest.main()
