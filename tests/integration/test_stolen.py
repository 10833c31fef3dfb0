"""What a stolen worker writes to the board: the master believes none of it."""

import mmap
import os
import signal
import struct
import unittest

from harness import SockdTest, wait_until
from peers import Echo
from wire import socks5

PAGE = 4096
FREE = 0
GENERATION = 120			# in the header


class Board:
    """The process slots, as whoever maps the board can write them."""

    def __init__(self, path):
        with open(path, "r+b") as file:
            self.octets = mmap.mmap(file.fileno(), 0)
        header_size, self.size = struct.unpack_from("=II", self.octets, 12)
        self.begin = (header_size + PAGE - 1) // PAGE * PAGE
        self.n, = struct.unpack_from("=I", self.octets, 40)

    def at(self, pid):
        for i in range(self.n):
            at = self.begin + i * self.size
            if struct.unpack_from("=i", self.octets, at)[0] == pid:
                return at
        raise LookupError(pid)

    def word(self, at):
        return struct.unpack_from("=I", self.octets, at)[0]

    def set_word(self, at, value):
        struct.pack_into("=I", self.octets, at, value)

    def set_state(self, pid, state):
        self.set_word(self.at(pid) + 8, state)


class StolenTest(SockdTest):
    def setUp(self):
        super().setUp()
        self.board = Board(os.path.join(self.sockd.run, "board"))


class Generation(StolenTest):
    def test_another_one_does_not_end_the_workers_for_good(self):
        target = Echo()
        self.addCleanup(target.close)
        self.board.set_word(GENERATION, 77)
        for _ in range(20):		# more than there are workers
            socks5(self.sockd.port(), target.address).socket.close()
        wait_until("the master says it again",
                   lambda: self.board.word(GENERATION) == 1)
        self.sockd.wait_all_ended()


class ProcessSlots(StolenTest):
    def one(self, name):
        return wait_until(f"there is a {name}",
                          lambda: self.sockd.children(name))[0]

    def test_a_living_child_that_is_said_to_be_none_is_not_forgotten(self):
        accountant, resolver = self.one("account"), self.one("resolver")
        self.board.set_state(accountant, FREE)
        os.kill(resolver, signal.SIGKILL)	# the next takes a free slot
        self.sockd.wait_line("child died kind=resolver")
        self.one("resolver")
        os.kill(accountant, signal.SIGKILL)
        self.sockd.wait_line("child died kind=account")
        self.assertNotEqual(self.one("account"), accountant)


if __name__ == "__main__":
    unittest.main()
