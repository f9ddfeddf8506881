"""`python -m unirg_core <verb>`: the same command line as `unirg`."""

from unirg_core.cli import main

if __name__ == "__main__":
    main()
