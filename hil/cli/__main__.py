"""``python -m hil.cli``: the command line without its installed script."""

from hil.cli import main

main()
