"""Plots, drawn as SVG on the server: pure functions from figures to markup.

A plot needs no script and no inline style, so the pages' content security policy allows it. What
is not known is a gap, never a line across it. Every plot has its figures as a table, too.
"""
