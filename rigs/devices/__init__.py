"""What a rig file may say of its devices: one file per protocol."""
