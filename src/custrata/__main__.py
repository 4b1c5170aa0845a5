"""The command `custrata`."""

from custrata.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
