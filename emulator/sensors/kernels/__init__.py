"""Compiled ground floor of the sensor chains."""
