"""Sparkplug B as a host application reads it: payloads, births and sequence, and nothing that touches a socket."""
