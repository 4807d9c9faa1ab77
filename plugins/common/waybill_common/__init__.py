"""What Waybill's taps, targets and utilities share."""
