"""Fault insertion between the devices and whoever reads them."""
