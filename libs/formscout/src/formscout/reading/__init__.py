"""A snapshot read as forms; pure, and shared by discovery and analysis."""
