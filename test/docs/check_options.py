#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_options.py BUILD: every option that a program prints in --help stands in its man page and in the README's table
with the same default, and nothing else does."""
import re
import subprocess
import sys

PROGRAMS = ("csi-controller", "csi-node")
complaints = []


def options_of_help(program):
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    options = {}
    for match in re.finditer(r"^  --(\S+)(?: (\S+))?\n        (.*?)(?: \(default ([^)]*)\))?$", text, flags=re.M):
        options[match.group(1)] = (match.group(2), match.group(4))
    return options


def options_of_man(page):
    """`.TP` then `.BI \\-\\-name " VALUE"` or `.B \\-\\-name`; the default as `Default: \\fBx\\fR.`"""
    options = {}
    for item in open(page, encoding="utf-8").read().split(".TP\n")[1:]:
        match = re.match(r"\.(?:BI|B) \\-\\-(\S+)(?: \"? ?=? ?([^\"\n]+)\"?)?\n(.*)", item, flags=re.S)
        if not match:
            continue
        default = re.search(r"Default: \\fB(.*?)\\fR", match.group(3))
        found = (match.group(1), (match.group(2) or "").strip() or None, default.group(1) if default else None)
        name, value, default = (word.replace("\\-", "-") if word else None for word in found)
        options[name] = (value, default)
    return options


def options_of_readme(program):
    """Rows `| `--name VALUE` | controller node | default | meaning |`."""
    options = {}
    short = program.split("-")[1]
    text = open("README.md", encoding="utf-8").read().replace("\\|", "\0")
    rows = re.findall(r"^\| `--(\S+?)(?: (\S+))?` \| ([^|]*) \|([^|]*)\|", text, flags=re.M)
    for name, value, programs, default in rows:
        if short in programs:
            options[name] = tuple(x.strip().strip("`").replace("\0", "|") or None for x in (value, default))
    return options


def compare(program, where, documented, real):
    for name in sorted(set(real) - set(documented)):
        complaints.append(f"{where}: --{name} of {program} is missing")
    for name in sorted(set(documented) - set(real)):
        complaints.append(f"{where}: {program} has no --{name}")
    for name in sorted(set(real) & set(documented)):
        if real[name] != documented[name]:
            complaints.append(f"{where}: --{name} of {program} is {real[name]} in --help, {documented[name]} here")


def check_inspect(program):
    """Every command of inspect and every option of it stands in the man page's section, if it is none of the server's."""
    text = subprocess.run([program, "inspect", "--help"], check=True, capture_output=True, text=True).stdout
    page = open("docs/csi-controller.8", encoding="utf-8").read()
    section = re.search(r"^\.SH INSPECT$(.*?)^\.SH ", page, flags=re.M | re.S).group(1).replace("\\-", "-")
    known = set()
    commands = re.findall(r"^  ((?:[a-z]+ )?[a-z]+)(?: [A-Z]+)?\n", text, flags=re.M)
    for command in commands:
        if not re.search(rf'^\.B[RI]? "?{command}\b', section, flags=re.M):
            complaints.append(f"docs/csi-controller.8: inspect {command} is missing")
        words = [program, "inspect", *command.split(), "--help"]
        known |= set(re.findall(r"^  --(\S+)", subprocess.run(words, check=True, capture_output=True, text=True).stdout,
                                flags=re.M))
    servers = set(options_of_help(program))
    documented = set(re.findall(r"--([a-z][a-z-]+)", section)) | {"o", "help", "version"}
    for name in sorted((known - documented) | (documented - known - servers)):
        complaints.append(f"docs/csi-controller.8: --{name} of inspect is missing, or there is none")
    return len(commands)


def main():
    build = sys.argv[1]
    count = 0
    for program in PROGRAMS:
        real = options_of_help(f"{build}/{program}")
        count += len(real)
        if len(real) < 10:
            complaints.append(f"{program} --help: only {len(real)} options found")
        compare(program, f"docs/{program}.8", options_of_man(f"docs/{program}.8"), real)
        compare(program, "README.md", options_of_readme(program), real)
    commands = check_inspect(f"{build}/csi-controller")
    for line in complaints:
        print(line)
    print(f"{count} options and {commands} commands compared with man pages and README, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
