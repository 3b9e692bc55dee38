"""Shell scripts parse and pass shellcheck; Python files compile."""
import ast
import glob
import os
import shutil
import sys

from sources import ROOT, run, sources

SHELL = ["scripts/up", "scripts/down", "scripts/test", ".ci/run"]
SHELL += [f"packaging/debian/{name}" for name in ("postinst", "prerm", "postrm")]
SHELL += sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "scripts/lib/*.sh")))

failures = 0
for path in SHELL:
    code, output = run("bash", "-n", path)
    if code:
        failures += 1
        print(output)
    if not path.startswith("scripts/lib/") and not os.access(os.path.join(ROOT, path), os.X_OK):
        failures += 1
        print(f"{path} is not executable")
if shutil.which("shellcheck"):
    code, output = run("shellcheck", *SHELL)
    if code:
        failures += 1
        print(output)
for path in sources(".py"):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        try:
            ast.parse(file.read(), path)
        except SyntaxError as error:
            failures += 1
            print(error)
sys.exit(1 if failures else 0)
