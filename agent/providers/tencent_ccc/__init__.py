"""Tencent Cloud's contact centre (TCCC): numbers, extensions, calls, and the balance."""
