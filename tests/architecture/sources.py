"""The repository's own files, as the rules about its structure look at them."""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

PACKAGES: Final = {
    "formscout": ROOT / "libs/formscout/src/formscout",
    "formscout_api": ROOT / "services/api/src/formscout_api",
    "formscout_discovery": ROOT / "services/discovery-worker/src/formscout_discovery",
    "formscout_analysis": ROOT / "services/analysis-worker/src/formscout_analysis",
    "formscout_scheduler": ROOT / "services/scheduler/src/formscout_scheduler",
    "formscout_demo": ROOT / "demo/src/formscout_demo",
}

TREES: Final = ("libs", "services", "demo", "tests", "bench")
"""Where Python stands."""

NOT_OURS: Final = frozenset({"__pycache__", "node_modules", "dist", "build"})
"""Directories that tools make; hidden ones are left out too, but for those in `HIDDEN`."""

HIDDEN: Final = frozenset({".ci", ".github"})

MIGRATIONS: Final = PACKAGES["formscout"] / "tables/migrations/versions"
"""Statements written once, read from top to bottom: the caps on sizes do not fit them."""


@cache
def files() -> tuple[Path, ...]:
    """Return every file of the repository that people write, and the generated ones they commit."""
    found: list[Path] = []
    for directory, names, entries in os.walk(ROOT):
        names[:] = sorted(name for name in names if name not in NOT_OURS and (not name.startswith(".") or name in HIDDEN))
        found.extend(Path(directory) / entry for entry in sorted(entries))
    return tuple(path for path in found if path.suffix not in {".pyc", ".tsbuildinfo"} and path.name not in {".coverage", ".git"})


@cache
def modules() -> tuple[Path, ...]:
    """Return every Python module: what is delivered, its tests and its benchmarks."""
    return tuple(path for path in files() if path.suffix == ".py" and shown(path).split("/", 1)[0] in TREES)


@cache
def tree(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module, nested ones too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def text_of(path: Path) -> str | None:
    """Return a file's text; None for pictures and other binary files."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def shown(path: Path) -> str:
    """Return a path as people write it: from the repository's root."""
    return path.relative_to(ROOT).as_posix()
