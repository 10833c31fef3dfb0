"""A tunnel whose one end does not read keeps its worker."""

import select
import threading
import time
import unittest

from harness import SockdTest, wait_until
from peers import Echo, Silent
from wire import (CONNECT, address5, open_proxy, read_reply5,
                  receive_exactly)

MIB = 1 << 20


class Stuck(SockdTest):
    WORKERS = 8
    CONFIG = {"workers": {"start": WORKERS, "min_spare": 1,
                          "max_spare": WORKERS, "max": WORKERS},
              "timeouts": {"negotiate": "2s"}}

    def connect(self, target):
        """In one segment: while workers are short, a client that takes more
        than a second over three has to go."""
        s = open_proxy(self.sockd.port())
        self.addCleanup(s.close)
        s.sendall(b"\x05\x01\x00\x05" + bytes([CONNECT]) + b"\x00" +
                  address5(*target.address))
        self.assertEqual(receive_exactly(s, 2), b"\x05\x00")
        self.assertEqual(read_reply5(s)[0], 0)
        return s

    def keep_full(self, target):
        """A tunnel that is given, to its end, all that it takes."""
        def pour():
            try:
                while True:
                    s.sendall(bytes(MIB))
            except OSError:
                pass

        s = self.connect(target)
        s.settimeout(None)
        threading.Thread(target=pour, daemon=True).start()
        return s

    def exchange(self, target):
        with self.connect(target) as s:
            s.sendall(b"x")
            self.assertEqual(receive_exactly(s, 1), b"x")

    def idle(self):
        return self.sockd.rows(
            "SELECT * FROM session WHERE outcome = 'idle'")

    def test_it_gives_way_when_workers_are_short(self):
        with Silent() as silent, Echo() as echo:
            for _ in range(self.WORKERS):
                self.keep_full(silent)
            self.exchange(echo)
            wait_until("one gave way", self.idle)

    def test_it_may_stay_when_they_are_not(self):
        with Silent() as silent, Echo() as echo:
            s = self.keep_full(silent)
            until = time.monotonic() + 3.5
            while time.monotonic() < until:
                self.exchange(echo)
            self.assertEqual(select.select([], [s], [], 0)[1], [])
            self.assertEqual(self.idle(), [])


if __name__ == "__main__":
    unittest.main()
