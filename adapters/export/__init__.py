"""Concerns as files: PDF, JSON and CSV, in one archive that opens with a passphrase."""
