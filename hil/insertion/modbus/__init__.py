"""Modbus TCP on a link: frames cut out of the bytes that pass, for whoever sits in the middle."""
