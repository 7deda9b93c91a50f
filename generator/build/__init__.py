"""A directory of specs becomes artifacts: file by file, by several processes, and only what has changed."""
