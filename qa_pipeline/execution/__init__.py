"""Running one function over many tasks: in this process or in worker processes."""
