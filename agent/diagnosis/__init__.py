"""Why, whose job, what next: verdicts on numbers and on what lies around them."""

from agent.diagnosis.context import Context
from agent.diagnosis.diagnose import diagnose_number, diagnose_scope, exit_code

__all__ = ["Context", "diagnose_number", "diagnose_scope", "exit_code"]
