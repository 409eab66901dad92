"""`python -m pipeline` is the `firstray` command."""

from pipeline.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
