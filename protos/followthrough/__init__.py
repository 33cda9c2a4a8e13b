"""The proto package `followthrough`."""
