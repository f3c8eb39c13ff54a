"""Functional mock-up units (FMI 2 and 3): one as an asset of a plant, an asset of a plant as one. Extra ``fmi``."""
