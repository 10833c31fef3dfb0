#!/usr/bin/env python3
"""Measure sockd beside its peers: make bench BENCH_ARGS='...'

Every row is measured for every server, interleaved, several rounds; what is
told are medians.  sockd runs with its ledger and its log, the peers with
neither.  TIME_WAIT: see private.py; a server's port is new in each round.
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import re
import shutil
import signal
import sys
import tempfile

import measure
import private
import rows
import servers
import table


def pair(text):
    name, is_there, command = text.partition("=")
    if not is_there or not name or not command:
        raise argparse.ArgumentTypeError("NAME=COMMAND is wanted")
    return name, command


def arguments():
    p = argparse.ArgumentParser(
        prog="bench", description=__doc__.split("\n", maxsplit=1)[0],
        epilog="In COMMAND, {port}, {user}, {password}, {me} and {method} "
        "(none or username) are filled in, and {file:PATH} is a copy of PATH "
        "so filled in.")
    p.add_argument("--rows", default="", metavar="REGEX",
                   help="rows whose name it matches")
    p.add_argument("--servers", default="", metavar="A,B",
                   help="these servers only")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=5,
                   help="of one measurement")
    p.add_argument("--trickle-seconds", type=int, default=120)
    p.add_argument("--json", metavar="FILE", help="write all figures there")
    p.add_argument("--sockd", default=os.environ.get("SOCKD", "sockd"),
                   metavar="PATH")
    p.add_argument("--sockd-log", default="info", metavar="LEVEL",
                   help="its log's level (info: a line a session)")
    p.add_argument("--peer", type=pair, action="append", default=[],
                   metavar="NAME=COMMAND", help="another server")
    p.add_argument("--peer-login", type=pair, action="append", default=[],
                   metavar="NAME=COMMAND", help="the same, with its one user")
    p.add_argument("--list", action="store_true", help="list rows and go")
    return p.parse_args()


def chosen_rows(pattern):
    found = [row for row in rows.ROWS if re.search(pattern, row.name)]
    if not found:
        sys.exit(f"bench: no row matches {pattern}")
    return found


def chosen_servers(options, is_private):
    sockd = servers.Sockd(os.path.abspath(options.sockd), options.sockd_log,
                          has_login=is_private)
    found = servers.every(sockd, dict(options.peer), dict(options.peer_login))
    wanted = options.servers.split(",") if options.servers else None
    if wanted:
        unknown = set(wanted) - {server.name for server in found}
        if unknown:
            sys.exit(f"bench: no such server: {', '.join(sorted(unknown))}")
    return [s for s in found if not wanted or s.name in wanted]


def about(options, chosen, is_private):
    """What figures are worth nothing without."""
    return {
        "date": datetime.datetime.now().astimezone().isoformat(),
        "kernel": platform.release(), "cpus": len(os.sched_getaffinity(0)),
        "load_before": os.getloadavg()[0], "private": is_private,
        "settings": private.settings(), "seconds": options.seconds,
        "servers": [server.name for server in chosen],
        "peers": dict(options.peer), "sockd": options.sockd,
    }


def measure_once(row, server, options):
    cpus = {min(os.sched_getaffinity(0))} if row.pinned else None
    with server.running(cpus=cpus, **row.setup) as running:
        return row.function(running, options)


def measure_row(row, chosen, options):
    """{server: [figures]}, {server: why not}."""
    taking_part = [s for s in chosen if rows.takes_part(row, s)]
    found = {server.name: [] for server in taking_part}
    notes = {}
    rounds = min(options.rounds, row.rounds or options.rounds)
    for i in range(rounds):
        at = i % max(len(taking_part), 1)
        for server in taking_part[at:] + taking_part[:at]:
            try:
                found[server.name].append(
                    measure_once(row, server, options))
            except servers.Unable as why:
                notes[server.name] = f"round {i + 1}: {why}"
    return found, notes


def report(row, found, notes):
    """Print a row; what of it belongs into the JSON."""
    by_server = {name: table.medians(rounds)
                 for name, rounds in found.items()}
    compared = table.summary(by_server)
    print(table.text(row, by_server, compared, notes), flush=True)
    return {"what": row.what, "rounds": found, "medians": by_server,
            "sockd": compared, "notes": notes}


def write(path, results):
    if path:
        with open(path + ".new", "w") as f:
            json.dump(results, f, indent=1)
        os.replace(path + ".new", path)


def greet(results):
    facts = results["about"]
    print(f"{facts['cpus']} CPUs, Linux {facts['kernel']}, "
          + ", ".join(f"{k} {v}" for k, v in facts["settings"].items()))
    if not facts["private"]:
        print("not root: the machine's network as it is, no login rows")
    if facts["load_before"] > facts["cpus"] / 2:
        print(f"load average {facts['load_before']:.1f}: others are at "
              "work, the figures are noise")
    print(flush=True)


def main():
    options = arguments()
    if options.list:
        for row in rows.ROWS:
            print(f"{row.name:24}{row.what}")
        return
    if not shutil.which(measure.LOAD):
        sys.exit(f"bench: no {measure.LOAD}; make bench builds it")
    is_private = private.enter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        if is_private:
            private.furnish(directory)
        chosen = chosen_servers(options, is_private)
        results = {"about": about(options, chosen, is_private), "rows": {}}
        greet(results)
        with contextlib.suppress(KeyboardInterrupt):
            for row in chosen_rows(options.rows):
                found, notes = measure_row(row, chosen, options)
                results["rows"][row.name] = report(row, found, notes)
                write(options.json, results)


if __name__ == "__main__":
    main()
