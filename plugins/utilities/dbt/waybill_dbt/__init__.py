"""dbt as a step of the job: its settings come from the project, its outcome goes to the ledger."""
