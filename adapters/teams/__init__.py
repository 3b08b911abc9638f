"""Microsoft Teams: activities and Adaptive Cards. Only `hosting` knows the Bot Framework SDK."""
