"""The dashboard: pages of questions to the marts, in a browser on this machine."""
