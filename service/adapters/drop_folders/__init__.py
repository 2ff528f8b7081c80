"""Folders into which offices drop exports of their registers."""
