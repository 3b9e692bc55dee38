"""Every header compiles alone. A header that its own source includes first has shown it in the build; the others are compiled here.
What passed once is remembered by its content in the build folder."""
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys

from sources import ROOT, sources

BUILD = os.environ.get("PARLEY_BUILD", os.path.join(ROOT, "build/dev"))
CACHE = os.path.join(BUILD, "header-check")
INCLUDE_ANY = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def commands():
    """source path relative to the root → compiler and flags, without input and output."""
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    found = {}
    for entry in entries:
        words = shlex.split(entry["command"])
        if os.path.basename(words[0]) == "ccache":
            words = words[1:]
        kept, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ("-o", "-c", "-MF", "-MT", "-MQ"):
                skip = word != "-c"
            elif word not in ("-MD", "-MMD") and not word.endswith((".cc", ".o")):
                kept.append(word)
        found[os.path.relpath(entry["file"], ROOT)] = kept
    return found


def is_first_of_its_source(header, known):
    source = header.removesuffix(".h") + ".cc"
    if source not in known:
        return False
    with open(os.path.join(ROOT, source), encoding="utf-8") as file:
        first = INCLUDE_ANY.search(file.read())
    return first is not None and first.group(1) == header


def flags_for(header, known):
    """Those of the source beside it with the longest common path: the same target, in all likelihood."""
    return known[max(known, key=lambda source: (len(os.path.commonprefix([source, header])), source))]


def fingerprint(header, flags):
    """Of the header, of all of ours that it reaches, and of the flags."""
    digest, todo, seen = hashlib.sha256(" ".join(flags).replace(ROOT, ".").encode()), [header], set()
    roots = [ROOT] + [flag[2:] for flag in flags if flag.startswith("-I")]
    roots += [flags[i + 1] for i, flag in enumerate(flags[:-1]) if flag == "-isystem"]
    while todo:
        name = todo.pop()
        path = next((full for full in (os.path.join(root, name) for root in roots) if os.path.isfile(full)), None)
        if path is None or path in seen:
            continue
        seen.add(path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        digest.update(text.encode())
        todo += sorted(INCLUDE.findall(text))
    return digest.hexdigest()


def check(header, flags):
    """The compiler's complaint, or None."""
    mark = os.path.join(CACHE, fingerprint(header, flags))
    if os.path.exists(mark):
        return None
    done = subprocess.run([*flags, "-fsyntax-only", "-x", "c++", "-"], cwd=ROOT, text=True, timeout=300,
                          input=f'#include "{header}"\n', stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        return f"{header} does not compile alone:\n{done.stdout[:2000]}"
    with open(mark, "w", encoding="utf-8"):
        pass
    return None


def main():
    os.makedirs(CACHE, exist_ok=True)
    known = commands()
    headers = sources(".h")
    unproven = [header for header in headers if not is_first_of_its_source(header, known)]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        complaints = [c for c in pool.map(lambda h: check(h, flags_for(h, known)), unproven) if c]
    print("\n".join(complaints) or f"{len(headers)} headers compile alone, {len(headers) - len(unproven)} of them first in their source")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
