"""Policies as pages: HTML and Markdown from what planning worked out. Knows layout, and no rule."""
