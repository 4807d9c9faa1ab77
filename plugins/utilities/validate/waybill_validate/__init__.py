"""Great Expectations as gates of a job: suites in YAML, exit codes, a summary, offline Data Docs."""
