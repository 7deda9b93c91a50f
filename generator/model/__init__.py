"""The model: the meaning of a spec, resolved, in frozen values. Back ends and checks read only this."""
