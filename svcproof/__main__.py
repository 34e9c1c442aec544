"""Makes `python -m svcproof` the same as `svcproof`."""

from svcproof.cli import main

if __name__ == "__main__":
    main()
