#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compile_commands.py COMPILER FLAG... -- FILE...: prints the compilation database of the files."""
import json
import os
import sys

split = sys.argv.index("--")
compiler, files = sys.argv[1:split], sys.argv[split + 1:]
print(json.dumps([{"directory": os.getcwd(), "file": name, "arguments": compiler + ["-c", name]} for name in files],
                 indent=1))
