"""The nouns of Formscout as frozen values; knows nothing but the standard library."""
