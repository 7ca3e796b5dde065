#!/usr/bin/env python3
"""Whether the code for a service is in those built functions that say they use it, and in no others.

A function's main.rs names what it uses beside the table; what it does not name must not make its program larger.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = ROOT / ".aws-sam" / "build"

# What main.rs says, and a text that only the code for it has.
MARKS = {"sending_mail": b"SendEmailInput", "signing_": b"TrentService.Sign", "sealing_secrets": b"TrentService.Encrypt"}


def faults(main, program):
    for name, mark in MARKS.items():
        named, linked = f".{name}" in main, mark in program
        if named != linked:
            yield f"{name}: {'named' if named else 'not named'} in main.rs, {'' if linked else 'not '}in the program"


def main():
    programs = sorted(BUILT.glob("*/bootstrap"))
    if not programs:
        sys.exit(f"linked: nothing is built in {BUILT}")
    failed = False
    for program in programs:
        folder = "".join("-" + c.lower() if c.isupper() else c for c in program.parent.name).strip("-")
        code = (ROOT / "functions" / folder / "src" / "main.rs").read_text()
        for fault in faults(code, program.read_bytes()):
            print(f"linked: {folder}: {fault}", file=sys.stderr)
            failed = True
    if not failed:
        print(f"linked: {len(programs)} functions have the code that they name", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
