"""Run the load generator against a server and take its figures.

The generator stops at its marks and waits for a nod; what is read of the
server between two marks belongs to what was measured between them.
"""

import contextlib
import json
import os
import select
import subprocess
import time

import memory
from servers import Unable

PATIENCE_S = 180
TIDY_S, SETTLE_S = 8, 25
LOAD = os.path.join(os.environ.get("BUILDDIR", "."), "tests/bench/load")


class Load:
    """One load generator."""

    def __init__(self, scenario, options, cpus=None):
        self.result = None

        def before_exec():
            if cpus:
                os.sched_setaffinity(0, cpus)

        self.process = subprocess.Popen(
            [LOAD, scenario, *options], preexec_fn=before_exec, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def mark(self, patience_s):
        """The next mark, or None once the result is there."""
        ready, _, _ = select.select([self.process.stdout], [], [], patience_s)
        if not ready:
            raise Unable(f"the load came to no mark within {patience_s} s")
        line = self.process.stdout.readline()
        if line.startswith("{"):
            self.result = json.loads(line)
            return None
        if not line:
            raise Unable(self.process.stderr.read().strip())
        return line.strip()

    def nod(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write("\n")
            self.process.stdin.flush()

    def close(self):
        self.process.kill()
        self.process.communicate()


def together(loads, at_mark, patience_s=PATIENCE_S):
    """Lead loads from mark to mark side by side; at_mark(name) at each."""
    try:
        while True:
            marks = {load.mark(patience_s) for load in loads}
            if len(marks) > 1:
                raise Unable(f"the loads are apart: {marks}")
            if None in marks:
                return [load.result for load in loads]
            at_mark(marks.pop())
            for load in loads:
                load.nod()
    finally:
        for load in loads:
            load.close()


class Figures:
    """What the server used between the marks "begin" and "end"."""

    def __init__(self, running):
        self.running = running
        self.cpu = {}

    def at_mark(self, name):
        self.cpu[name] = memory.cpu(self.running.pids())

    def seconds(self):
        return sum(self.cpu["end"].values()) - sum(self.cpu["begin"].values())

    def by_name(self):
        """Seconds by the process's name."""
        used = dict(self.cpu["end"])
        for name, seconds in self.cpu["begin"].items():
            used[name] = used.get(name, 0) - seconds
        return {name: s for name, s in used.items() if s > 0}


def run(running, *scenarios):
    """Scenarios (name, {key: value}) at once: [results], Figures."""
    loads = [Load(name, running.options() +
                  [f"{key}={value}" for key, value in options.items()],
                  running.cpus)
             for name, options in scenarios]
    figures = Figures(running)
    return together(loads, figures.at_mark), figures


def settled(running):
    """(group, pss) in octets, once it no longer changes, or after a while.

    A server may tidy up after a burst, so it has TIDY_S at least: sockd parks
    after two seconds and retires workers three seconds later.
    """
    until = time.monotonic() + SETTLE_S
    history = []
    while time.monotonic() < until:
        time.sleep(1)
        now = running.group.octets() or memory.pss(running.pids())
        history.append(now)
        last = history[-4:]
        if len(history) > TIDY_S and max(last) - min(last) <= now / 200:
            break
    return running.group.octets(), memory.pss(running.pids())
