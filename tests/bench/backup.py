"""Backups against their peers: what a point costs when the database changes as it does in a busy half hour.

    ./dev bench backup [--quick]

A customer's Odoo 14 of 768,000 rows (a dump of 256 MB) with a filestore of a gigabyte lives through eight busy half
hours in which 0.75 % of its rows change, then through quieter ones, and one in which nothing happens. A point is taken
of each: by ours through the sshd of the customer's host and of the backup host, and by `pg_dump -Fc`, borg with its
default chunks, borg with chunks of 16 KiB, and restic. Then everybody checks what it keeps and gives a state back;
ours goes on until a login page is served. At last a point is added to a repository of 4,320.

The database is made once (two minutes) and kept in this clone's cluster. `--quick` is for whoever changes this file:
three states, a twentieth of the files, a small crowd, no peers, and nothing is judged.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "e2e"), str(TESTS / "bench")]

import conftest  # noqa: E402, F401  (the path above makes it importable; it registers the addons)
from backups import inflate, states  # noqa: E402
from backups.others import everybody, size_of  # noqa: E402
from backups.ours import COPY, Ours  # noqa: E402
from backups.watch import adopt_orphans  # noqa: E402
from support import STATE, Database  # noqa: E402

QUICK_SHARES, QUICK_FILES, QUICK_CROWD = (0.75, 0.0), 350, 200
GOAL_DUMP_MB, GOAL_ROWS, GOAL_FILES_MB = 250, 700_000, 1000
GOAL_POINT_MB = {0.75: 0.6, 0.25: 0.25, 0.1: 0.15, 0.0: 0.05}
GOAL_ALL_GB, GOAL_MEMORY_MB, GOAL_RESTORE_S, GOAL_ADD_S = 11.0, 64.0, 90.0, 3.0
DAYS, POINTS, ANCHORS, LONGEST_CHAIN = 90, 48, 5, 8
#: `pg_dump -Fc` writes the same whole dump each time: it is asked for the first states only.
WHOLE_EACH_TIME = 3
MB = 1e6


class Bench:
    """One run: the database, everybody who keeps it, and the figures."""

    def __init__(self, folder, quick):
        self.folder, self.quick = folder, quick
        shutil.rmtree(folder, ignore_errors=True)
        self.database = Database("bench_backup_live", inflate.get_template(os.environ["LINSERV_DEMO_TEMPLATE"]))
        self.shares, self.crowd = (QUICK_SHARES, QUICK_CROWD) if quick else (states.SHARES, DAYS * POINTS)
        self.peers = [] if quick else everybody(folder / "peers")
        self.chance = random.Random(7)
        self.figures = {"states": []}

    def run(self):
        """Everything; the figures."""
        if self.quick:
            states.forget_files(self.database, QUICK_FILES)
        with Ours(self.folder / "ours", self.database) as ours:
            for number, share in enumerate((None, *self.shares)):
                self.go_through(ours, number, share)
            self.figures["ours"] = self.prove(ours)
            self.figures["peers"] = [self.ask_back(peer) for peer in self.peers]
            self.figures["crowd"] = ours.add_to_crowd(self.crowd)
            self.figures["next_day"] = tell("ours", ours.take(POINTS))
        return self.figures

    def go_through(self, ours, number, share):
        """Let a half hour pass and take a point of it with everybody."""
        rows, files = states.go_on(self.database, number, share, self.chance) if share else (0, 0)
        figures = {"share": share, "rows": rows, "new_files": files, "ours": tell("ours", ours.take(number))}
        if self.peers:
            dump = self.folder / "dump"
            subprocess.run(["pg_dump", "-Fc", "-Z0", "-f", dump, self.database.name], check=True)
            for peer in self.peers:
                if number < WHOLE_EACH_TIME or not peer.whole:
                    figures[peer.name] = tell(peer.name, peer.take(dump, self.database.name))
        self.figures["states"].append(figures)

    def prove(self, ours):
        """Check everything, rebuild the point at the end of the longest chain, restore the newest."""
        newest = ours.points[-1]["point"]
        seconds = {
            "verify": ours.verify(ours.points[min(LONGEST_CHAIN, len(ours.points)) - 1]["point"]["name"]),
            "check": ours.check(),
        }
        seconds["restore"] = ours.restore(newest)
        return tell("ours", seconds)

    def ask_back(self, peer):
        """Give the second state back and check everything."""
        target = self.folder / "back"
        back = peer.give_back("s1", target)
        return tell(
            peer.name, {"name": peer.name, "back": back.seconds, "check": peer.check(), "all": size_of(peer.store)}
        )

    def remove(self):
        """Leave nothing but the template."""
        for name in (self.database.name, COPY):
            gone = object.__new__(Database)
            gone.name = name
            gone.drop()
        shutil.rmtree(self.folder, ignore_errors=True)


def tell(name, figures):
    """Say what was measured as it comes: the whole takes minutes."""
    print(name, json.dumps(figures, default=str)[:400], flush=True)
    return figures


def sum_up(figures):
    """What the goals are about, out of everything measured, in MB, GB and seconds."""
    later = figures["states"][1:]
    busy = [state["ours"] for state in later if state["share"] == states.SHARES[0]]
    patches = statistics.mean(each["bytes"] for each in busy if not each["point"]["anchor"])
    anchors = max([each["bytes"] for each in busy if each["point"]["anchor"]], default=0)
    beside = later[-1]["ours"]["grown"]  # of a half hour in which nothing happens: manifest, list of files, borg's own
    whole = figures["next_day"]["grown"]
    day = whole + ANCHORS * anchors + (POINTS - 1 - ANCHORS) * patches + (POINTS - 1) * beside
    kept = {share: [each["ours"]["bytes"] for each in later if each["share"] == share] for share in GOAL_POINT_MB}
    return {
        "points": {share: statistics.mean(sizes) / MB for share, sizes in kept.items() if sizes},
        "patch": patches / MB,
        "anchor": anchors / MB,
        "whole": whole / MB,
        "beside": beside / MB,
        "all": DAYS * day / 1e9,
        "memory": max(state["ours"]["memory"]["customer"] for state in figures["states"]),
        "restore": sum(figures["ours"]["restore"].values()),
    }


def judge(figures, total):
    """The goals, each with its figure and limit."""
    first = figures["states"][0]["ours"]["point"]
    least = [
        ("MB of the dump", first["dump"]["bytes"] / MB, GOAL_DUMP_MB),
        ("rows", first["rows"], GOAL_ROWS),
        ("MB of the filestore", first["files"]["bytes"] / MB, GOAL_FILES_MB),
    ]
    most = [
        ("MB a point, %.2f %% of the rows changed" % share, total["points"][share], GOAL_POINT_MB[share])
        for share in total["points"]
    ]
    most += [
        ("GB for 4,320 points of busy half hours", total["all"], GOAL_ALL_GB),
        ("MB memory on the customer's host", total["memory"], GOAL_MEMORY_MB),
        ("s from the order to an Odoo that serves", total["restore"], GOAL_RESTORE_S),
        ("s to add a point to 4,320 others", figures["crowd"]["add"], GOAL_ADD_S),
    ]
    judged = [
        {"goal": name, "figure": round(figure, 3), "limit": limit, "ok": figure >= limit}
        for name, figure, limit in least
    ]
    return judged + [
        {"goal": name, "figure": round(figure, 3), "limit": limit, "ok": figure <= limit}
        for name, figure, limit in most
    ]


def print_states(figures):
    """What each state cost everybody: MB kept, CPU seconds and MB of memory."""
    names = ["ours"] + [peer["name"] for peer in figures["peers"]]
    print("%-8s %7s %9s" % ("changed", "rows", "new files"), *("%22s" % name for name in names))
    next_day = {"share": None, "rows": 0, "new_files": 0, "ours": figures["next_day"]}
    for state in [*figures["states"], next_day]:
        title = "whole" if state["share"] is None else "%.2f %%" % state["share"]
        cells = [show_point(state, name) for name in names]
        print("%-8s %7d %6.1f MB" % (title, state["rows"], state["new_files"] / MB), *("%22s" % cell for cell in cells))
    print(
        "(MB kept, CPU s on all sides, MB of memory on the largest side. Ours: a patch without its new files, the first"
    )
    print("whole with all files, the last one is the next day's)")


def show_point(state, name):
    """One cell."""
    if name not in state:
        return ""
    cost = state[name]
    if name == "ours":
        spent, memory = sum(cost["cpu"].values()) + cost["postgres_cpu"], max(cost["memory"].values())
        kept = cost["bytes"] if cost["point"]["form"] == "patch" else cost["grown"]
        return "%.2f %5.1f %5.0f" % (kept / MB, spent, memory)
    return "%.2f %5.1f %5.0f" % (cost["bytes"] / MB, cost["cpu"], cost["memory"])


def print_sides(figures):
    """Ours, each side on its own."""
    print(
        "\n%-8s %-10s %28s %34s %8s"
        % ("ours", "form", "customer: CPU s, memory MB", "backup host: CPU s, memory MB", "s")
    )
    for state in figures["states"]:
        cost = state["ours"]
        words = ("first" if state["share"] is None else "%.2f %%" % state["share"], cost["point"]["form"])
        customer = "%.1f + %.1f (PostgreSQL), %.0f" % (
            cost["cpu"]["customer"],
            cost["postgres_cpu"],
            cost["memory"]["customer"],
        )
        backup = "%.1f, %.0f" % (cost["cpu"]["backup"], cost["memory"]["backup"])
        print("%-8s %-10s %28s %34s %8.1f" % (*words, customer, backup, cost["seconds"]))


def print_rest(figures, total):
    """Restoring, checking, the sum, and the crowd."""
    ours = figures["ours"]
    print("\nours: rebuilt and hashed in %.1f s, everything checked in %.1f s" % (ours["verify"], ours["check"]))
    print("      restored: " + ", ".join("%s %.1f s" % pair for pair in ours["restore"].items()))
    for peer in figures["peers"]:
        print(
            "%s: a dump given back in %.1f s, everything checked in %.1f s, %.0f MB kept"
            % (peer["name"], peer["back"], peer["check"], peer["all"] / MB)
        )
    print(
        "%d days: %d × (whole %.1f + %d anchors of %.2f + %d patches of %.2f + 48 × %.2f beside) MB = %.1f GB"
        % (
            DAYS,
            DAYS,
            total["whole"],
            ANCHORS,
            total["anchor"],
            POINTS - 1 - ANCHORS,
            total["patch"],
            total["beside"],
            total["all"],
        )
    )
    crowd = figures["crowd"]
    print(
        "a point more among %d others: put away in %.1f s, of %.1f s in all; alone it was %.1f of %.1f s"
        % (crowd["others"], crowd["add"], crowd["seconds"], crowd["add_alone"], crowd["seconds_alone"])
    )


def main():
    """Measure, tell, and answer with 0 when every goal is met."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="without the peers")
    bench = Bench(STATE / "bench-backup", parser.parse_args().quick)
    adopt_orphans()
    try:
        figures = bench.run()
    finally:
        bench.remove()
    total = sum_up(figures)
    goals = judge(figures, total)
    print_states(figures)
    print_sides(figures)
    print_rest(figures, total)
    for goal in goals:
        print("%-55s %s (goal %s) %s" % (goal["goal"], goal["figure"], goal["limit"], "ok" if goal["ok"] else "MISSED"))
    good = bench.quick or all(goal["ok"] for goal in goals)
    print(json.dumps({"bench": "backup", "ok": good, "goals": goals, "figures": figures}, default=str))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
