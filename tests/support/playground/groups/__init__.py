"""The cases, grouped by mechanism; a case is a function that writes a site with the words and components of a kit."""
