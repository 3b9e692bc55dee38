#!/usr/bin/python3
"""The main job on real input: text in many scripts goes in by `parley send` from several clients at once and comes back
by `parley history`, byte for byte.

    tests/torture/corpus.py [--lines 10000]

Speakers are users, files are rooms. The text comes from Debian packages: fortunes in several languages, the emoji of
unicode-data, the translations of debconf's questions (right-to-left scripts among them), a licence. Needs a build
(PARLEY_BUILD, default build/dev).
"""
import argparse
import collections
import concurrent.futures
import glob
import itertools
import json
import os
import re
import subprocess
import sys
import unicodedata

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.support.broker import CLI, Broker  # noqa: E402
from tests.support.client import Client  # noqa: E402

# room → files. (Of the fortunes, the offensive ones are left out.)
BOOKS = {
    "english": ("/usr/share/games/fortunes/literature", "/usr/share/games/fortunes/fortunes",
                "/usr/share/games/fortunes/riddles", "/usr/share/common-licenses/GPL-3"),
    "bulgarian": ("/usr/share/games/fortunes/bg/*",),
    "spanish": ("/usr/share/games/fortunes/es/*.fortunes",),
    "russian": ("/usr/share/games/fortunes/ru/knowledge", "/usr/share/games/fortunes/ru/haiku",
                "/usr/share/games/fortunes/ru/book", "/usr/share/games/fortunes/ru/education"),
    "tang": ("/usr/share/games/fortunes/tang300",),
    "song": ("/usr/share/games/fortunes/song100",),
    "chinese": ("/usr/share/games/fortunes/chinese",),
    "emoji": ("/usr/share/unicode/emoji/emoji-test.txt",),
}
# Every Debian machine has the questions of its packages in dozens of languages: a room for each.
TRANSLATIONS = "/var/lib/dpkg/info/*.templates"
SPEAKERS = ["anna", "boris", "chen", "dalia", "elif"]
SPEAKERS_PER_ROOM_MAX = 3
LINES_PER_SPEAKER_MIN = 20
AT_ONCE = 4
# Without these the corpus would prove little.
SCRIPTS_WANTED = {"LATIN", "CYRILLIC", "GREEK", "CJK", "HEBREW", "ARABIC", "HIRAGANA", "HANGUL", "DEVANAGARI", "THAI",
                  "EMOJI"}


def lines_of(path):
    """The lines of a file that are messages: not empty, UTF-8, without U+0000. Nothing else is changed."""
    with open(path, "rb") as file:
        for line in file.read().split(b"\n"):
            try:
                text = line.decode()
            except UnicodeDecodeError:
                continue
            if text and "\0" not in text:
                yield line


def translations():
    """language → lines, from the templates of debconf: a field "Description-he.UTF-8: …" and what follows it."""
    found = collections.defaultdict(list)
    for path in sorted(glob.glob(TRANSLATIONS)):
        language = None
        for line in lines_of(path):
            field = re.match(rb"[A-Za-z_]+-([A-Za-z_]+)(@[a-z]+)?\.UTF-8: ", line)
            if field:
                language = field.group(1).decode().lower()
            elif not line.startswith(b" "):
                language = None
            if language:
                found[language].append(line)
    return found


