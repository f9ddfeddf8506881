"""Recipes: overlays of params.yaml by name, and how each differs from the published one (arXiv 2601.17151)."""

from unirg_core.recipes.reading import left_open, left_to_you, names, resolved, summary

__all__ = ["left_open", "left_to_you", "names", "resolved", "summary"]
