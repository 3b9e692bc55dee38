"""Writes a copy of one source file with a bug planted in it.

    mutate.py SOURCE MUTATION OUTPUT

MUTATION is a text file: lines of a pattern after a line `--- this`, what takes its place after `--- becomes`; more than one pair is
allowed. Each pattern must stand in the source exactly once, or the build fails: a bug that is no longer planted shows nothing.
Blanks at the start of lines, and line breaks, count as any blanks.
"""
import re
import sys


def read_pairs(text):
    pairs = re.findall(r"^--- this\n(.*?)^--- becomes\n(.*?)(?=^--- this\n|\Z)", text, re.M | re.S)
    if not pairs:
        sys.exit("no `--- this` … `--- becomes` in the mutation")
    return pairs


def plant(source, pairs):
    for pattern, replacement in pairs:
        words = r"\s+".join(re.escape(word) for word in pattern.split())
        found = re.findall(words, source)
        if len(found) != 1:
            sys.exit(f"the pattern stands {len(found)} times in the source, not once:\n{pattern}")
        source = re.sub(words, lambda _, text=replacement: text.strip(), source)
    return source


def main():
    source_path, mutation_path, output_path = sys.argv[1:]
    with open(source_path, encoding="utf-8") as file:
        source = file.read()
    with open(mutation_path, encoding="utf-8") as file:
        pairs = read_pairs(file.read())
    planted = plant(source, pairs)
    with open(output_path, "w", encoding="utf-8") as file:
        file.write(f'#line 1 "{source_path}"\n' + planted)


if __name__ == "__main__":
    main()
