"""What the machines should do: the twin's own physics, written from the books, never shared with a plant."""
