"""Sampling and subscriptions: what a server notices between two commits, and when it tells whom."""
