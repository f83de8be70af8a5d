"""Descriptions in the formats that others read."""
