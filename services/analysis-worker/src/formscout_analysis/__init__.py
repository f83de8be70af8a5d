"""The analysis worker: snapshots in, descriptions of forms out."""
