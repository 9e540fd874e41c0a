"""`python -m tfq`."""

from tfq.cli.app import main

if __name__ == "__main__":
    main()
