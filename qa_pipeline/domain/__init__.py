"""The words of the field as frozen dataclasses. Nothing here reads files, databases or clocks."""
