"""`python -m service`, and the `permit-reminders` command."""

from service.cli import main

if __name__ == "__main__":
    main()
