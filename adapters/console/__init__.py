"""Signpost in a terminal: the channel that keeps the port honest. Practice only."""
