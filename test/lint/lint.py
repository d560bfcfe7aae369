#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a compiler does not know: layers, banned functions, file length, format, headers that stand alone.

The table of layers is read from docs/architecture.md, so that the document and the check cannot drift apart.
"""
import os
import re
import subprocess
import sys

MAX_LINES = 450
BANNED = ("strcpy strcat strncpy strtok sprintf vsprintf gets atoi strtol localtime gmtime ctime alloca system "
          "exit").split()
# Test code may leave by exit() and build short strings by hand; the shipped code may not.
SHIPPED = ("lib/", "controller/", "node/")

failures = []


def fail(path, line, message):
    failures.append(f"{path}:{line}: {message}" if line else f"{path}: {message}")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def tracked(*suffixes):
    names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], check=True,
                           capture_output=True, text=True).stdout.split("\n")
    return [name for name in names if name.endswith(suffixes) and os.path.exists(name)]


def without_comments_and_strings(text):
    """The code alone, line numbers kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def layers():
    """folder -> (folders it may include, third-party headers it may include), from the table in the document."""
    table = {}
    rows = re.findall(r"^\| `([a-z0-9/]+)` \|([^|]*)\|([^|]*)\|", read("docs/architecture.md"), flags=re.M)
    for folder, may_include, third_party in rows:
        table[folder] = (set(re.findall(r"`([a-z0-9/]+)`", may_include)), re.findall(r"`([^`]+)`", third_party))
    if len(table) < 9:
        fail("docs/architecture.md", 0, "the table of layers is gone or has lost rows")
    return table


def header_spec_matches(spec, path, header):
    """`nghttp2/` is for the whole folder; `nfsc/ (nfs)` only for files whose name has that in it."""
    match = re.fullmatch(r"(\S+)(?: in (\S+))?", spec)
    prefix, file_part = match.group(1), match.group(2)
    if not header.startswith(prefix):
        return False
    return file_part is None or re.fullmatch(file_part.replace("*", ".*"), os.path.basename(path)) is not None


def check_includes(path, text, table):
    folder = os.path.dirname(path)
    if folder not in table:
        fail(path, 0, f"{folder} has no row in the table of layers")
        return
    may_include, third_party = table[folder]
    known_third_party = [spec.split(" in ")[0] for row in table.values() for spec in row[1]]
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        bracket, header = match.groups()
        if bracket == '"' and "/" in header:
            target = os.path.dirname(header)
            target = target if target in table else "lib/" + target
            if target in table and target != folder and target not in may_include:
                fail(path, number, f"{folder} may not include {target}")
        if any(header.startswith(prefix) for prefix in known_third_party):
            if not any(header_spec_matches(spec, path, header) for spec in third_party):
                fail(path, number, f"{folder} may not include <{header}>")


def check_banned(path, text):
    code = without_comments_and_strings(text)
    for match in re.finditer(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(", code):
        fail(path, code.count("\n", 0, match.start()) + 1, f"{match.group(1)}() is banned")


def check_file(path, text):
    lines = text.count("\n")
    if lines > MAX_LINES:
        fail(path, 0, f"{lines} lines; {MAX_LINES} at most")
    if "SPDX-License-Identifier: Apache-2.0" not in text[:200]:
        fail(path, 1, "no SPDX line")
    if re.search(r"\b(TODO|FIXME|XXX)\b", text):
        fail(path, 0, "unfinished business in a comment")


def check_function_length(path, text, limit=70):
    """A function over a screen needs a reason: a comment just above it that says why it is long."""
    lines = text.split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start > limit:
                fail(path, start, f"a function of {number - start} lines; {limit} at most")
            start = None


def run(command, path=None):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        first = (result.stderr or result.stdout).strip().split("\n")[:3]
        fail(path or command[0], 0, " ".join(command[:1]) + ": " + " | ".join(first))


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    sources = tracked(".c", ".h")
    table = layers()
    for path in sources:
        text = read(path)
        check_file(path, text)
        check_function_length(path, text)
        if path.startswith(SHIPPED):
            check_includes(path, text, table)
            check_banned(path, text)
    for path in tracked(".h"):
        run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-Ilib", "-I.", "-Itest", f"-I{build}/gen", "-fsyntax-only", "-x", "c", path], path)
    for path in sources:
        run(["clang-format-14", "--dry-run", "--Werror", path], path)
    for path in tracked("", ):
        if os.path.isfile(path) and not os.path.islink(path) and b"\0" not in open(path, "rb").read(4096):
            check_words(path)
    for line in failures:
        print(line)
    print(f"lint: {len(sources)} files, {len(failures)} complaints")
    return 1 if failures else 0


def check_words(path):
    """Shell and Python carry the licence line too."""
    head = read(path)[:300] if path.endswith((".py", ".sh", ".mk", ".go", ".js")) else None
    if head is not None and "SPDX-License-Identifier" not in head:
        fail(path, 1, "no SPDX line")


if __name__ == "__main__":
    sys.exit(main())
