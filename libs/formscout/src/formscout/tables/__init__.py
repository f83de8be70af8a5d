"""The SQLAlchemy tables, one module a noun."""
