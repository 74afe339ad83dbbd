"""The kinds of deliveries beside the changes of a ticket.

Most tell certain people of a ticket: sinks write other words for them, and :mod:`agent.notices`
decides who is told. A report belongs to no ticket; :mod:`agent.reports` writes it.
"""

from typing import Final

AFFECTED: Final = "customer.affected"
"""Customers are told of a fault."""
RESTORED: Final = "customer.restored"
"""They are told that service is back."""
PROVINCE: Final = "command.province"
"""The province's monitoring room commands a severe fault."""
CITY: Final = "command.city"
"""Whoever watches a city is told of its fault."""
LEADERS: Final = "command.leaders"
"""Leaders are told of a severe fault by the grade of its customers."""
STALLED: Final = "dispatch.stalled"
"""Nothing has moved for too long."""
APPOINTMENT: Final = "dispatch.appointment"
"""A visit is due soon."""
ASSIGNED: Final = "dispatch.assigned"
"""A ticket was given to somebody."""
REPORT: Final = "report.ready"
"""The report of a period that has ended, by ``reports.schedule``."""
