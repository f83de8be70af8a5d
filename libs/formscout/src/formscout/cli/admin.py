"""`formscout admin`: the first operator, and keys."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from formscout.cli.whereabouts import DataDirOption, database
from formscout.domain.companies import Caller, Role
from formscout.domain.ids import ApiKeyId, UserId
from formscout.usecases.companies import bootstrap_operator, create_key, revoke_key

app = typer.Typer(no_args_is_help=True, help="The installation's operators and keys; works on the database itself.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
app.add_typer(keys, name="keys")

INSTALLATION = Caller(user_id=UserId(0), company_id=None, role=Role.OPERATOR)
"""Whoever reaches the database may do everything anyway; nothing that is done here is written under a user's name."""


@dataclass(frozen=True, kw_only=True)
class _Made:
    id: int
    secret: str


@app.command()
def bootstrap(
    email: Annotated[str, typer.Option(help="The operator's e-mail address.")] = "operator@localhost",
    again: Annotated[bool, typer.Option("--again", help="Make one more key although there is an operator: the way back in.")] = False,
    key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Take the key from this file, print none; once is enough, twice no harm.",
        ),
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make the first operator and print its key, which is shown this once."""
    secret = None if key_file is None else key_file.read_text().strip()

    async def run() -> str:
        async with database(data_dir) as pool:
            return await bootstrap_operator(pool, email, again=again, secret=secret)

    made = asyncio.run(run())
    typer.echo(made if secret is None else f"The operator {email} holds the key of {key_file}.")


@keys.command("make")
def make(
    user: Annotated[int, typer.Argument(metavar="USER", min=1, help="The id of the user it is for.")],
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    data_dir: DataDirOption = None,
) -> None:
    """Make a key and print its secret, which is shown this once; its id goes to stderr."""

    async def run() -> _Made:
        async with database(data_dir) as pool:
            key, secret = await create_key(pool, INSTALLATION, user_id=UserId(user), label=label)
            return _Made(id=key.id, secret=secret)

    made = asyncio.run(run())
    typer.echo(f"Key {made.id}", err=True)
    typer.echo(made.secret)


@keys.command("revoke")
def revoke(
    user: Annotated[int, typer.Argument(metavar="USER", min=1, help="The id of the user it belongs to.")],
    key: Annotated[int, typer.Argument(metavar="KEY", min=1, help="The key's id.")],
    data_dir: DataDirOption = None,
) -> None:
    """Revoke a key; it is refused within seconds."""

    async def run() -> None:
        async with database(data_dir) as pool:
            await revoke_key(pool, INSTALLATION, user_id=UserId(user), key_id=ApiKeyId(key))

    asyncio.run(run())
    typer.echo(f"Key {key} is revoked.")
