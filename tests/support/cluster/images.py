"""The images under test: built from this tree, the stand-ins for stores beside them, and brought into the cluster."""

import os
import shlex
import sys
from pathlib import Path
from typing import Final

from tests.support.cluster.kube import run

ROOT: Final = Path(__file__).parents[3]
FILES: Final = ROOT / "tests" / "cluster" / "images"

NAMES: Final = ("formscout-api", "formscout-discovery-worker", "formscout-analysis-worker", "formscout-scheduler", "formscout-demo")
DEMO: Final = NAMES[-1]
STAND_INS: Final = ("formscout-test-postgres", "formscout-test-redis")
TAG: Final = "cluster-test"
NEXT_TAG: Final = "cluster-test-next"

REGISTRY: Final = "localhost"
"""Where Buildah keeps what has no registry; the cluster is given the images by hand and pulls nothing."""

ENGINE: Final = "buildah"


def say(words: str) -> None:
    """Tell a person who waits what goes on."""
    print(words, file=sys.stderr, flush=True)  # noqa: T201 it goes on for minutes


def base() -> str:
    """Return the image that all others are built on."""
    return os.environ.get("BASE", "debian:bookworm-slim")


def _build(image: str, dockerfile: Path, **arguments: str) -> None:
    given = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    say(f"building {image}")
    command = (
        ENGINE,
        "bud",
        "--isolation",
        "chroot",
        "--layers",
        *given,
        "--file",
        str(dockerfile),
        "--tag",
        image,
        str(dockerfile.parent),
    )
    run(*command, seconds=1800)


def build() -> None:
    """Build every image: the platform's own by the script that delivers them, a next release of it, and the stand-ins."""
    environment = ("env", f"TAG={TAG}", f"ENGINE={ENGINE}", f"BASE={base()}")
    say("building the platform's images")
    say(run(*environment, str(ROOT / "tools" / "images"), seconds=3600).stdout)
    for name in (one for one in NAMES if one != DEMO):
        _build(f"{REGISTRY}/{name}:{NEXT_TAG}", FILES / "next-release.Dockerfile", IMAGE=f"{REGISTRY}/{name}:{TAG}")
    run(ENGINE, "tag", f"{REGISTRY}/{DEMO}:{TAG}", f"{REGISTRY}/{DEMO}:{NEXT_TAG}")  # it has no schema; a release has one tag for all
    for name in STAND_INS:
        _build(f"{REGISTRY}/{name}:{TAG}", FILES / f"{name.removeprefix('formscout-test-')}.Dockerfile", BASE=base())


def load() -> None:
    """Bring the images into the cluster by the command that CLUSTER_LOAD names: it is given images of Buildah's store."""
    command = os.environ.get("CLUSTER_LOAD")
    assert command, (
        "CLUSTER_LOAD must name the command that brings an image of Buildah's store into the cluster: it is run with the image's name "
        "behind it. For kind: tests/cluster/load-into-kind"
    )
    images = [f"{REGISTRY}/{name}:{TAG}" for name in (*NAMES, *STAND_INS)] + [f"{REGISTRY}/{name}:{NEXT_TAG}" for name in NAMES]
    for image in images:
        say(f"loading {image}")
        run(*shlex.split(command), image, seconds=1800)
