"""Who is told of a ticket besides those whom the sinks tell of every change.

Customers behind a fault, the rooms that command a severe one, and whoever a ticket waits for. Each
notice is written before it is sent, and its id keeps it from being written twice.
"""
