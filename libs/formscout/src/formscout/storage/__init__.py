"""One store a noun; the only code that speaks SQL, Redis or blobs."""
