"""Which files of the project are ours to check."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ("schemas", "core", "broker-plugin", "bridge", "client", "tests")


def sources(*endings, rooms=ROOMS, root=ROOT):
    """Paths relative to the root, sorted, of all files with one of these endings."""
    found = []
    for room in rooms:
        for folder, folders, names in os.walk(os.path.join(root, room)):
            folders[:] = [name for name in folders if name not in ("__pycache__", "node_modules")]
            found += [os.path.relpath(os.path.join(folder, name), root) for name in names if name.endswith(endings)]
    return sorted(found)


def run(*command):
    """(exit code, output) of a command, run in the root."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300)
    return done.returncode, done.stdout
