"""The subcommands of `captioner`, one module each: its arguments and what it does with them."""
