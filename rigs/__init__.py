"""Rig and scenario files: what is plugged to what, and what shall happen. Declarations only, no behaviour."""
