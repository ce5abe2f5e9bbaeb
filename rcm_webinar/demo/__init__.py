"""The demo: started by `make demo`, switched on by `RCM_DEMO=1`."""
