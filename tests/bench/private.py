"""A network and a user of the bench's own.

Run by root, the bench enters a network namespace: its loopback carries
nothing else, and its TCP settings are its own, so nothing has to be put back
and nobody else's traffic is in the figures.  It enters a mount namespace too,
where /etc/passwd and /etc/shadow are copies with one more user, whose
password is hashed by yescrypt: a real pam_unix login.  Both end with it.

An ordinary user measures in the machine's network as it is, without the rows
that need the user.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess

USER = "sockd-bench"
PASSWORD = "correct horse"
UID = 64999
YESCRYPT = "$y$j9T$sockdBenchSalt0123456.$"    # the cost of Debian 12

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000

# bbr paces loopback down to a third.  The bound on TIME_WAIT is what keeps a
# server's leftovers from slowing the next one: beyond it the kernel forgets
# them at once, whichever side closed first.
CONGESTION = "net/ipv4/tcp_congestion_control"
SETTINGS = {CONGESTION: "cubic", "net/ipv4/tcp_max_tw_buckets": "4096"}

LIBC = ctypes.CDLL(None, use_errno=True)


def enter():
    """Into namespaces of our own, if root; true if we are."""
    if os.geteuid() != 0:
        return False
    # Only the machine's first namespace may choose the algorithm; a new one
    # takes over what stands there.  The descriptor stays the machine's.
    fd = os.open(f"/proc/sys/{CONGESTION}", os.O_RDWR | os.O_CLOEXEC)
    before = os.pread(fd, 64, 0)
    os.pwrite(fd, SETTINGS[CONGESTION].encode(), 0)
    try:
        unshare()
    finally:
        os.pwrite(fd, before, 0)
        os.close(fd)
    return True


def unshare():
    if LIBC.unshare(CLONE_NEWNET | CLONE_NEWNS) == -1 or \
            LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == -1:
        raise OSError(ctypes.get_errno(), "unshare")


def settings():
    """The settings that matter, as they are."""
    found = {}
    for name in SETTINGS:
        with open(f"/proc/sys/{name}") as f:
            found[name.replace("/", ".")] = f.read().strip()
    return found


def furnish(directory):
    """Bring loopback up, set TCP, add the user.  directory: for the copies."""
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    for name, value in SETTINGS.items():
        if name != CONGESTION:
            with open(f"/proc/sys/{name}", "w") as f:
                f.write(value)
    home = "/nonexistent:/usr/sbin/nologin"
    append("/etc/passwd", f"{USER}:x:{UID}:65534:bench:{home}", directory)
    append("/etc/shadow", f"{USER}:{yescrypt()}:19000:0:99999:7:::", directory)


def append(path, line, directory):
    """Put a copy of path with one more line in its place, for us alone."""
    copy = os.path.join(directory, os.path.basename(path))
    subprocess.run(["cp", "-p", path, copy], check=True)
    with open(copy, "a") as f:
        f.write(line + "\n")
    subprocess.run(["mount", "--bind", copy, path], check=True)


def yescrypt():
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    hashed = crypt(PASSWORD.encode(), YESCRYPT.encode()).decode()
    if not hashed.startswith(YESCRYPT):
        raise OSError("libcrypt knows no yescrypt")
    return hashed
