"""The embedded platform: the whole of Formscout as processes on one machine."""
