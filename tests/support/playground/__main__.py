"""`python -m tests.support.playground`: score discovery on the playground, list its cases, or serve them to a crawler."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from tests.support.playground import scoring
from tests.support.playground.cases import BOTH, OBSERVE, Case
from tests.support.playground.judging import Verdict
from tests.support.playground.kit import PLAIN, Kit
from tests.support.playground.registry import all_cases
from tests.support.playground.server import serving
from tests.support.playground.truth import truth_of


def main() -> None:
    """Do what was asked for; exit status 1 when a case did not go as it should and `--strict` was given."""
    options = _options()
    cases = [case for case in all_cases() if not options.case or any(fnmatchcase(case.id, one) for one in options.case)]
    if options.list:
        print("\n".join(f"{case.id:<44}{case.title}" for case in cases))  # noqa: T201 (a command line)
    elif options.serve:
        _serve(cases, options.seeds[0])
    else:
        verdicts = asyncio.run(_score(cases, options))
        print(f"\n{scoring.table(verdicts)}")  # noqa: T201 (as above)
        if options.strict and not all(one.passed for one in verdicts):
            sys.exit(1)


async def _score(cases: Sequence[Case], options: argparse.Namespace) -> list[Verdict]:
    verdicts = []
    async for verdict in scoring.try_all(cases, modes=options.mode or [OBSERVE], seeds=options.seeds):
        verdicts.append(verdict)
        print(scoring.line(verdict), flush=True)  # noqa: T201 (a command line)
        if options.out:
            with options.out.open("a", encoding="utf-8") as file:
                file.write(scoring.as_json(verdict) + "\n")
    return verdicts


def _serve(cases: Sequence[Case], seed: int) -> None:
    sites = [(case.write(kit), kit) for case in cases for kit in [Kit(seed)]]
    with serving(sites) as running:
        for case, one in zip(cases, running, strict=True):
            print(f"{one.start}\t{case.id}\t{truth_of(case, one)}", flush=True)  # noqa: T201 (a command line)
        while True:
            time.sleep(60)


def _seeds(text: str) -> list[int]:
    """Return the seeds of `3` or `1-10`."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.support.playground", description=__doc__)
    parser.add_argument("case", nargs="*", help="patterns of the cases' ids, as `dom/*`; none: all")
    parser.add_argument("--mode", action="append", choices=BOTH, help="may be given twice; observe unless given")
    parser.add_argument("--seeds", type=_seeds, default=[PLAIN], help="0, the cases as written, unless given; `1-10` for variants")
    parser.add_argument("--out", type=Path, help="a file to which each verdict is added as a line of JSON")
    parser.add_argument("--strict", action="store_true", help="exit status 1 when a case did not go as it should")
    parser.add_argument("--list", action="store_true", help="print the cases and end")
    parser.add_argument("--serve", action="store_true", help="serve the cases, print address, id and truth of each, until interrupted")
    return parser.parse_args()


if __name__ == "__main__":
    main()
