"""Alembic's side of the schema: its environment and the versions."""
