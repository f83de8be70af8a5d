"""The crawl engine; knows a browser only by `ports`."""
