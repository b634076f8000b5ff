"""A simulated service centre whose truth is known, to try methods on before they judge people."""
