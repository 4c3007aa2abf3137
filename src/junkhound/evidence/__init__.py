"""The message as it arrived, and its seal."""
