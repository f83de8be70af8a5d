"""A snapshot read as forms; pure, and shared by discovery and analysis."""

from formscout.reading.confidence import LIKELY
from formscout.reading.forms import read_forms
from formscout.reading.signatures import signature

__all__ = ["LIKELY", "read_forms", "signature"]
