"""What is generated from the data contracts: dbt sources, raw suites, the data dictionary."""
