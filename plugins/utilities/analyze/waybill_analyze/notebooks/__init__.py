"""The notebooks of analyze/notebooks: opened in JupyterLab, run from top to bottom, shown as HTML."""
