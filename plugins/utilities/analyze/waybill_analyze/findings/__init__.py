"""What the marts say: findings whose every word follows from the figures and how sure they are.

The notebooks end with them and the report is made of them.
"""
