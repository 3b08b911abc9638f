"""The demo page: a teacher's chat and the DSL channel side by side. Practice only; `serve` never mounts it."""
