"""Run the unittest tests of one file, one TAP line each.

    tap.py FILE [Class | Class.test ...]

TAP goes to standard output; whatever a test or its children print goes to
standard error, which the harness keeps in the log.  A test that takes longer
than LIMIT_S seconds shows where it stands and fails.  When all is over,
children that a test left behind are killed.
"""

import ctypes
import faulthandler
import importlib.util
import os
import signal
import sys
import traceback
import unittest

LIMIT_S = int(os.environ.get("TEST_LIMIT_S", "120"))
PR_SET_CHILD_SUBREAPER = 36


class Overdue(BaseException):
    """Not an Exception, so that no test swallows it by mistake."""


def overdue(_signo, _frame):
    faulthandler.dump_traceback(file=sys.stderr)
    raise Overdue("not done in time")


def watch(test=None):
    """Start the watch anew: a soft one, and a hard one behind it.  A class
    of long tests says so with a LIMIT_S of its own."""
    limit_s = getattr(test, "LIMIT_S", LIMIT_S)
    signal.alarm(limit_s)
    faulthandler.dump_traceback_later(limit_s + 30, exit=True)


class Tap(unittest.TestResult):
    """A result that prints TAP as it goes."""

    def __init__(self, out):
        super().__init__()
        self.out = out
        self.count = 0
        self.bad_subtests = []

    def line(self, ok, name, note=""):
        self.count += 1
        word = "ok" if ok else "not ok"
        note = " ".join(note.split()).replace("#", "")
        print(f"{word} {self.count} - {name}" + (f" # {note}" if note else ""),
              file=self.out, flush=True)

    def tell(self, name, err):
        print(f"--- {name}", file=sys.stderr)
        traceback.print_exception(*err, file=sys.stderr)
        sys.stderr.flush()

    @staticmethod
    def name(test):
        """Class.test; of setUpClass and the like, what unittest calls it."""
        name = test.id().replace("#", "")
        return name if " " in name else name.split(".", 1)[-1]

    def startTest(self, test):
        super().startTest(test)
        watch(test)
        self.bad_subtests = []
        print(f"=== {self.name(test)}", file=sys.stderr, flush=True)

    def stopTest(self, test):
        super().stopTest(test)
        watch()

    def addSuccess(self, test):
        # unittest calls this also when only subtests failed.
        if not self.bad_subtests:
            self.line(True, self.name(test))

    def addError(self, test, err):
        super().addError(test, err)
        self.tell(self.name(test), err)
        self.line(False, self.name(test))

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is None:
            return
        self.tell(str(subtest), err)
        if not self.bad_subtests:
            self.line(False, self.name(test))
        self.bad_subtests.append(subtest)

    def addSkip(self, test, reason):
        if not reason:
            self.line(False, self.name(test) + " (a skip without a reason)")
        else:
            self.line(True, self.name(test), "SKIP " + reason)

    def addExpectedFailure(self, test, err):
        self.line(False, self.name(test) + " (marked as one that fails)")

    def addUnexpectedSuccess(self, test):
        self.line(False, self.name(test) + " (passes, but was to fail)")


def load(path, names):
    """The tests of the file, or only those named."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    module_name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    loader = unittest.TestLoader()
    if names:
        return loader.loadTestsFromNames(names, module)
    return loader.loadTestsFromModule(module)


def children():
    """The processes below this one."""
    found = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/children") as f:
                found += [int(pid) for pid in f.read().split()]
        except OSError:
            pass
    return found


def kill_left_behind():
    for _ in range(100):
        left = children()
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except OSError:
                pass


def become_reaper():
    """Orphans of the tests come to us; where that is unknown, they do not."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (OSError, AttributeError):
        pass


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: tap.py FILE [Class | Class.test ...]")
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)
    faulthandler.enable()
    signal.signal(signal.SIGALRM, overdue)
    become_reaper()
    watch()
    result = Tap(out)
    try:
        load(sys.argv[1], sys.argv[2:]).run(result)
        # The plan comes last: a class that is skipped as a whole is one line.
        print(f"1..{result.count}", file=out, flush=True)
    except unittest.SkipTest as skip:
        print(f"1..0 # SKIP {skip}", file=out, flush=True)
    except (Exception, Overdue):
        result.tell(sys.argv[1], sys.exc_info())
        print(f"Bail out! {sys.argv[1]} cannot be run", file=out, flush=True)
        return 1
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
        kill_left_behind()
    return 0


if __name__ == "__main__":
    sys.exit(main())
