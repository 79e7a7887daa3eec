"""`python -m captioner` is the command `captioner`."""

from captioner.cli import main

main()
