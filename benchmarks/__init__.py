"""What Waybill's lane costs, as ratios to PostgreSQL's own COPY and next to its peers."""
