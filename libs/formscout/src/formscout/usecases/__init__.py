"""One function a use case, one transaction each."""
