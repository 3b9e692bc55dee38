"""Prints which share of each room's lines ran, from gcov's counters.

    coverage.py BUILD    exit code 1 when there is nothing to count

A line counts as reached when any program or plugin of the build ran it. Rooms are those of layers.py.
"""
import concurrent.futures
import gzip
import json
import os
import subprocess
import sys
import tempfile

from layers import room_of
from sources import ROOT


def counters(build):
    """Absolute paths of all counter files, those of tests themselves left out."""
    found = []
    for folder, _, names in os.walk(build):
        if os.path.relpath(folder, build).split(os.sep)[0] != "tests":
            found += [os.path.join(folder, name) for name in names if name.endswith(".gcda")]
    return sorted(found)


def lines_of(counter):
    """{(path from the root, line): times} of one counter file."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["gcov", "--json-format", counter], cwd=folder, check=True, timeout=120,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lines = {}
        for name in os.listdir(folder):
            with gzip.open(os.path.join(folder, name)) as file:
                report = json.load(file)
            for source in report["files"]:
                path = os.path.join(report["current_working_directory"], source["file"])
                path = os.path.relpath(os.path.realpath(path), ROOT)
                if path.startswith("..") or path.startswith("build") or room_of(path) is None:
                    continue
                for line in source["lines"]:
                    key = path, line["line_number"]
                    lines[key] = max(lines.get(key, 0), line["count"])
        return lines


def rooms_of(lines):
    """{room: [lines reached, lines]}"""
    rooms = {}
    for (path, _), times in lines.items():
        room = rooms.setdefault(room_of(path), [0, 0])
        room[0] += times > 0
        room[1] += 1
    return rooms


def main(build):
    lines = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(lines_of, counters(build)):
            for key, times in part.items():
                lines[key] = lines.get(key, 0) + times
    if not lines:
        print(f"no counters in {build}: build the preset coverage and run its tests first", file=sys.stderr)
        return 1
    rooms = rooms_of(lines)
    rooms["all"] = [sum(room[0] for room in rooms.values()), sum(room[1] for room in rooms.values())]
    for name, (reached, total) in sorted(rooms.items(), key=lambda item: (item[0] == "all", item[0])):
        print(f"{name:<28}{reached:>7} of {total:>6} lines {100 * reached / total:6.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
