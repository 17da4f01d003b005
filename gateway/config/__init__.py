"""The configuration file: frozen settings, and how a file becomes them.

Importing this package costs nothing: pydantic and PyYAML are imported by `gateway.config.load` when a file is read.
"""
