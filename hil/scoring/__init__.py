"""Judging the twin's signal processing on recorded data sets whose truth is known."""
