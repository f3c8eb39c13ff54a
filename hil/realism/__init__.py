"""Synthetic signals held against recordings that nobody here made: ranges, signs, and a classifier across."""
