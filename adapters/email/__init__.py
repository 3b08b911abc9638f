"""The second route for alerts: email by SMTP. No names of children, no narrative, and no buttons."""
