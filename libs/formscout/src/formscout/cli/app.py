"""The command `formscout`: its commands put together, and what an error looks like."""

import sys

import typer

from formscout.cli import admin, budget, db, discover, doctor, forms, jobs, up, webhooks
from formscout.domain.errors import FormscoutError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Finds every form of a web application and describes each as JSON Schema.",
)
app.command("up")(up.up)
app.command("discover")(discover.discover)
app.command("forms")(forms.forms)
app.command("doctor")(doctor.doctor)
app.add_typer(jobs.app, name="jobs")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(budget.app, name="budget")
app.add_typer(db.app, name="db")
app.add_typer(admin.app, name="admin")


def main() -> None:
    """Run the command; exit with 0 when it did what it was asked, 1 when it could not, 2 when it was not understood."""
    try:
        app()
    except FormscoutError as error:
        sys.stderr.write(f"{error.message}\n")
        raise SystemExit(1) from None
