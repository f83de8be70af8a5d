"""What a field asks for, and what a form is for, decided by rules."""

from formscout_analysis.inference.kinds.fields import Judgement, semantic_types
from formscout_analysis.inference.kinds.purposes import Purpose, purpose

__all__ = ["Judgement", "Purpose", "purpose", "semantic_types"]
