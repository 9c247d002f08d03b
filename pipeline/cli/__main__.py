"""`python -m pipeline.cli` is the `greenlane` command."""

from pipeline.cli.main import main

main()
