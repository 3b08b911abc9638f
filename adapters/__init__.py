"""Translate between people's chats and the core. Decide nothing."""
