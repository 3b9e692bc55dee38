"""clang-tidy over every source file of ours. What was clean once is remembered (as ccache remembers objects) by the content of the
file, of all of ours that it reaches, of its flags and of the configuration."""
import concurrent.futures
import hashlib
import os
import shutil
import subprocess
import sys

from headers import BUILD, commands, fingerprint
from sources import ROOT

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "parley-tidy")
TIDY = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
WORKERS = 2
FILE_TIMEOUT_S = 300
# Beast's coroutines are more than this clang can parse with GCC's library.
NOT_FOR_CLANG = ("bridge/http/http_server.cc",)


def complaints(source, stamp):
    if os.path.exists(stamp):
        return ""
    done = subprocess.run([TIDY, "--quiet", "-p", BUILD, source], cwd=ROOT, text=True, timeout=FILE_TIMEOUT_S,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        return done.stdout or f"{source}: clang-tidy ended with {done.returncode}"
    with open(stamp, "w", encoding="utf-8"):
        return ""


def main():
    if TIDY is None:
        sys.exit("clang-tidy is not installed: apt-get install clang-tidy-14")
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(ROOT, ".clang-tidy"), "rb") as file:
        configuration = file.read()
    known = {source: flags for source, flags in commands().items() if not source.startswith(("build", "tests", "..")) and source not in NOT_FOR_CLANG}
    assert known, f"{BUILD} has no compile commands of ours"
    stamps = {}
    for source, flags in known.items():
        content = hashlib.sha256(configuration + fingerprint(source, flags).encode()).hexdigest()
        stamps[source] = os.path.join(CACHE, content)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        found = [text for text in pool.map(complaints, stamps, stamps.values()) if text]
    print("\n".join(found))
    print(f"{len(known)} files, {len(found)} with complaints")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
