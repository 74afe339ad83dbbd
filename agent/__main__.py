"""``python -m agent`` is ``numwatch``."""

from agent.cli.main import main

if __name__ == "__main__":
    main()
