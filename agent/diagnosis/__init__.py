"""Why, whose job, what next: verdicts on numbers and on what lies around them."""

from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.diagnose import diagnose_number, diagnose_scope, exit_code

__all__ = ["DiagnosisContext", "diagnose_number", "diagnose_scope", "exit_code"]
