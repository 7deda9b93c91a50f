"""Exit codes: 0 is clean, 1 says that a spec is at fault, 2 that the call or the machine is."""

OK = 0
SPEC_AT_FAULT = 1
CALL_AT_FAULT = 2
