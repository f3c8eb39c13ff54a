"""Pictures an engineer would rather look at than read: the topology of a rig, the fingerprint of a fault."""
