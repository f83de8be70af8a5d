"""Pure rules about what a crawl may and should do."""
