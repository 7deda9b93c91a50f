"""The commands, each a module with ``arguments(parser)`` and ``run(arguments)``, and the modules that they share."""
