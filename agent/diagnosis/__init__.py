"""Diagnosis: the cause of a fault, the party responsible, and the next steps.

Source: docs/reference/domain.md §2.
"""

from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.diagnose import diagnose_number, diagnose_scope, exit_code

__all__ = ["DiagnosisContext", "diagnose_number", "diagnose_scope", "exit_code"]
