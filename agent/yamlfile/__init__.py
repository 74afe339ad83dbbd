"""YAML files as plain data with the line of every key, and their mistakes as located messages.

Knows nothing of any particular file: the configuration, provider profiles, rule files and world
files are all read through here.
"""
