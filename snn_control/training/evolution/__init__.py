"""Parts of evolutions: mappings of genomes to networks, objectives, executors of tasks."""
