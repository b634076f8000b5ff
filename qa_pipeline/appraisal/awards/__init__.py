"""Recognition and help that follow from published results: proposals with evidence, and nothing else."""
