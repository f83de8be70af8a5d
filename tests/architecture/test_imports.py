"""Rules about who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.architecture import sources


def test_the_import_contracts_hold() -> None:
    """Layers are worth something only while nobody goes around them; the contracts stand in `pyproject.toml`."""
    command = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run(  # noqa: S603 (our own environment's command)
        [command, "--no-cache"], cwd=sources.ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert " 0 broken" in answer.stdout


def test_the_domain_knows_nothing_but_the_standard_library() -> None:
    """Nouns outlive libraries: whoever speaks of a form or a job must not need a database driver or a browser to do so."""
    domain = sources.PACKAGES["formscout"] / "domain"
    strangers = {
        f"{sources.shown(path)}: {name}"
        for path in domain.rglob("*.py")
        for name in _imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("formscout.domain")
    }
    assert not strangers


def test_nothing_is_imported_inside_a_function() -> None:
    """An import out of sight hides a circle or a cost; where one is right, it carries its reason as a `noqa`."""
    hidden = [
        f"{sources.shown(path)}:{node.lineno}"
        for root in sources.PACKAGES.values()
        for path in sources.modules()
        if root in path.parents
        for function in sources.functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and "noqa" not in path.read_text(encoding="utf-8").splitlines()[node.lineno - 1]
    ]
    assert not hidden


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(sources.tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names.add(node.module or "")
    return names
