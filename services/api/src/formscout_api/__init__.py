"""The HTTP API of Formscout."""
