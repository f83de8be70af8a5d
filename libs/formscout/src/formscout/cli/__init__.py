"""The command line of Formscout."""

from formscout.cli.app import main

__all__ = ["main"]
