"""Slack: messages, modals, the Home tab and alerts, by slack-bolt over HTTP or Socket Mode."""
