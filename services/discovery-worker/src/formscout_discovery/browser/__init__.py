"""The only package that imports Playwright."""