def collect(count):
    """room → its lines, count in all: the same share of every room, as far as it has that many."""
    rooms = {room: [line for pattern in patterns for path in sorted(glob.glob(pattern)) if os.path.isfile(path)
                    and not path.endswith((".dat", ".u8")) for line in lines_of(path)]
             for room, patterns in BOOKS.items()}
    rooms.update({f"debconf-{language}": lines for language, lines in translations().items()})
    chosen = {}
    for number, (room, lines) in enumerate(sorted(rooms.items(), key=lambda item: len(item[1]))):
        share = min(len(lines), (count - sum(map(len, chosen.values()))) // (len(rooms) - number))
        # From the middle, past headers and licences.
        start = (len(lines) - share) // 2
        if share:
            chosen[room] = lines[start:start + share]
    return chosen


_scripts = {}


def script_of(character):
    """The first word of its Unicode name, EMOJI for pictographs; None for what belongs to no script."""
    if character not in _scripts:
        name, category = unicodedata.name(character, ""), unicodedata.category(character)
        _scripts[character] = ("EMOJI" if category == "So" and ord(character) > 0x1F000
                               else name.split()[0].split("-")[0] if name and category[0] == "L" else None)
    return _scripts[character]


def scripts_of(line):
    return {script_of(character) for character in line.decode()} - {None}


def set_up(broker, rooms):
    admin = Client(broker, *broker.credentials()).connect()
    admin.subscribe("$CONTROL/parley/v1/response")
    for speaker in SPEAKERS:
        admin.command("createUser", username=speaker, password=f"pw-{speaker}")
    for room in rooms:
        admin.command("createRoom", room=room, kind="group",
                      members=[{"user": speaker, "role": "owner"} for speaker in SPEAKERS])
    admin.close()


def parley(broker, user, *arguments, **options):
    environment = {**os.environ, "PARLEY_PORT": str(broker.port), "PARLEY_USER": user, "PARLEY_PASSWORD": f"pw-{user}"}
    return subprocess.run([CLI, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=600, check=False, **options)


def send(broker, room, speaker, lines):
    done = parley(broker, speaker, "send", room, "--quiet", input=b"\n".join(lines) + b"\n")
    if done.returncode:
        raise AssertionError(f"parley send {room} as {speaker}: exit code {done.returncode}\n"
                             f"{(done.stdout + done.stderr).decode(errors='replace')[:2000]}")


def read_back(broker, room):
    """speaker → texts of the room as bytes, in order; also checks that nothing is missing between."""
    done = parley(broker, SPEAKERS[0], "history", room, "--all", "--json", stdin=subprocess.DEVNULL)
    if done.returncode:
        raise AssertionError(f"parley history {room}: exit code {done.returncode}\n{done.stderr.decode()[:2000]}")
    events = [json.loads(line) for line in done.stdout.decode().split("\n") if line]
    seqs = [int(event["seq"]) for event in events]
    if seqs != list(range(1, len(seqs) + 1)):
        raise AssertionError(f"{room}: seqs are not 1 … {len(seqs)}")
    texts = collections.defaultdict(list)
    for event in events:
        if "text" in event:
            texts[event["sender"]].append(event["text"]["text"].encode())
    return texts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=10_000)
    arguments = parser.parse_args()
    rooms = collect(arguments.lines)
    total = sum(map(len, rooms.values()))
    scripts = collections.Counter(script for lines in rooms.values() for line in lines for script in scripts_of(line))
    print(f"{total} lines in {len(rooms)} rooms; lines by script: "
          + ", ".join(f"{script} {count}" for script, count in scripts.most_common(20)))
    missing = SCRIPTS_WANTED - set(scripts)
    if total < arguments.lines or missing:
        print(f"the corpus is too small: {total} lines, missing scripts {sorted(missing)}; scripts/test installs it")
        return 1

    shares = {}  # (room, speaker) → lines
    for number, (room, lines) in enumerate(rooms.items()):
        count = max(1, min(SPEAKERS_PER_ROOM_MAX, len(lines) // LINES_PER_SPEAKER_MIN))
        for index in range(count):
            speaker = SPEAKERS[(number + index) % len(SPEAKERS)]
            shares[(room, speaker)] = lines[index * len(lines) // count:(index + 1) * len(lines) // count]
    with Broker(bridge=True) as broker:
        try:
            set_up(broker, rooms)
            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                for future in [pool.submit(send, broker, room, speaker, lines)
                               for (room, speaker), lines in shares.items()]:
                    future.result()
            for room in rooms:
                texts = read_back(broker, room)
                for speaker in SPEAKERS:
                    expected = shares.get((room, speaker), [])
                    if texts.get(speaker, []) != expected:
                        different = next((pair for pair in itertools.zip_longest(texts.get(speaker, []), expected)
                                          if pair[0] != pair[1]), None)
                        raise AssertionError(f"{room}, {speaker}: {len(texts.get(speaker, []))} of {len(expected)} "
                                             f"lines; the first that differs: {different}")
        except BaseException:
            broker.print_logs()
            raise
    print(f"{total} lines came back byte for byte")
    return 0


if __name__ == "__main__":
    sys.exit(main())
