"""Decisions: what becomes async, because of whom, and where that has to stop. No text is touched here."""
