"""What a server's processes are, what CPU they used, what memory they hold.

CPU is read from each process's clock, exact to the nanosecond and with its
ended threads; children that were waited for are added from stat(5).  Memory
is the server's own control group (user and kernel, files' pages left out),
and the sum of PSS beside it.
"""

import collections
import contextlib
import os
import time

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def stat(pid):
    """(name, ppid, seconds of children waited for), or None."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
    except OSError:
        return None
    fields = rest.split()
    return name, int(fields[1]), (int(fields[13]) + int(fields[14])) * TICK_S


def tree(pid):
    """pid and every process below it."""
    below = collections.defaultdict(list)
    for entry in os.listdir("/proc"):
        found = stat(entry) if entry.isdigit() else None
        if found:
            below[found[1]].append(int(entry))
    pids = [pid]
    for parent in pids:
        pids += below[parent]
    return pids


def cpu_clock(pid):
    """Seconds of CPU of a process (clock_getcpuclockid(3))."""
    with contextlib.suppress(OSError):
        return time.clock_gettime((~pid << 3) | 2)
    return 0.0


def cpu(pids):
    """Seconds by the name of the process; "reaped" for those that ended."""
    seconds = collections.Counter()
    for pid in pids:
        found = stat(pid)
        if found:
            seconds[found[0]] += cpu_clock(pid)
            seconds["reaped"] += found[2]
    return seconds


def pss(pids):
    """Octets of the processes, shared pages divided among them."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += sum(int(line.split()[1]) for line in f
                             if line.startswith("Pss:"))
    return total * 1024


def group_parent():
    """Where a control group that counts memory can be made: path, file."""
    with open("/proc/self/cgroup") as f:
        lines = [line.rstrip("\n").split(":", 2) for line in f]
    for _, controllers, path in lines:
        if controllers == "memory":
            return "/sys/fs/cgroup/memory" + path, "memory.usage_in_bytes"
    for _, controllers, path in lines:
        if controllers == "":
            return "/sys/fs/cgroup" + path, "memory.current"
    return None, None


class Group:
    """A control group for one server; without the right to, nothing."""

    serial = 0

    def __init__(self):
        Group.serial += 1
        parent, file = group_parent()
        self.path = f"{parent}/sockd-bench-{os.getpid()}-{Group.serial}"
        self.usage = os.path.join(self.path, file or "")
        try:
            os.mkdir(self.path)
        except OSError:
            self.path = None
            return
        if not os.path.exists(self.usage):
            self.remove()

    def enter(self):
        if self.path:
            with open(os.path.join(self.path, "cgroup.procs"), "w") as f:
                f.write(str(os.getpid()))

    def octets(self):
        """In use by user and kernel; None if nobody counts."""
        if not self.path:
            return None
        with open(self.usage) as f:
            total = int(f.read())
        with open(os.path.join(self.path, "memory.stat")) as f:
            stats = dict(line.split() for line in f)
        return total - int(stats["inactive_file"]) - int(stats["active_file"])

    def remove(self):
        """Once its processes are gone, which may take a moment."""
        for _ in range(100):
            if self.path is None:
                return
            try:
                os.rmdir(self.path)
                self.path = None
            except OSError:
                time.sleep(0.05)
