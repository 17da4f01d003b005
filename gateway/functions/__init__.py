"""The Lambda service: functions and how they are invoked."""
