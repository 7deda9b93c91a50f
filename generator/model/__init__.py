"""The model: what a spec means, resolved, in frozen values. Back ends and checks read only this."""
