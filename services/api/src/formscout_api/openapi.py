"""Writes the API's description to `docs/api/openapi.json`, or says whether the file has drifted."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from formscout_api.main import assemble

FILE: Final = Path("docs/api/openapi.json")
"""From the repository's root, where commands are run."""


def render() -> str:
    """Return the description, the same bytes for the same code."""
    return json.dumps(assemble().openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file, or compare it; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m formscout_api.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is not what the code says")
    parser.add_argument("--file", type=Path, default=FILE)
    arguments = parser.parse_args()
    text = render()
    if arguments.check:
        if arguments.file.exists() and arguments.file.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write(f"{arguments.file} is not what the code says. Run `python -m formscout_api.openapi` and commit it.\n")
        return 1
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    arguments.file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
