"""What the workspace takes on the disk, and freeing what it no longer needs."""
