"""Alarms and conditions (OPC 10000-9): conditions that watch points, events that tell of them, methods that answer.

`condition` is the state machine, `fields` what an event says, `where` which events a client wants, `desk` joins them
to a server's points, subscriptions and methods.
"""
