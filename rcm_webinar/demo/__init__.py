"""The demo, which `make demo` starts with `RCM_DEMO=1`."""
