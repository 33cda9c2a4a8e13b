"""One file a step; its number is its revision. A step that was released is never edited."""
