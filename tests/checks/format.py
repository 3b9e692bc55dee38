"""Every C++ file is as clang-format writes it (.clang-format)."""
import shutil
import sys

from sources import run, sources

tool = shutil.which("clang-format-14") or shutil.which("clang-format")
if not tool:
    sys.exit("clang-format-14 is not installed: scripts/test installs it")
files = sources(".h", ".cc")
code, output = run(tool, "--dry-run", "-Werror", *files)
if code:
    print(output)
    sys.exit("not formatted; run: clang-format-14 -i FILE")
print(f"{len(files)} files are formatted")
