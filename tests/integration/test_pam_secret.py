"""A password is in no process once its login is over."""

import re
import unittest

from harness import needs_root, sockets_of, wait_until
from pam_stack import RogueTest
from wire import open_proxy, receive_exactly

PASSWORD = b"zQ8-is-nowhere-else-Xw3"
LARGEST = 64 << 20		# of what is mapped; sanitizers map terabytes


def writable(pid):
    """What of a process may have been written to, piece by piece."""
    with open(f"/proc/{pid}/maps") as maps:
        ranges = re.findall(r"^(\w+)-(\w+) rw", maps.read(), re.M)
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for begin, end in ((int(b, 16), int(e, 16)) for b, e in ranges):
            if end - begin <= LARGEST:
                mem.seek(begin)
                yield mem.read(end - begin)


def holds(pid, octets):
    try:
        return any(octets in piece for piece in writable(pid))
    except PermissionError as e:
        raise unittest.SkipTest("nobody's memory may be read") from e
    except OSError:
        return False		# it has ended


@needs_root
class Secret(RogueTest):
    def pam_keys(self):
        return {"helpers": 1, "helpers_max": 1}

    def changes(self):
        return {"workers": {"start": 2, "min_spare": 1, "max_spare": 2}}

    def is_held(self):
        return any(holds(pid, PASSWORD) for kind in ("auth", "worker")
                   for pid in self.sockd.children(kind))

    def test_it_leaves_with_the_login(self):
        """A part that came is held: what is looked for can be found."""
        message = b"\x01\x03ann%c%s" % (len(PASSWORD) + 1, PASSWORD)
        with open_proxy(self.sockd.port()) as s:
            s.sendall(b"\x05\x01\x02" + message)
            self.assertEqual(receive_exactly(s, 2), b"\x05\x02")
            wait_until("the worker has it", self.is_held)
            s.sendall(b"!")
            self.assertEqual(receive_exactly(s, 2), b"\x01\x01")
            wait_until("nobody has it", lambda: not self.is_held())

    def test_of_one_that_tries_again_though_refused(self):
        wrong = b"\x01\x03ann\x01x"
        again = b"\x01\x03ann%c%s" % (len(PASSWORD), PASSWORD)
        with open_proxy(self.sockd.port()) as s:
            s.sendall(b"\x05\x01\x02" + wrong)
            self.assertEqual(receive_exactly(s, 4), b"\x05\x02\x01\x01")
            s.sendall(again)
            self.assertEqual(s.recv(1), b"")
        # but for the listener
        wait_until("it is over", lambda: all(
            sockets_of(pid, "tcp") == 1 for pid in
            self.sockd.children("worker")))
        self.assertFalse(self.is_held())

    def test_of_a_client_that_is_not_even_asked(self):
        message = b"\x01\x03ann%c%s" % (len(PASSWORD), PASSWORD)
        with open_proxy(self.sockd.port()) as s:
            s.sendall(b"\x05\x01\x00" + message)
            self.assertEqual(receive_exactly(s, 2), b"\x05\xff")
            wait_until("nobody has it", lambda: not self.is_held())
